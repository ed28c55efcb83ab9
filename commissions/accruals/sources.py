"""What happened that may earn a reward, fetched for many events at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from commissions.ledger.selectors import tenant_zone
from commissions.plans.rules import Facts
from commissions.plans.selectors import counts_months
from prm.money import Money
from prm.tenancy.scope import current_scope

QUALIFIED, WON, REVENUE, RECEIPT = "qualified", "won", "revenue", "receipt"


@dataclass(frozen=True, slots=True)
class Source:
    """One event as an accrual needs it; revenue_event_id is the payment whose refund takes it back."""

    kind: str
    id: UUID
    referral_id: UUID
    partner_id: UUID
    program_id: UUID
    registered_at: datetime
    earned_at: datetime
    facts: Facts
    revenue_event_id: UUID | None = None
    is_refunded: bool = False


def payments(revenue_event_ids: Sequence[UUID]) -> list[Source]:
    """Return the payments among the events, locked: a refund handled meanwhile waits, then finds what they earned.

    Without those of referrals that a person declined after a review: they earn nothing any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, [list(revenue_event_ids)])
        rows = cursor.fetchall()
    later = {row[1] for row in rows if row[7] != 1}
    ids = _Ids()
    firsts = _first_days(ids[text] for text in later) if later and counts_months() else {}
    moment = datetime.fromisoformat
    return [
        Source(
            kind=REVENUE,
            id=row[0],
            referral_id=(referral_id := ids[row[1]]),
            partner_id=ids[row[2]],
            program_id=ids[row[9]],
            registered_at=moment(row[10]),
            earned_at=moment(row[5]),
            facts=Facts(
                REVENUE,
                Money(row[3], row[4]),
                row[6],
                row[7],
                firsts.get(referral_id, row[6]) if row[7] != 1 else row[6],
            ),
            revenue_event_id=row[0],
            is_refunded=row[8] > 0,
        )
        for row in rows
    ]


class _Ids(dict[str, UUID]):
    """The ids of a batch by their text: few partners and referrals stand behind many payments."""

    def __missing__(self, text: str) -> UUID:
        found = self[text] = UUID(text)
        return found


def milestones(kind: str, referral_ids: Sequence[UUID]) -> list[Source]:
    """Return the referrals that reached a stage of the kind (qualified or won), as of the first time they did.

    Without those that a person declined after a review.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MILESTONES, [kind, list(referral_ids)])
        rows = cursor.fetchall()
    zone = tenant_zone()
    sales = _sales([row[0] for row in rows]) if kind == WON else {}
    found = []
    for referral_id, partner_id, program_id, registered_at, currency, at, deal_minor in rows:
        sale = sales.get(referral_id)
        found.append(
            Source(
                kind=kind,
                id=referral_id,
                referral_id=referral_id,
                partner_id=partner_id,
                program_id=program_id,
                registered_at=registered_at,
                earned_at=at,
                facts=Facts(
                    kind,
                    Money(deal_minor if kind == WON else 0, currency),
                    at.astimezone(zone).date(),
                ),
                revenue_event_id=sale[0] if sale else None,
                is_refunded=bool(sale and sale[1] > 0),
            ),
        )
    return found


@dataclass(frozen=True)
class Pending:
    """Which events may still have to be booked: all of the tenant's, or one program's, or one import's.

    before: only what happened up to this moment, inclusive.
    """

    program_id: UUID | None = None
    import_id: UUID | None = None
    before: datetime | None = None


def pending_ids(
    kind: str, pending: Pending, *, after: UUID | None, limit: int
) -> tuple[list[UUID], UUID | None]:
    """Return which of the next `limit` events beyond `after`, by id, have no accrual yet, and the last one.

    The last one is None when nothing lies beyond. Two plain look-ups by key: one statement that leaves out what is
    booked already was planned over guesses and got slower with every chunk.
    """
    where, params = (
        [],
        {
            "tenant": current_scope().tenant_id,
            "kind": kind,
            "after": after,
            "limit": limit,
            **pending.__dict__,
        },
    )
    if after:
        where.append("s.id > %(after)s")
    if pending.program_id:
        where.append(
            "exists (select from referrals_referral r where r.tenant_id = s.tenant_id and r.id = s.referral_id"
            " and r.program_id = %(program_id)s)"
            if kind == REVENUE
            else "s.program_id = %(program_id)s",
        )
    if pending.import_id:
        where.append(
            "(s.import_id = %(import_id)s or exists (select from referrals_referral r where r.tenant_id = s.tenant_id"
            " and r.id = s.referral_id and r.import_id = %(import_id)s))"
            if kind == REVENUE
            else "s.import_id = %(import_id)s",
        )
    if pending.before and kind == REVENUE:
        where.append("s.booked_at <= %(before)s")
    table = "referrals_revenue_event" if kind == REVENUE else "referrals_referral"
    sql = _NEXT.format(table=table, where="".join(f" and {part}" for part in where))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(_BOOKED, [kind, ids])
        booked = {row[0] for row in cursor.fetchall()}
    open_ids = [id_ for id_ in ids if id_ not in booked]
    if pending.before and kind != REVENUE:
        # Asked for these ids only: inside the statement above it was planned once per referral over all changes.
        open_ids = _reached(kind, open_ids, pending.before)
    return open_ids, ids[-1] if len(ids) == limit else None


def _reached(kind: str, referral_ids: list[UUID], before: datetime) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [referral_ids, kind, before])
        reached = {row[0] for row in cursor.fetchall()}
    return [id_ for id_ in referral_ids if id_ in reached]


def _first_days(referral_ids: Iterable[UUID]) -> dict[UUID, date]:
    wanted = list(set(referral_ids))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_DAYS, [wanted])
        return dict(cursor.fetchall())


def _sales(referral_ids: list[UUID]) -> dict[UUID, tuple[Any, int]]:
    """Return the payment that a won deal was booked as, locked, and how much of it was given back.

    A refund handled meanwhile waits, then finds what the win earned; one that came first is seen here.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SALES, [referral_ids])
        of = dict(cursor.fetchall())
        cursor.execute(_LOCKED_SALES, [list(of.values())])
        refunded = dict(cursor.fetchall())
    return {
        referral_id: (sale_id, refunded[sale_id])
        for referral_id, sale_id in of.items()
        if sale_id in refunded
    }


_REACHED = """
select distinct referral_id from referrals_stage_change
 where referral_id = any(%s::uuid[]) and to_kind = %s and at <= %s
"""

# Moments and repeated ids as text: read once per batch or by fromisoformat, they take a tenth of the driver's time.
_PAYMENTS = """
select e.id, e.referral_id::text, e.partner_id::text, e.amount_minor, e.currency, e.booked_at::text, e.booked_on,
       e.payment_no, e.refunded_minor, r.program_id::text, r.registered_at::text
  from referrals_revenue_event e
  join referrals_referral r on r.tenant_id = e.tenant_id and r.id = e.referral_id and r.declined_at is null
 where e.id = any(%s::uuid[]) and e.kind in ('sale', 'renewal', 'expansion')
 order by e.id for no key update of e
"""

_FIRST_DAYS = """
select referral_id, min(booked_on) from referrals_revenue_event
 where referral_id = any(%s::uuid[]) and payment_no = 1 group by referral_id
"""

_SALES = """
select distinct on (referral_id) referral_id, id from referrals_revenue_event
 where referral_id = any(%s::uuid[]) and payment_no = 1 and source in ('won', 'import')
 order by referral_id, booked_at, id
"""

_LOCKED_SALES = """
select id, refunded_minor from referrals_revenue_event where id = any(%s::uuid[]) order by id for no key update
"""

_MILESTONES = """
select distinct on (r.id) r.id, r.partner_id, r.program_id, r.registered_at, r.currency, c.at,
       coalesce(c.deal_minor, r.deal_minor, 0)
  from referrals_referral r
  join referrals_stage_change c on c.tenant_id = r.tenant_id and c.referral_id = r.id and c.to_kind = %s
 where r.id = any(%s::uuid[]) and r.declined_at is null
 order by r.id, c.at, c.id
"""

_NEXT = """
select s.id from {table} s where s.tenant_id = %(tenant)s{where} order by s.id limit %(limit)s
"""

_BOOKED = """
select source_id from commissions_accrual where source_kind = %s and source_id = any(%s::uuid[])
"""
