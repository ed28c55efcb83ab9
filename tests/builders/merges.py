"""Two entries of one organisation with money in every state; a scope must be open."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from commissions.accruals.services import claw_back, release_due
from partners.directory.models import Partner
from partners.directory.services import add_partner
from prm.events.services import SYSTEM
from tests.builders.commissions import an_accrual
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO
from tests.builders.referrals import a_partner, a_referral


def a_duplicate(at: datetime) -> tuple[Partner, Partner]:
    """Make the duplicate and the partner that stays; both have released, held and clawed-back rewards."""
    pair = a_partner("Solea Studio Srl"), a_partner("Solea Studio")
    for number, partner in enumerate(pair):
        early = an_accrual(
            at, partner=partner, deal_minor=100_000 + number, company=f"Early {number}"
        )
        release_due(
            until=at + timedelta(days=60), at=at + timedelta(days=60), accrual_ids=[early.id]
        )
        held = an_accrual(at, partner=partner, deal_minor=30_000 + number, company=f"Held {number}")
        claw_back(
            accrual_id=held.id, amount_minor=1_000, reason="Half", key="half", actor=SYSTEM, at=at
        )
        a_referral(at, partner=partner, company=f"Open {number}")
    return pair


@builds("merge_target")
def _merge_target(cast: Cast) -> UUID:
    """A partner that the cast's partner may be merged into; of the cast's own tenant."""
    return add_partner(name=f"Target {uuid4()}", actor=SYSTEM, at=LONG_AGO).id
