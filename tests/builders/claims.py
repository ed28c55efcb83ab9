"""Builders of claims, requests for more time, pairs and accounts."""

from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from prm.events.services import Actor
from prm.uploads.services import keep_upload
from referrals.claims.duplicates import note_matches
from referrals.claims.extending import ask_extension
from referrals.claims.models import ClaimExtension, CrmAccount, SameCompany
from referrals.pipeline.models import Referral
from referrals.pipeline.rules import normalised_company, normalised_tax_id
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_referral


def an_account(name: str = "Kestrel Logistics", **fields: Any) -> CrmAccount:
    """Keep an account of the CRM."""
    tax_id = fields.pop("tax_id", "")
    given = {
        "external_id": f"A-{uuid4().hex[:8]}",
        "name_norm": normalised_company(name),
        "tax_id": tax_id,
        "tax_id_norm": normalised_tax_id(tax_id),
        "imported_at": datetime.fromisoformat("2026-11-01T09:00:00+00:00"),
        "upload_key": uuid4(),
    }
    return CrmAccount.objects.create(name=name, **{**given, **fields})


def an_extension(referral: Referral, at: datetime, **fields: Any) -> ClaimExtension:
    """Ask for more time on an accepted referral."""
    asked = {"evidence": "Two meetings, an offer next week", "upload_id": None, **fields}
    actor = Actor(user_id=referral.submitted_by_id)
    return ask_extension(referral_id=referral.id, actor=actor, at=at, **asked)


def a_pair(at: datetime, first: str = "Brightwater", second: str = "Solea") -> SameCompany:
    """Let two partners send one company, and note it."""
    domain = f"kestrel-{uuid4().hex[:8]}.example"
    for partner in (first, second):
        referral = a_referral(at, partner=a_partner(partner), contact_email=f"tom@{domain}")
        note_matches(referral_id=referral.id, at=at)
    return SameCompany.objects.get(referral_id=referral.id, why="domain")


@builds("claim_extension")
def _extension(cast: Cast) -> UUID:
    from tests.conftest import NOON

    referral = a_referral(NOON, partner=a_partner(cast.partner.name), by=cast.rep, stage="accepted")
    file = BytesIO(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
    file.name = "offer.pdf"
    upload = keep_upload(
        file=file,
        purpose="claims.evidence",
        allowed=frozenset({"pdf"}),
        max_bytes=10_000,
        partner_id=cast.partner.id,
        actor=Actor(user_id=cast.rep.id),
        at=NOON,
    )
    return an_extension(referral, NOON, upload_id=upload.id).id


@builds("same_company")
def _pair(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_pair(NOON, cast.partner.name, f"{cast.partner.name} too").id
