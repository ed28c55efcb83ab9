"""What a change of credit moves in money, before anybody decides it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from commissions.accruals.models import Accrual, Release
from commissions.payouts.models import PayoutLine, PayoutState
from partners.directory.models import Partner
from prm.money import allocate
from referrals.attribution.places import fills_money
from referrals.attribution.rules import Share, split_minor


@dataclass(frozen=True)
class MoneyMove:
    """What a change of credit does to one partner in one currency; minor units, none negative.

    back_minor: taken back; paid_minor: of it paid out or on its way to the bank; new_minor: booked anew.
    """

    partner_id: UUID
    partner: str
    currency: str
    back_minor: int
    paid_minor: int
    new_minor: int

    @property
    def after_minor(self) -> int:
        """The difference for the partner, below zero when it loses."""
        return self.new_minor - self.back_minor


def money_moves(referral_id: UUID, shares: Sequence[Share]) -> list[MoneyMove]:
    """Return what the shares would move, one row a partner and currency, by name; nothing where nothing was earned.

    The whole of each reward less what refunds took back is split anew; nothing is written.
    """
    rows = list(Accrual.objects.filter(referral_id=referral_id).order_by("id"))
    newest = max((row.split_no for row in rows), default=0)
    live = [row for row in rows if row.split_no == newest]
    out = _paid_out([row.id for row in live])
    moves: dict[tuple[UUID, str], list[int]] = {}
    wholes: dict[tuple[str, UUID, int, str], list[int]] = {}
    for row in live:
        left = row.amount_minor - row.clawed_minor
        entry = moves.setdefault((row.partner_id, row.currency), [0, 0, 0])
        entry[0] += left
        entry[1] += left if row.id in out else 0
        whole = wholes.setdefault(
            (row.source_kind, row.source_id, row.rule_id, row.currency), [0, 0]
        )
        whole[0] += row.amount_minor
        whole[1] += row.clawed_minor
    places = [(share.role, share.share, share.pool) for share in shares]
    for (_, _, _, currency), (total, clawed) in wholes.items():
        parts = split_minor(total, places)
        back = allocate(clawed, parts)
        for share, minor, taken in zip(shares, parts, back, strict=True):
            moves.setdefault((share.partner, currency), [0, 0, 0])[2] += minor - taken
    names = dict(Partner.objects.filter(id__in={key[0] for key in moves}).values_list("id", "name"))
    found = [MoneyMove(key[0], names[key[0]], key[1], *entry) for key, entry in moves.items()]
    return sorted(found, key=lambda move: (move.partner, move.currency))


def _paid_out(accrual_ids: Sequence[int]) -> set[int]:
    """Return which of the rewards a payment has left with, or is leaving with."""
    under_way = [PayoutState.APPROVED, PayoutState.EXPORTED, PayoutState.SETTLED]
    claims = PayoutLine.objects.filter(released_at=None, payout__state__in=under_way)
    released = Release.objects.filter(
        accrual_id__in=accrual_ids, transfer_id__in=claims.values("transfer_id")
    )
    return set(released.values_list("accrual_id", flat=True))


@fills_money
def money_panel(referral_id: UUID, shares: Sequence[Share]) -> tuple[str, dict[str, object]]:
    """Show what is taken back from whom and booked to whom."""
    return "commissions/earnings/moving.html", {"moves": money_moves(referral_id, shares)}
