"""Book what events earn and take back what refunds undo: one set-based way for all.

Where a plan looks at more than the event, the partner's history is computed anew instead (restating).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.accruals.batches import book_payments
from commissions.accruals.booking import Line, book_lines
from commissions.accruals.histories import History, locked_histories
from commissions.accruals.models import Clawback
from commissions.accruals.points import forget_points
from commissions.accruals.releasing import CHUNK, release_due
from commissions.accruals.restating import restate
from commissions.accruals.reversing import (
    ClawbackTooLarge,
    claw_back,
    claw_back_payment,
    claw_back_rest,
)
from commissions.accruals.sources import (
    QUALIFIED,
    RECEIPT,
    REVENUE,
    WON,
    Pending,
    Source,
    milestones,
    payments,
    pending_ids,
)
from commissions.accruals.splitting import credits_for_booking, split_lines
from commissions.overrides.rules import version_priced
from commissions.overrides.selectors import overrides_of
from commissions.plans.rules import drafts_for
from commissions.plans.selectors import pays_for, plain_terms, published_terms, refined_programs
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import lock_credits
from referrals.pipeline.models import Referral
from referrals.revenue.models import RevenueEvent

EVERYTHING = Pending()
# Most payments booked in one transaction of a long booking: statements over them cost little more than over half.
BULK = 10_000

__all__ = [
    "CHUNK",
    "ClawbackTooLarge",
    "accrue_chunk",
    "accrue_for_events",
    "accrue_for_receipts",
    "accrue_for_referrals",
    "accrue_pending",
    "claw_back",
    "claw_back_refund",
    "claw_back_rest",
    "release_due",
    "restate_partners",
    "restate_referrals",
]


# ---------------------------------------------------------------- earning


def accrue_for_events(
    *, revenue_event_ids: Sequence[UUID], actor: Actor, at: datetime, tell: bool = True
) -> list[int]:
    """Book what payments earn; refunds and unknown ids among them earn nothing. Return the ids of new accruals.

    The version in force when the referral was registered prices it; a referral registered before the first version
    earns nothing. An event that is booked already is left alone. tell: whether the partners hear of each line.
    Emits commission.earned per accrual.
    """
    with transaction.atomic():
        histories = locked_histories(REVENUE, revenue_event_ids)
        found = payments(revenue_event_ids)
        return _booked(found, histories, actor=actor, at=at, tell=tell)


def accrue_for_receipts(
    *, receipt_ids: Sequence[UUID], actor: Actor, at: datetime, tell: bool = True
) -> list[int]:
    """Book what money earns that came in on invoices, under plans that pay on cash. Otherwise as accrue_for_events."""
    with transaction.atomic():
        histories = locked_histories(RECEIPT, receipt_ids)
        return _booked([], histories, actor=actor, at=at, tell=tell)


def accrue_for_referrals(
    *, kind: str, referral_ids: Sequence[UUID], actor: Actor, at: datetime, tell: bool = True
) -> list[int]:
    """Book what referrals earn by being qualified or won, each once. Otherwise as accrue_for_events."""
    with transaction.atomic():
        histories = locked_histories(kind, referral_ids)
        found = milestones(kind, referral_ids)
        return _booked(found, histories, actor=actor, at=at, tell=tell)


def restate_referrals(
    *, referral_ids: Sequence[UUID], actor: Actor, at: datetime, tell: bool = True
) -> list[int]:
    """Compute the histories anew that the referrals stand in, after something else than an event changed them.

    Nothing happens under plain plans. Emits commission.earned and commission.reversed per line.
    """
    with transaction.atomic():
        histories = locked_histories(QUALIFIED, referral_ids)
        return _booked([], histories, actor=actor, at=at, tell=tell, anew=True)


def restate_partners(
    *,
    partner_ids: Collection[UUID],
    program_id: UUID | None = None,
    actor: Actor,
    at: datetime,
) -> list[int]:
    """Compute partners' whole histories anew: a referral left one, or came into it. Otherwise as restate_referrals.

    program_id: of one program; None for all. What hangs on the other referrals, such as every second win, follows.
    """
    programs = refined_programs()
    if program_id is not None:
        programs &= {program_id}
    with transaction.atomic():
        lock_credits(shared=True)
        ids = Referral.objects.filter(partner_id__in=partner_ids, program_id__in=programs)
        histories = locked_histories(QUALIFIED, list(ids.values_list("id", flat=True)))
        forget_points(partner_ids)
        return _booked([], histories, actor=actor, at=at, tell=True, anew=True)


def accrue_chunk(
    *,
    kind: str,
    pending: Pending,
    after: UUID | None,
    actor: Actor,
    at: datetime,
    limit: int = BULK,
) -> tuple[int, UUID | None]:
    """Book the next chunk of events that have no accrual yet; return how many lines were booked and where to go on.

    after: the last event looked at; None starts. The place is None when nothing is left. Nobody is told of single
    lines.
    """
    if not pays_for(kind):
        return 0, None
    ids, last = pending_ids(kind, pending, after=after, limit=limit)
    if not ids:
        return 0, last
    if kind == REVENUE:
        return _book_many(ids, actor=actor, at=at), last
    booked = accrue_for_referrals(kind=kind, referral_ids=ids, actor=actor, at=at, tell=False)
    return len(booked), last


def accrue_pending(
    tenant_id: int,
    *,
    at: datetime,
    pending: Pending = EVERYTHING,
    actor: Actor = SYSTEM,
    limit: int = BULK,
) -> int:
    """Book everything of a tenant that has not been booked, committing chunk by chunk; return the number of lines.

    Outside any scope. Killed half-way it goes on where it was when called again; called again it books nothing.
    """
    total = 0
    for kind in (QUALIFIED, WON, REVENUE):
        after: UUID | None = None
        while True:
            with tenant_scope(tenant_id):
                booked, after = accrue_chunk(
                    kind=kind, pending=pending, after=after, actor=actor, at=at, limit=limit
                )
            total += booked
            if after is None:
                break
    return total


@transaction.atomic
def _book_many(ids: Sequence[UUID], *, actor: Actor, at: datetime) -> int:
    """Book a chunk of payments: the plain ones in sets, the others event by event; return the number of lines."""
    # Histories are locked before any payment is.
    locked_histories(REVENUE, ids)
    count, left = book_payments(ids, plain_terms(), actor=actor, at=at)
    if left:
        count += len(accrue_for_events(revenue_event_ids=left, actor=actor, at=at, tell=False))
    return count


def _booked(
    sources: Sequence[Source],
    histories: Collection[History],
    *,
    actor: Actor,
    at: datetime,
    tell: bool,
    anew: bool = False,
) -> list[int]:
    """Book plain events by themselves, and the histories of the others as wholes; anew: see restate."""
    refined = {history.program_id for history in histories}
    plain = [source for source in sources if source.program_id not in refined]
    booked = book_lines(_priced(plain), actor=actor, at=at, tell=tell) if plain else []
    for history in histories:
        booked += restate(history, actor=actor, at=at, tell=tell, anew=anew)
    return booked


def _priced(sources: Sequence[Source]) -> list[Line]:
    programs = {source.program_id for source in sources}
    terms, overrides = published_terms(programs), overrides_of(programs)
    lines = []
    for source in sources:
        own = overrides.get((source.program_id, source.partner_id), ())
        version = version_priced(terms.get(source.program_id, ()), own, source.registered_at)
        if version is not None:
            lines += [
                Line(source, draft, version.hold_days)
                for draft in drafts_for(source.facts, version)
            ]
    if not lines:
        return []
    return split_lines(lines, credits_for_booking({line.source.referral_id for line in lines}))


# ---------------------------------------------------------------- taking back


def claw_back_refund(*, refund_id: UUID, actor: Actor, at: datetime) -> list[Clawback]:
    """Take back, at each line's own rate, what the refunded part of a payment had earned.

    The running total decides (commissions.plans.rules.clawed_target), so that refunds may be handled in any order,
    and the last part leaves exactly nothing. Where later rewards depend on sums that the refund lowers, they are
    computed anew. A repeat takes back nothing. Emits commission.reversed per line.
    """
    with transaction.atomic():
        refund = RevenueEvent.objects.get(id=refund_id)
        if refund.refunds_id is None:
            return []
        histories = locked_histories(REVENUE, [refund.refunds_id])
        taken = claw_back_payment(
            refund.refunds_id, refund_id=refund.id, actor=actor, at=at, tell=True
        )
        for history in histories:
            restate(history, actor=actor, at=at, tell=True)
        return taken
