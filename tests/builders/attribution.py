"""Builders of cases and credit; a scope must be open."""

from datetime import datetime
from io import BytesIO
from uuid import UUID

from prm.events.services import Actor
from referrals.attribution.cases import gather_parties, open_case
from referrals.attribution.models import CaseEntry, CaseParty
from referrals.pipeline.models import Referral
from tests.builders.objects import BUILDERS, Cast, builds
from tests.builders.uploads import PDF


def a_case(referral: Referral, at: datetime, *, evidence: bool = False) -> CaseParty:
    """Let a referral's partner object, and find the other parties; return its view."""
    file = BytesIO(PDF)
    file.name = "evidence.pdf"
    party = open_case(
        referral_id=referral.id,
        partner_id=referral.partner_id,
        text="We met them in March.",
        evidence=file if evidence else None,
        actor=Actor(user_id=referral.submitted_by_id),
        at=at,
    )
    gather_parties(case_id=party.case_id, at=at)
    party.refresh_from_db()
    return party


@builds("case")
def _case(cast: Cast) -> UUID:
    from tests.conftest import NOON

    referral = Referral.objects.get(id=BUILDERS["referral"](cast))
    return a_case(referral, NOON, evidence=True).case_id


@builds("case_entry")
def _case_entry(cast: Cast) -> int:
    newest = CaseEntry.objects.filter(partner_id=cast.partner.id).order_by("-id").first()
    if newest is None:
        _case(cast)
        newest = CaseEntry.objects.filter(partner_id=cast.partner.id).order_by("-id").first()
    assert newest is not None
    return newest.id
