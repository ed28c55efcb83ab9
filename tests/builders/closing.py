"""Builders of closed months; a scope must be open."""

from datetime import UTC, datetime

from commissions.adjustments.models import WriteOff
from commissions.closing.services import close_month, prove_reports
from commissions.ledger.models import ClosedPeriod
from prm.events.services import SYSTEM, Actor
from tests.builders.objects import Cast, builds
from tests.builders.payouts import payable


def a_closed_month(period: int, at: datetime, *, actor: Actor = SYSTEM) -> ClosedPeriod:
    """Close a month and prove its reports."""
    month = close_month(period=period, actor=actor, at=at)
    prove_reports(period=period, at=at)
    return month


@builds("write_off")
def _write_off(cast: Cast) -> int:
    if waiting := WriteOff.objects.filter(partner_id=cast.partner.id, state="asked").first():
        return waiting.id
    payable(cast.partner.id, -500, at=datetime(2026, 11, 18, 12, tzinfo=UTC))
    return WriteOff.objects.create(
        partner_id=cast.partner.id,
        currency="EUR",
        amount_minor=100,
        reason="Closed",
        asked_at=datetime(2026, 11, 18, 12, tzinfo=UTC),
    ).id
