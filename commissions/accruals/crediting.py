"""Rewards follow the credit: what the old beneficiaries earned is taken back, the new ones get lines of their own."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext

from commissions.accruals.budgets import still_waiting
from commissions.accruals.histories import locked_histories
from commissions.accruals.models import Accrual
from commissions.accruals.points import forget_points
from commissions.accruals.reversing import refunds_taken
from commissions.accruals.services import (
    accrue_for_events,
    accrue_for_receipts,
    accrue_for_referrals,
    claw_back,
    claw_back_rest,
)
from commissions.accruals.sources import QUALIFIED, RECEIPT, REVENUE, WON, payments
from prm.events.services import Actor
from prm.money import allocate
from referrals.attribution.models import Credit
from referrals.pipeline.models import Referral


@transaction.atomic
def recredit(*, referral_id: UUID, actor: Actor, at: datetime) -> int:
    """Take back what was earned under older shares, and book the same events by the newest; return the new lines.

    Rewards paid already are taken back from what is payable, which may go below zero and is set off by later payouts.
    Refunds that came before count for the new lines too. A repeat books nothing. Emits commission.reversed and
    commission.earned per line; the partners hear of each with the reason of the change.
    """
    # Histories before payments, as everywhere.
    locked_histories(QUALIFIED, [referral_id])
    newest = Credit.objects.filter(referral_id=referral_id).order_by("-number").first()
    if newest is None:
        return 0
    forget_points(_partners_of(referral_id))
    old = _of_older_shares(referral_id, newest.number)
    live = old.filter(clawed_minor__lt=F("amount_minor"))
    events = set(live.values_list("source_kind", "source_id"))
    # What waits for a budget belongs to others now, too.
    queued = still_waiting().filter(referral_id=referral_id, split_no__lt=newest.number)
    events |= set(queued.values_list("source_kind", "source_id"))
    paid = sorted(source_id for kind, source_id in events if kind == REVENUE)
    kinds = {kind for kind, _source_id in events}
    if not kinds:
        return 0
    # Payments before their lines, as a refund locks them.
    payments(paid)
    corrected = _corrected(old)
    claw_back_rest(
        accrual_ids=list(old.values_list("id", flat=True)),
        reason=newest.reason[:300],
        key=f"credit:{newest.number}",
        actor=actor,
        at=at,
        tell=True,
    )
    booked = accrue_for_events(revenue_event_ids=paid, actor=actor, at=at)
    received = sorted(source_id for kind, source_id in events if kind == RECEIPT)
    booked += accrue_for_receipts(receipt_ids=received, actor=actor, at=at)
    for kind in (QUALIFIED, WON):
        if kind in kinds:
            booked += accrue_for_referrals(
                kind=kind, referral_ids=[referral_id], actor=actor, at=at
            )
    _correct_again(corrected, newest.number, actor=actor, at=at)
    return len(booked)


def _of_older_shares(referral_id: UUID, number: int) -> QuerySet[Accrual]:
    """Return the rewards that follow the credit; a person keeps its own as long as its employer has the deal."""
    own = Referral.objects.filter(id=referral_id).values("partner_id")
    return Accrual.objects.filter(referral_id=referral_id, split_no__lt=number).exclude(
        payee__isnull=False, partner_id__in=own
    )


def _partners_of(referral_id: UUID) -> set[UUID]:
    """Return whose histories the referral has been in."""
    ids = set(Credit.objects.filter(referral_id=referral_id).values_list("partner_id", flat=True))
    return ids | set(Referral.objects.filter(id=referral_id).values_list("partner_id", flat=True))


def _corrected(old: QuerySet[Accrual]) -> dict[tuple[str, UUID, int], int]:
    """Return how much persons took back of each reward under the newest of the older shares, by event and rule."""
    newest = old.aggregate(newest=Max("split_no"))["newest"]
    # What was computed anew since has the corrections of what it replaced.
    rows = old.filter(split_no=newest, clawed_minor__gt=0, replaced_at=None)
    refunded = refunds_taken(rows)
    found: dict[tuple[str, UUID, int], int] = {}
    for row in rows:
        key = (row.source_kind, row.source_id, row.rule_id)
        found[key] = found.get(key, 0) + row.clawed_minor - refunded.get(row.id, 0)
    return found


def _correct_again(
    corrected: dict[tuple[str, UUID, int], int], number: int, *, actor: Actor, at: datetime
) -> None:
    """Take back of the new lines what persons had taken back of the old ones, as far as they reach.

    Refunds have been by now, at the new lines' own rates.
    """
    for (kind, source_id, rule_id), minor in corrected.items():
        rows = list(
            Accrual.objects.filter(
                source_kind=kind, source_id=source_id, rule_id=rule_id, split_no=number
            ).order_by("id")
        )
        left = [row.amount_minor - row.clawed_minor for row in rows]
        missing = min(minor, sum(left))
        if missing <= 0:
            continue
        for row, part in zip(rows, allocate(missing, left), strict=True):
            if part:
                claw_back(
                    accrual_id=row.id,
                    amount_minor=part,
                    reason=gettext("Corrected before the credit changed"),
                    key=f"corrected:{number}",
                    actor=actor,
                    at=at,
                )
