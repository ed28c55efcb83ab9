"""Builders of profiles, listings and goals; a scope must be open."""

from datetime import date
from typing import Any

from partners.directory.goals import set_goal
from partners.directory.models import Partner, PartnerGoal, PartnerProfile
from partners.directory.profile_rules import ProfileFacts
from partners.directory.profiles import agree_to_listing, approve_listing, edit_profile
from prm.events.services import SYSTEM
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO
from tests.builders.uploads import a_picture, an_upload

WHOLE: dict[str, Any] = {
    "about": {"en": "We close the books of workshops.", "it": "Chiudiamo i conti delle officine."},
    "services": ["accounting", "payroll"],
    "industries": ["manufacturing"],
    "regions": ["IT", "IE"],
    "languages": ["en", "it"],
    "contact_email": "hello@brightwater.example",
}


def a_profile(partner: Partner, *, logo: bool = False, **facts: Any) -> PartnerProfile:
    """Write a complete profile."""
    logo_id = (
        an_upload(a_picture(), name="logo.png", purpose="directory.logo", partner_id=partner.id).id
        if logo
        else None
    )
    return edit_profile(
        partner_id=partner.id,
        facts=ProfileFacts(**{**WHOLE, **facts}),
        logo_id=logo_id,
        actor=SYSTEM,
        at=LONG_AGO,
    )


def a_listing(partner: Partner, **facts: Any) -> PartnerProfile:
    """Make a partner that agreed and was approved."""
    a_profile(partner, **facts)
    agree_to_listing(partner_id=partner.id, actor=SYSTEM, at=LONG_AGO)
    return approve_listing(partner_id=partner.id, actor=SYSTEM, at=LONG_AGO)


def a_goal(partner: Partner, **facts: Any) -> PartnerGoal:
    """Set a goal of ten referrals in 2026."""
    given = {
        "metric": "referrals",
        "target": 10,
        "currency": "",
        "from_on": date(2026, 1, 1),
        "until_on": date(2026, 12, 31),
        "note": "",
    }
    return set_goal(partner_id=partner.id, actor=SYSTEM, at=LONG_AGO, **{**given, **facts})


@builds("partner_with_logo")
def the_logo(cast: Cast) -> object:
    """The rep's partner, with a logo."""
    a_listing(cast.partner, logo=True)
    return cast.partner.id


@builds("listed_slug")
def the_listing(cast: Cast) -> object:
    """The address of the rep's partner in the public directory."""
    return a_listing(cast.partner, logo=True).slug


@builds("partner_goal")
def the_goal(cast: Cast) -> object:
    """A goal of the rep's partner."""
    return a_goal(cast.partner).id
