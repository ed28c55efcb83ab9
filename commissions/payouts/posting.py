"""A run's movements in the books, posted in batches."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from commissions.ledger.models import AccountKind
from commissions.ledger.services import NewTransfer, post_staged
from commissions.payouts.models import Payout, PayoutState

CHUNK = 5000


def post_approval(*, run_id: UUID, at: datetime) -> None:
    """Move every payment of a run from payable to in payout; a repeat moves nothing."""

    def movement(payout: Payout) -> NewTransfer:
        return NewTransfer(
            kind="payout",
            key=f"payout:{payout.id}",
            journal=f"payout:{payout.number}",
            debit=(AccountKind.PAYABLE, payout.partner_id, payout.currency),
            credit=(AccountKind.IN_PAYOUT, payout.partner_id, payout.currency),
            amount_minor=payout.amount_minor,
            booked_at=at,
            partner_id=payout.partner_id,
        )

    _post(run_id, PayoutState.PREPARED, movement)


def post_settlements(*, run_id: UUID, at: datetime) -> None:
    """Move every payment of a run that is with the bank from in payout to cash; a repeat moves nothing."""

    def movement(payout: Payout) -> NewTransfer:
        return NewTransfer(
            kind="settlement",
            key=f"settlement:{payout.id}",
            journal=f"payout:{payout.number}",
            debit=(AccountKind.IN_PAYOUT, payout.partner_id, payout.currency),
            credit=(AccountKind.CASH, None, payout.currency),
            amount_minor=payout.amount_minor,
            booked_at=at,
            partner_id=payout.partner_id,
        )

    _post(run_id, PayoutState.EXPORTED, movement)


def _post(run_id: UUID, state: str, movement: Callable[[Payout], NewTransfer]) -> None:
    for chunk in _chunks(
        Payout.objects.filter(run_id=run_id, state=state).order_by("id").iterator(CHUNK)
    ):
        post_staged([movement(payout) for payout in chunk])


def _chunks(rows: Iterator[Payout]) -> Iterator[list[Payout]]:
    chunk: list[Payout] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
