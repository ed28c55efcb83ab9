"""What happened between one partner and one program, in order: the history that refined plans price as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.accruals.sources import QUALIFIED, RECEIPT, REVENUE, WON, Source, milestones
from commissions.plans.rules import Facts
from commissions.plans.selectors import refined_programs
from prm.money import Money
from prm.tenancy.scope import current_scope
from referrals.attribution.crediting import lock_credits
from referrals.pipeline.models import Referral
from referrals.revenue.models import PAYMENT_KINDS, CashReceipt, RevenueEvent

REFUND = "refund"
# Events of one moment, in this order: a win comes before the payment that is booked with it.
ORDER = {QUALIFIED: 0, WON: 1, REVENUE: 2, RECEIPT: 3, REFUND: 4}
# Where an event stands in its history: the moment, the rank of its kind, its id.
Place = tuple[datetime, int, str]


@dataclass(frozen=True)
class History:
    """One partner in one program, and the referrals of it at which something happened now."""

    partner_id: UUID
    program_id: UUID
    referral_ids: frozenset[UUID]


def histories_of(kind: str, ids: Sequence[UUID]) -> list[History]:
    """Return the histories that the events belong to, of programs whose plan needs them; none for plain plans.

    kind: of the ids; "qualified" and "won" are given by their referrals.
    """
    refined = refined_programs()
    if not refined or not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES.format(which=_WHICH[kind]), [list(refined), list(ids)])
        return [History(row[0], row[1], frozenset(row[2])) for row in cursor.fetchall()]


def locked_histories(kind: str, ids: Sequence[UUID]) -> list[History]:
    """Return the histories that the events belong to, locked: see histories_of and lock_histories.

    Whose referral it is, is asked under the lock of credits: it may be moving, or its partner be merged.
    """
    lock_credits(shared=True)
    histories = histories_of(kind, ids)
    lock_histories(histories)
    return histories


def lock_histories(histories: Iterable[History]) -> None:
    """Let nobody else price the partners' histories, nor change who is credited, until the transaction ends.

    Taken before any payment is locked: who moves a referral has the lock of credits before it changes its payments.
    """
    lock_credits(shared=True)
    for partner_id in sorted({history.partner_id for history in histories}):
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
                [f"history of {partner_id}", current_scope().tenant_id],
            )


def events_of(
    history: History, *, whole: bool = False, besides: Iterable[UUID] = ()
) -> list[Source]:
    """Return the events of the named referrals in their order, refunds included.

    whole: those of all referrals. besides: other referrals whose events are wanted too.
    Their facts hold what the events themselves say; what is known around them is added by `pinned`.
    """
    referrals = Referral.objects.filter(
        partner_id=history.partner_id, program_id=history.program_id, declined_at=None
    )
    if not whole:
        referrals = referrals.filter(id__in=history.referral_ids.union(besides))
    known = {
        row["id"]: row
        for row in referrals.values("id", "partner_id", "program_id", "registered_at")
    }
    ids = list(known)
    found = [
        replace(source, facts=replace(source.facts, referral=str(source.referral_id)))
        for kind in (QUALIFIED, WON)
        for source in milestones(kind, ids)
    ]
    payments = {
        row.id: row
        for row in RevenueEvent.objects.filter(referral_id__in=ids, kind__in=PAYMENT_KINDS)
    }
    firsts = {row.referral_id: row.booked_on for row in payments.values() if row.payment_no == 1}
    found += [_payment(row, known, firsts) for row in payments.values()]
    found += _receipts(payments, known, firsts)
    found += _refunds(payments, known, firsts)
    return sorted(found, key=place_of)


def place_of(source: Source) -> Place:
    """Return what orders an event in its history."""
    return source.earned_at, ORDER[source.kind], str(source.id)


def _payment(row: RevenueEvent, known: dict[UUID, Any], firsts: dict[UUID, Any]) -> Source:
    return Source(
        kind=REVENUE,
        id=row.id,
        referral_id=row.referral_id,
        partner_id=known[row.referral_id]["partner_id"],
        program_id=known[row.referral_id]["program_id"],
        registered_at=known[row.referral_id]["registered_at"],
        earned_at=row.booked_at,
        facts=Facts(
            REVENUE,
            Money(row.amount_minor, row.currency),
            row.booked_on,
            row.payment_no,
            firsts.get(row.referral_id, row.booked_on),
            referral=str(row.referral_id),
            tax_minor=row.tax_minor,
            discount_minor=row.discount_minor,
            kind=row.kind,
            received_minor=None if row.received_minor is None else 0,
        ),
        revenue_event_id=row.id,
        is_refunded=row.refunded_minor > 0,
    )


def _receipts(
    payments: dict[UUID, RevenueEvent], known: dict[UUID, Any], firsts: dict[UUID, Any]
) -> list[Source]:
    invoices = [row.id for row in payments.values() if row.received_minor is not None]
    if not invoices:
        return []
    rows = CashReceipt.objects.filter(revenue_event_id__in=invoices)
    before: dict[UUID, int] = {}
    found = []
    for row in rows.order_by("received_at", "id"):
        invoice = _payment(payments[row.revenue_event_id], known, firsts)
        so_far = before.get(row.revenue_event_id, 0)
        before[row.revenue_event_id] = so_far + row.amount_minor
        found.append(
            replace(
                invoice,
                kind=RECEIPT,
                id=row.id,
                earned_at=row.received_at,
                facts=replace(
                    invoice.facts,
                    trigger=RECEIPT,
                    earned_on=row.received_on,
                    received_minor=row.amount_minor,
                    received_before_minor=so_far,
                ),
            )
        )
    return found


def _refunds(
    payments: dict[UUID, RevenueEvent], known: dict[UUID, Any], firsts: dict[UUID, Any]
) -> list[Source]:
    """Return what was given back, with its part of the payment's tax and discount."""
    refunded = [row.id for row in payments.values() if row.refunded_minor]
    if not refunded:
        return []
    found = []
    for row in RevenueEvent.objects.filter(refunds_id__in=refunded):
        whole = payments[row.refunds_id or row.id]
        paid = _payment(whole, known, firsts)
        found.append(
            replace(
                paid,
                kind=REFUND,
                id=row.id,
                earned_at=row.booked_at,
                facts=replace(
                    paid.facts,
                    trigger=REFUND,
                    base=Money(row.amount_minor, row.currency),
                    earned_on=row.booked_on,
                    tax_minor=whole.tax_minor * row.amount_minor // whole.amount_minor,
                    discount_minor=whole.discount_minor * row.amount_minor // whole.amount_minor,
                    received_minor=None,
                ),
            )
        )
    return found


_HISTORIES = """
select r.partner_id, r.program_id, array_agg(distinct r.id) from referrals_referral r
 where r.program_id = any(%s::uuid[]) and r.id in ({which})
 group by 1, 2 order by 1, 2
"""

_BY_ID = "select unnest(%s::uuid[])"
_WHICH = {
    QUALIFIED: _BY_ID,
    WON: _BY_ID,
    REVENUE: "select e.referral_id from referrals_revenue_event e where e.id = any(%s::uuid[])",
    RECEIPT: (
        "select e.referral_id from referrals_revenue_event e join referrals_cash_receipt c"
        " on c.tenant_id = e.tenant_id and c.revenue_event_id = e.id where c.id = any(%s::uuid[])"
    ),
}
