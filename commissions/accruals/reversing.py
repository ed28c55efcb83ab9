"""Takes rewards back: what refunds undo, what persons decide, what a newer computation replaces."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Sum

from commissions.accruals.models import Accrual, Clawback, Release
from commissions.accruals.sources import RECEIPT
from commissions.ledger.services import NewTransfer, Posted, post_staged
from commissions.plans.rules import clawed_target
from prm.events.batches import Fact, emit_batch
from prm.events.services import Actor
from prm.money import allocate
from referrals.attribution.crediting import lock_credits
from referrals.revenue.models import RevenueEvent


class ClawbackTooLarge(ValueError):
    """More would be taken back than is left of the reward."""

    def __init__(self, left_minor: int) -> None:
        super().__init__(f"{left_minor} left")
        self.left_minor = left_minor


def claw_back(
    *, accrual_id: int, amount_minor: int, reason: str, key: str, actor: Actor, at: datetime
) -> Clawback:
    """Take back a part of one reward by a person's decision.

    key: names the decision; a repeat returns the first clawback. Raises ClawbackTooLarge, KeyReused.
    Emits commission.reversed.
    """
    with transaction.atomic():
        lock_credits(shared=True)
        accrual = Accrual.objects.select_for_update(no_key=True).get(id=accrual_id)
        first = Clawback.objects.filter(
            accrual_id=accrual.id, transfer__key=clawback_key(accrual.id, key)
        ).first()
        if first is not None and first.amount_minor == amount_minor:
            return first
        if first is None and amount_minor > accrual.amount_minor - accrual.clawed_minor:
            raise ClawbackTooLarge(accrual.amount_minor - accrual.clawed_minor)
        return take_back(
            [(accrual, amount_minor)],
            cause=key,
            reason=reason,
            refund_id=None,
            actor=actor,
            at=at,
            tell=True,
        )[0]


def claw_back_rest(
    *,
    accrual_ids: Sequence[int],
    reason: str,
    key: str,
    actor: Actor,
    at: datetime,
    tell: bool = False,
) -> int:
    """Take back all that is left of many rewards, such as those of an undone import; return how many lines had any.

    tell: whether the partners hear of each line. A repeat takes back nothing. Emits commission.reversed per line.
    """
    with transaction.atomic():
        lock_credits(shared=True)
        accruals = (
            Accrual.objects.select_for_update(no_key=True).filter(id__in=accrual_ids).order_by("id")
        )
        wanted = [(accrual, accrual.amount_minor - accrual.clawed_minor) for accrual in accruals]
        wanted = [(accrual, left) for accrual, left in wanted if left > 0]
        return len(
            take_back(
                wanted, cause=key, reason=reason, refund_id=None, actor=actor, at=at, tell=tell
            )
        )


def claw_back_payment(
    payment_id: UUID, *, refund_id: UUID | None, actor: Actor, at: datetime, tell: bool
) -> list[Clawback]:
    """Take back what a payment's live lines still have to give for all that was refunded of it; a repeat nothing.

    refund_id: the refund that asks, None when the refund came before the lines. Emits commission.reversed per line.
    """
    payment = RevenueEvent.objects.select_for_update(no_key=True).get(id=payment_id)
    accruals = list(
        Accrual.objects.select_for_update(no_key=True)
        .filter(revenue_event_id=payment.id, replaced_at=None)
        .order_by("id")
    )
    wanted = []
    # What was earned on money that came in is taken back by what came in, all else by the whole amount.
    for paid, rows in (
        (payment.amount_minor, [row for row in accruals if row.source_kind != RECEIPT]),
        (payment.received_minor or 1, [row for row in accruals if row.source_kind == RECEIPT]),
    ):
        wanted += wanted_back(rows, refunded_minor=payment.refunded_minor, paid_minor=paid)
    wanted.sort(key=lambda pair: pair[0].id)
    # Without a refund's id (the refund came before the reward was booked) the total given back names the decision.
    cause = f"refund:{refund_id}"
    if refund_id is None:
        cause = f"refunded:{payment.id}:{payment.refunded_minor}"
        if any(row.source_kind == RECEIPT for row in accruals):
            # Lines of money that came in share a payment: each new one asks anew.
            cause += f":{accruals[-1].id}"
    return take_back(
        wanted, cause=cause, reason="", refund_id=refund_id, actor=actor, at=at, tell=tell
    )


def wanted_back(
    accruals: Sequence[Accrual], *, refunded_minor: int, paid_minor: int
) -> list[tuple[Accrual, int]]:
    """Return what a payment's lines still have to give back when so much of it was refunded in all, in minor units.

    Lines of one reward give back together what the whole reward would, by what is left of each; the last part of
    a refund leaves exactly nothing.
    """
    rewards: dict[tuple[int, int], list[Accrual]] = {}
    for row in accruals:
        rewards.setdefault((row.rule_id, row.split_no), []).append(row)
    wanted = []
    for rows in rewards.values():
        whole = sum(row.amount_minor for row in rows)
        target = clawed_target(whole, refunded_minor=refunded_minor, paid_minor=paid_minor)
        missing = target - sum(row.clawed_minor for row in rows)
        if missing > 0:
            left = [row.amount_minor - row.clawed_minor for row in rows]
            parts = allocate(missing, left)
            wanted += [(row, part) for row, part in zip(rows, parts, strict=True) if part]
    return sorted(wanted, key=lambda pair: pair[0].id)


def take_back(
    wanted: Sequence[tuple[Accrual, int]],
    *,
    cause: str,
    reason: str,
    refund_id: UUID | None,
    actor: Actor,
    at: datetime,
    tell: bool,
) -> list[Clawback]:
    """Post the reversals of locked accruals: from pending while on hold, else from payable, which may go below zero."""
    if not wanted:
        return []
    released = set(
        Release.objects.filter(accrual_id__in=[a.id for a, _ in wanted]).values_list(
            "accrual_id", flat=True
        )
    )
    posted = post_staged(
        [
            NewTransfer(
                kind="clawback",
                key=clawback_key(accrual.id, cause),
                journal=f"{accrual.source_kind}:{accrual.source_id}",
                debit=(
                    "payable" if accrual.id in released else "pending",
                    accrual.partner_id,
                    accrual.currency,
                ),
                credit=("commission_expense", None, accrual.currency),
                amount_minor=minor,
                booked_at=at,
                partner_id=accrual.partner_id,
            )
            for accrual, minor in wanted
        ],
    )
    rows = _insert_clawbacks(wanted, posted, reason=reason, refund_id=refund_id, at=at)
    referrals = {accrual.id: accrual.referral_id for accrual, _ in wanted}
    emit_batch(
        "commission.reversed",
        [
            Fact(
                f"accrual:{row.accrual_id}",
                row.partner_id,
                {
                    "accrual_id": row.accrual_id,
                    "clawback_id": row.id,
                    "referral_id": str(referrals[row.accrual_id]),
                    "partner_id": str(row.partner_id),
                    "amount_minor": row.amount_minor,
                },
            )
            for row in rows
        ],
        actor=actor,
        at=at,
        queue=tell,
    )
    return rows


def _insert_clawbacks(
    wanted: Sequence[tuple[Accrual, int]],
    posted: Sequence[Posted],
    *,
    reason: str,
    refund_id: UUID | None,
    at: datetime,
) -> list[Clawback]:
    rows = Clawback.objects.bulk_create(
        Clawback(
            accrual_id=accrual.id,
            partner_id=accrual.partner_id,
            refund_id=refund_id,
            amount_minor=minor,
            reason=reason,
            transfer_id=place.id,
            at=at,
        )
        for (accrual, minor), place in zip(wanted, posted, strict=True)
        if place.is_new
    )
    with connection.cursor() as cursor:
        # The CHECK on the running total is the truth: nothing is ever taken back twice.
        cursor.execute(
            _RAISE_CLAWED, [[row.accrual_id for row in rows], [row.amount_minor for row in rows]]
        )
    return rows


def refunds_taken(accruals: Iterable[Accrual]) -> dict[int, int]:
    """Return how much refunds took back of each reward, in minor units by its id: the rest was taken by persons."""
    return dict(
        Clawback.objects.filter(
            accrual_id__in=[row.id for row in accruals], transfer__key__contains=":refund"
        )
        .values_list("accrual_id")
        .annotate(total=Sum("amount_minor"))
    )


def clawback_key(accrual_id: int, cause: str) -> str:
    """Return the natural key of what is taken back of a reward for a cause."""
    return f"clawback:{accrual_id}:{cause}"


_RAISE_CLAWED = """
update commissions_accrual a set clawed_minor = a.clawed_minor + w.minor
  from unnest(%s::bigint[], %s::bigint[]) w (id, minor) where a.id = w.id
"""
