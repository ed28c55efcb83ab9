"""Book what events earn, take back what refunds undo, release what was on hold: one set-based way for all."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.accruals.booking import EARNED, Line, insert_accruals
from commissions.accruals.models import Accrual, Clawback, Release
from commissions.accruals.sources import (
    QUALIFIED,
    REVENUE,
    WON,
    Pending,
    Source,
    milestones,
    payments,
    pending_ids,
)
from commissions.accruals.splitting import credits_for_booking, split_lines, wanted_back
from commissions.ledger.services import NewTransfer, Posted, post_staged
from commissions.plans.rules import drafts_for, version_covering
from commissions.plans.selectors import pays_for, published_terms
from prm.events.batches import Fact, emit_batch, emit_selected
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent

CHUNK = 2_000
EVERYTHING = Pending()


class ClawbackTooLarge(ValueError):
    """More would be taken back than is left of the reward."""

    def __init__(self, left_minor: int) -> None:
        super().__init__(f"{left_minor} left")
        self.left_minor = left_minor


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
        return _book(payments(revenue_event_ids), actor=actor, at=at, tell=tell)


def accrue_for_referrals(
    *, kind: str, referral_ids: Sequence[UUID], actor: Actor, at: datetime, tell: bool = True
) -> list[int]:
    """Book what referrals earn by being qualified or won, each once. Otherwise as accrue_for_events."""
    with transaction.atomic():
        return _book(milestones(kind, referral_ids), actor=actor, at=at, tell=tell)


def accrue_chunk(
    *,
    kind: str,
    pending: Pending,
    after: UUID | None,
    actor: Actor,
    at: datetime,
    limit: int = CHUNK,
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
        booked = accrue_for_events(revenue_event_ids=ids, actor=actor, at=at, tell=False)
    else:
        booked = accrue_for_referrals(kind=kind, referral_ids=ids, actor=actor, at=at, tell=False)
    return len(booked), last


def accrue_pending(
    tenant_id: int,
    *,
    at: datetime,
    pending: Pending = EVERYTHING,
    actor: Actor = SYSTEM,
    limit: int = CHUNK,
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


def _book(sources: Sequence[Source], *, actor: Actor, at: datetime, tell: bool) -> list[int]:
    lines = _priced(sources)
    if not lines:
        return []
    posted = post_staged(
        [
            NewTransfer(
                kind="accrual",
                key=line.key,
                journal=line.journal,
                debit=("commission_expense", None, line.draft.amount.currency),
                credit=("pending", line.source.partner_id, line.draft.amount.currency),
                amount_minor=line.draft.amount.minor,
                booked_at=at,
                partner_id=line.source.partner_id,
            )
            for line in lines
        ],
    )
    new = [(line, place.id) for line, place in zip(lines, posted, strict=True) if place.is_new]
    if not new:
        return []
    ids = insert_accruals(new)
    emit_selected("commission.earned", EARNED, [ids], actor=actor, at=at, queue=tell)
    refunded = {
        line.source.revenue_event_id
        for line, _ in new
        if line.source.is_refunded and line.source.revenue_event_id
    }
    for payment_id in sorted(refunded):
        _claw_back_payment(payment_id, refund_id=None, actor=actor, at=at, tell=tell)
    if tell:
        release_due(until=at, at=at, accrual_ids=ids)
    return ids


def _priced(sources: Sequence[Source]) -> list[Line]:
    terms = published_terms(source.program_id for source in sources)
    lines = []
    for source in sources:
        version = version_covering(terms.get(source.program_id, ()), source.registered_at)
        if version is not None:
            lines += [
                Line(source, draft, version.hold_days)
                for draft in drafts_for(source.facts, version)
            ]
    if not lines:
        return []
    return split_lines(lines, credits_for_booking({line.source.referral_id for line in lines}))


# ---------------------------------------------------------------- releasing


def release_due(
    *, until: datetime, at: datetime, accrual_ids: Sequence[int] | None = None, limit: int = CHUNK
) -> int:
    """Move what is left of accruals whose hold has ended from pending to payable; return how many it looked at.

    until: inclusive moment; holds end at the start of their day in the tenant's zone. A repeat releases nothing
    twice.
    One chunk of at most `limit`: call again until it returns less. accrual_ids: only these. What a referral earned
    that is held for a review stays pending.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                _DUE,
                {
                    "until": until,
                    "ids": list(accrual_ids) if accrual_ids is not None else None,
                    "limit": limit,
                },
            )
            found = cursor.fetchall()
        # Whoever released a row between the look and the lock has committed by now.
        done = set(
            Release.objects.filter(accrual_id__in=[row[0] for row in found]).values_list(
                "accrual_id", flat=True
            )
        )
        due = [row for row in found if row[0] not in done]
        if not due:
            return len(found)
        moving = [row for row in due if row[3] > 0]
        posted = post_staged(
            [
                NewTransfer(
                    kind="release",
                    key=f"release:{accrual_id}",
                    journal=f"accrual:{accrual_id}",
                    debit=("pending", partner_id, currency),
                    credit=("payable", partner_id, currency),
                    amount_minor=left,
                    booked_at=at,
                    partner_id=partner_id,
                )
                for accrual_id, partner_id, currency, left in moving
            ],
        )
        transfers = {row[0]: place.id for row, place in zip(moving, posted, strict=True)}
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_RELEASES,
                [
                    at,
                    [r[0] for r in due],
                    [r[1] for r in due],
                    [transfers.get(r[0]) for r in due],
                    [r[3] for r in due],
                ],
            )
        return len(found)


# ---------------------------------------------------------------- taking back


def claw_back_refund(*, refund_id: UUID, actor: Actor, at: datetime) -> list[Clawback]:
    """Take back, at each line's own rate, what the refunded part of a payment had earned.

    The running total decides (commissions.plans.rules.clawed_target), so that refunds may be handled in any order,
    and the last part leaves exactly nothing. A repeat takes back nothing. Emits commission.reversed per line.
    """
    with transaction.atomic():
        refund = RevenueEvent.objects.get(id=refund_id)
        return (
            _claw_back_payment(
                refund.refunds_id, refund_id=refund.id, actor=actor, at=at, tell=True
            )
            if refund.refunds_id
            else []
        )


def claw_back(
    *, accrual_id: int, amount_minor: int, reason: str, key: str, actor: Actor, at: datetime
) -> Clawback:
    """Take back a part of one reward by a person's decision.

    key: names the decision; a repeat returns the first clawback. Raises ClawbackTooLarge, KeyReused.
    Emits commission.reversed.
    """
    with transaction.atomic():
        accrual = Accrual.objects.select_for_update(no_key=True).get(id=accrual_id)
        first = Clawback.objects.filter(
            accrual_id=accrual.id, transfer__key=_clawback_key(accrual.id, key)
        ).first()
        if first is not None and first.amount_minor == amount_minor:
            return first
        if first is None and amount_minor > accrual.amount_minor - accrual.clawed_minor:
            raise ClawbackTooLarge(accrual.amount_minor - accrual.clawed_minor)
        return _take_back(
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
        accruals = (
            Accrual.objects.select_for_update(no_key=True).filter(id__in=accrual_ids).order_by("id")
        )
        wanted = [(accrual, accrual.amount_minor - accrual.clawed_minor) for accrual in accruals]
        wanted = [(accrual, left) for accrual, left in wanted if left > 0]
        return len(
            _take_back(
                wanted, cause=key, reason=reason, refund_id=None, actor=actor, at=at, tell=tell
            )
        )


def _claw_back_payment(
    payment_id: UUID, *, refund_id: UUID | None, actor: Actor, at: datetime, tell: bool
) -> list[Clawback]:
    payment = RevenueEvent.objects.select_for_update(no_key=True).get(id=payment_id)
    accruals = (
        Accrual.objects.select_for_update(no_key=True)
        .filter(revenue_event_id=payment.id)
        .order_by("id")
    )
    wanted = wanted_back(
        list(accruals), refunded_minor=payment.refunded_minor, paid_minor=payment.amount_minor
    )
    # Without a refund's id (the refund came before the reward was booked) the total given back names the decision.
    cause = (
        f"refund:{refund_id}" if refund_id else f"refunded:{payment.id}:{payment.refunded_minor}"
    )
    return _take_back(
        wanted, cause=cause, reason="", refund_id=refund_id, actor=actor, at=at, tell=tell
    )


def _take_back(
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
                key=_clawback_key(accrual.id, cause),
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


def _clawback_key(accrual_id: int, cause: str) -> str:
    return f"clawback:{accrual_id}:{cause}"


_DUE = """
select a.id, a.partner_id, a.currency, a.amount_minor - a.clawed_minor from commissions_accrual a
 where a.payable_at <= %(until)s and (%(ids)s::bigint[] is null or a.id = any(%(ids)s::bigint[]))
   and not exists (select from commissions_release r where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
   and not exists (select from referrals_referral f
                    where f.tenant_id = a.tenant_id and f.id = a.referral_id and f.held_at is not null)
 order by a.id limit %(limit)s for no key update of a
"""

_INSERT_RELEASES = """
insert into commissions_release (accrual_id, partner_id, transfer_id, amount_minor, at)
select w.accrual_id, w.partner_id, w.transfer_id, w.amount_minor, %s
  from unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::bigint[]) w (accrual_id, partner_id, transfer_id,
  amount_minor)
"""

_RAISE_CLAWED = """
update commissions_accrual a set clawed_minor = a.clawed_minor + w.minor
  from unnest(%s::bigint[], %s::bigint[]) w (id, minor) where a.id = w.id
"""
