"""Take a bank's answer: read it, show what it means, book it once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from commissions.adjustments.services import book_fee
from commissions.payouts.models import PayoutState
from commissions.payouts.services import PayoutNotInState, return_payout, settle_payout
from commissions.results.models import Match, Outcome, ResultFile, ResultRow, ResultState
from commissions.results.reading import read_answer
from commissions.results.rules import verdicts
from commissions.results.selectors import open_rows, payments_named
from prm.events.services import Actor, emit
from prm.money import Money
from prm.tenancy.keys import KeyReused

CHUNK = 200


class ReadBefore(ValueError):
    """The very same file was read before; `file` says when and by whom."""

    def __init__(self, file: ResultFile) -> None:
        super().__init__(file.file_name)
        self.file = file


def digest_of(content: bytes) -> str:
    """Return by what a file is known again."""
    return hashlib.sha256(content).hexdigest()


def read_before(content: bytes) -> ResultFile | None:
    """Return the row of the very same file when it was read before."""
    return ResultFile.objects.filter(sha256=digest_of(content)).first()


def read_results(
    *, content: bytes, upload_id: UUID, file_name: str, actor: Actor, at: datetime
) -> ResultFile:
    """Keep what a file says and what would become of it; nothing is booked.

    Raises ReadBefore for the very same file, NotReadable. Emits payout_result.read.
    """
    shape, rows = read_answer(content)
    if file := read_before(content):
        raise ReadBefore(file)
    found = verdicts(rows, payments_named(rows))
    try:
        with transaction.atomic():
            file = ResultFile.objects.create(
                upload_id=upload_id,
                file_name=file_name,
                sha256=digest_of(content),
                shape=shape,
                read_by_id=actor.user_id,
                read_at=at,
            )
            ResultRow.objects.bulk_create(
                [
                    ResultRow(
                        file=file,
                        position=position,
                        reference=each.row.reference,
                        bank_reference=each.row.bank_reference,
                        outcome=each.row.outcome,
                        amount_minor=each.row.amount_minor,
                        currency=each.row.currency,
                        booked_on=each.row.booked_on,
                        reason=each.row.reason,
                        fee_minor=each.row.fee_minor,
                        match=each.match,
                        problem=each.problem,
                        payout_id=each.payment.id if each.payment else None,
                    )
                    for position, each in enumerate(found, start=1)
                ],
                batch_size=1_000,
            )
            emit(
                "payout_result.read",
                subject=f"payout_result:{file.id}",
                actor=actor,
                payload={
                    "rows": len(found),
                    "unmatched": sum(each.match == Match.UNMATCHED for each in found),
                },
                at=at,
                queue=False,
            )
    except IntegrityError as error:
        file_before = read_before(content)
        if file_before is None:
            raise
        raise ReadBefore(file_before) from error
    return file


@transaction.atomic
def apply_chunk(*, file_id: UUID, actor: Actor, at: datetime, limit: int) -> int:
    """Book the next rows of a file: payments as paid or returned, and what the bank took as the vendor's cost.

    Returns how many rows it dealt with; call again until it is none. What became known meanwhile is booked by nobody
    twice: each payment is settled and returned once, each fee has its payment's key. A row that no longer fits is
    kept as unmatched. Emits payout.settled, payout.returned, books.fee_booked, payout_run.settled.
    """
    rows = list(open_rows(file_id).select_for_update(of=("self",)).select_related("payout")[:limit])
    for row in rows:
        _apply(row, actor, at)
        row.applied_at = at
        row.save(update_fields=["match", "problem", "applied_at"])
    return len(rows)


def _apply(row: ResultRow, actor: Actor, at: datetime) -> None:
    payout = row.payout
    assert payout is not None, "only rows with a payment are applied"
    try:
        if row.match == Match.MATCHED and row.outcome == Outcome.PAID:
            settle_payout(payout_id=payout.id, actor=actor, at=at)
        elif row.match == Match.MATCHED and row.outcome == Outcome.RETURNED:
            return_payout(payout_id=payout.id, reason=row.reason, actor=actor, at=at)
        if row.fee_minor:
            book_fee(
                journal=f"payout:{payout.number}",
                fee=Money(row.fee_minor, row.currency),
                key=f"{payout.id}:{row.outcome}",
                actor=actor,
                at=at,
            )
    except PayoutNotInState as refused:
        # Returned by another file before this one said it was paid: the newer word stands.
        came_back = refused.payout.state == PayoutState.RETURNED
        row.match = Match.KNOWN if came_back else Match.UNMATCHED
        row.problem = "" if came_back else "state"
    except KeyReused:
        row.match, row.problem = Match.UNMATCHED, "fee"


@transaction.atomic
def finish_results(*, file_id: UUID, actor: Actor, at: datetime) -> ResultFile:
    """Note that a file is booked whole. A repeat changes nothing. Emits payout_result.applied."""
    file = ResultFile.objects.select_for_update().get(id=file_id)
    if file.state == ResultState.APPLIED:
        return file
    file.state, file.applied_by_id, file.applied_at = ResultState.APPLIED, actor.user_id, at
    file.save(update_fields=["state", "applied_by", "applied_at"])
    emit(
        "payout_result.applied",
        subject=f"payout_result:{file.id}",
        actor=actor,
        payload={"booked": applied_count([file.id])},
        at=at,
        queue=False,
    )
    return file


def applied_count(file_ids: Sequence[UUID]) -> int:
    """Return how many rows of files were booked."""
    return ResultRow.objects.filter(file_id__in=file_ids, applied_at__isnull=False).count()
