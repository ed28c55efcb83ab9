"""Partners describe themselves, agree to be listed in public, and take that back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from partners.directory.models import Partner, PartnerProfile, PartnerState
from partners.directory.profile_rules import (
    INDUSTRIES,
    LANGUAGES,
    SERVICES,
    ProfileFacts,
    fresh_slug,
    gaps_of,
)
from prm.events.services import Actor, emit


class ProfileIncomplete(ValueError):
    """Only a whole profile can be listed."""


class NotListed(ValueError):
    """The partner has not agreed to be listed, or no longer works with the vendor."""


class UnknownWords(ValueError):
    """A service, industry or language that filters do not know."""


@transaction.atomic
def edit_profile(
    *,
    partner_id: UUID,
    facts: ProfileFacts,
    logo_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> PartnerProfile:
    """Write what a partner says about itself; the same facts again write nothing.

    logo_id: None keeps the logo that is there. A listed profile stays listed with its new words.
    Raises UnknownWords. Emits partner.profile_edited, and partner.profile_completed when nothing is lacking any more.
    """
    _known(facts)
    profile = _locked(partner_id)
    lacked = bool(gaps_of(profile))
    wanted = {
        "about": {code: text.strip() for code, text in facts.about.items() if text.strip()},
        "services": list(dict.fromkeys(facts.services)),
        "industries": list(dict.fromkeys(facts.industries)),
        "regions": list(dict.fromkeys(facts.regions)),
        "languages": list(dict.fromkeys(facts.languages)),
        "contact_email": facts.contact_email.strip(),
        "contact_phone": facts.contact_phone.strip(),
    }
    changed = [name for name, value in wanted.items() if getattr(profile, name) != value]
    if logo_id and profile.logo_id != logo_id:
        profile.logo_id = logo_id
        changed.append("logo")
    if not changed:
        return profile
    for name in changed:
        if name != "logo":
            setattr(profile, name, wanted[name])
    profile.changed_at = at
    profile.save(update_fields=[*changed, "changed_at"])
    _tell("partner.profile_edited", profile, actor, at, fields=sorted(changed))
    if lacked and not gaps_of(profile):
        _tell("partner.profile_completed", profile, actor, at)
    return profile


@transaction.atomic
def remove_logo(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """Take the logo off a profile; without one nothing is written. Emits partner.profile_edited."""
    profile = _locked(partner_id)
    if profile.logo_id is None:
        return
    profile.logo, profile.changed_at = None, at
    profile.save(update_fields=["logo", "changed_at"])
    _tell("partner.profile_edited", profile, actor, at, fields=["logo"])


@transaction.atomic
def agree_to_listing(*, partner_id: UUID, actor: Actor, at: datetime) -> PartnerProfile:
    """Keep the consent to be listed: who and when; it shows once the vendor approves. A repeat keeps the first.

    Raises ProfileIncomplete, NotListed unless the partner is active. Emits partner.listing_agreed.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    profile = _locked(partner_id)
    if profile.listed_at is not None:
        return profile
    if partner.state != PartnerState.ACTIVE:
        raise NotListed(partner.name)
    if gaps_of(profile):
        raise ProfileIncomplete(partner.name)
    if not profile.slug:
        others = PartnerProfile.objects.exclude(slug="").exclude(id=profile.id)
        profile.slug = fresh_slug(partner.name, set(others.values_list("slug", flat=True)))
    profile.listed_at, profile.listed_by_id = at, actor.user_id
    profile.save(update_fields=["slug", "listed_at", "listed_by"])
    _tell("partner.listing_agreed", profile, actor, at)
    return profile


@transaction.atomic
def withdraw_listing(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """Take the consent back: the entry is gone with this transaction, and a new consent asks for a new approval.

    Nothing else of the partner changes. A repeat writes nothing. Emits partner.listing_withdrawn.
    """
    profile = _locked(partner_id)
    if profile.listed_at is None:
        return
    profile.listed_at = profile.listed_by = profile.approved_at = None
    profile.save(update_fields=["listed_at", "listed_by", "approved_at"])
    _tell("partner.listing_withdrawn", profile, actor, at)


@transaction.atomic
def approve_listing(*, partner_id: UUID, actor: Actor, at: datetime) -> PartnerProfile:
    """Let a partner that agreed be seen. A repeat writes nothing. Raises NotListed. Emits partner.listing_approved."""
    profile = _locked(partner_id)
    if profile.listed_at is None:
        raise NotListed(partner_id)
    if profile.approved_at is None:
        profile.approved_at = at
        profile.save(update_fields=["approved_at"])
        _tell("partner.listing_approved", profile, actor, at)
    return profile


@transaction.atomic
def hide_listing(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """Take the approval back; the partner's consent stays. A repeat writes nothing. Emits partner.listing_hidden."""
    profile = _locked(partner_id)
    if profile.approved_at is None:
        return
    profile.approved_at = None
    profile.save(update_fields=["approved_at"])
    _tell("partner.listing_hidden", profile, actor, at)


@transaction.atomic
def edit_plan(*, partner_id: UUID, plan: str, actor: Actor, at: datetime) -> PartnerProfile:
    """Write the mutual business plan, markdown; the same text writes nothing. Emits partner.plan_edited."""
    profile = _locked(partner_id)
    text = plan.replace("\r\n", "\n").strip()
    if profile.plan == text:
        return profile
    profile.plan = text
    profile.save(update_fields=["plan"])
    _tell("partner.plan_edited", profile, actor, at)
    return profile


def _locked(partner_id: UUID) -> PartnerProfile:
    profile, _made = PartnerProfile.objects.select_for_update(no_key=True).get_or_create(
        partner_id=partner_id
    )
    return profile


def _known(facts: ProfileFacts) -> None:
    unknown = [
        *(set(facts.services) - SERVICES.keys()),
        *(set(facts.industries) - INDUSTRIES.keys()),
        *(set(facts.languages) - set(LANGUAGES)),
    ]
    if unknown:
        raise UnknownWords(", ".join(sorted(unknown)))


def _tell(
    name: str,
    profile: PartnerProfile,
    actor: Actor,
    at: datetime,
    *,
    fields: list[str] | None = None,
) -> None:
    emit(
        name,
        subject=f"partner:{profile.partner_id}",
        actor=actor,
        partner_id=profile.partner_id,
        payload={"partner_id": str(profile.partner_id)} | ({"fields": fields} if fields else {}),
        at=at,
    )
