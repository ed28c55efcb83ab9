"""What is owed to partners at the end of any day, as the books knew it at any moment: amounts, age, what is coming.

Two clocks. A day says what had happened: the day it was booked, or the day it was earned (for commissions, and for what
refunds take back). A moment says what was known: everything recorded later is left out. What was recorded is never
changed, so a question asked again gives the same answer.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from commissions.ledger.rules import period_of
from commissions.ledger.selectors import PartnerBalance, tenant_zone
from prm.money import Money
from prm.tenancy.scope import current_scope

# The upper ends of the ages in days; the last one is open.
AGES = (30, 60, 90)
# Later months are one.
MONTHS_AHEAD = 6


@dataclass(frozen=True)
class AsOf:
    """A question: at the end of which day, known at which moment (None: now), counted by which day."""

    on: date
    known_at: datetime | None = None
    by_earned: bool = False


def as_of_from(params: Mapping[str, Any]) -> AsOf:
    """Read a question of ISO days, as forms and jobs hold it: on, known (empty: now), by ("earned" or booked)."""
    known = date.fromisoformat(str(params["known"])) if params.get("known") else None
    return AsOf(
        on=date.fromisoformat(str(params["on"])),
        known_at=datetime.combine(known + timedelta(days=1), time(), tenant_zone())
        if known
        else None,
        by_earned=params.get("by") == "earned",
    )


@dataclass(frozen=True)
class Owed:
    """One partner's balance in one currency."""

    partner_id: UUID
    name: str
    balance: PartnerBalance


@dataclass(frozen=True)
class Coming:
    """What leaves its hold in a month; None is what is overdue, or has no date."""

    month: date | None
    minor: int


@dataclass
class CurrencyView:
    """Everything about one currency, in minor units; sums of other currencies are never in it."""

    total: PartnerBalance
    partner_count: int = 0
    # By age of what is payable, youngest first; they add up to what is payable, without what is below zero.
    ages: list[int] = field(default_factory=lambda: [0] * (len(AGES) + 1))
    below_zero: int = 0
    # What leaves its hold, by month; adds up to what is on hold.
    due: int = 0
    coming: list[Coming] = field(default_factory=list)
    undated: int = 0


@dataclass(frozen=True)
class Liability:
    """The answer: balances by partner, largest first, and one view per currency."""

    as_of: AsOf
    rows: list[Owed]
    currencies: list[CurrencyView]


@transaction.atomic
def liability(as_of: AsOf) -> Liability:
    """Return what is owed to partners; partners whose balances are all nothing are left out.

    A question about today is answered from the balances that the ledger keeps; any other one adds up its transfers.
    """
    values: dict[str, Any] = {
        "tenant": current_scope().tenant_id,
        "on": as_of.on,
        "period": period_of(as_of.on),
        "known": as_of.known_at,
        "earned": as_of.by_earned,
        "zone": str(tenant_zone()),
    }
    with connection.cursor() as cursor:
        is_now = as_of.known_at is None and not as_of.by_earned
        if is_now:
            cursor.execute(_LATER, values)
            is_now = not cursor.fetchone()[0]
        if not is_now:
            cursor.execute("drop table if exists pg_temp.liability_moves")
            cursor.execute(_MOVES, values)
            cursor.execute("analyze liability_moves")
        standing, aged, released = _NOW if is_now else _THEN
        cursor.execute(standing, values)
        rows = [Owed(row[0], row[1], PartnerBalance(*row[2:])) for row in cursor.fetchall()]
        cursor.execute(aged, values)
        ages = cursor.fetchall()
        cursor.execute(released, values)
        coming = cursor.fetchall()
        if not is_now:
            cursor.execute("drop table pg_temp.liability_moves")
    views = _views(rows)
    for currency, age, minor in ages:
        views[currency].ages[sum(age > end for end in AGES)] += int(minor)
    _place(views, coming, as_of.on)
    ordered = sorted(rows, key=lambda row: (-abs(row.balance.owed), row.name, row.balance.currency))
    return Liability(as_of, ordered, [views[currency] for currency in sorted(views)])


def amounts_of(balance: PartnerBalance) -> list[str | Money]:
    """Return a balance as the cells of a report: currency, its parts, what is owed."""
    parts = ("pending", "payable", "in_payout", "disputed", "deferred", "owed")
    return [
        balance.currency,
        *(Money(getattr(balance, part), balance.currency) for part in parts),
    ]


def _views(rows: list[Owed]) -> dict[str, CurrencyView]:
    by_currency: dict[str, list[PartnerBalance]] = defaultdict(list)
    for row in rows:
        by_currency[row.balance.currency].append(row.balance)
    return {
        currency: CurrencyView(
            total=PartnerBalance(
                currency,
                *(
                    sum(getattr(balance, part) for balance in balances)
                    for part in ("pending", "payable", "in_payout", "disputed", "deferred")
                ),
            ),
            partner_count=len(balances),
            below_zero=sum(min(balance.payable, 0) for balance in balances),
        )
        for currency, balances in by_currency.items()
    }


def _place(views: dict[str, CurrencyView], coming: list[Any], on: date) -> None:
    months = _months_ahead(on)
    found: dict[str, dict[date, int]] = defaultdict(lambda: dict.fromkeys(months, 0))
    for currency, ready_on, minor in coming:
        if ready_on <= on:
            views[currency].due += int(minor)
        else:
            month = min(ready_on.replace(day=1), months[-1])
            found[currency][month] += int(minor)
    for currency, view in views.items():
        view.coming = [Coming(month, found[currency][month]) for month in months]
        view.undated = view.total.pending - view.due - sum(row.minor for row in view.coming)


def _months_ahead(on: date) -> list[date]:
    months = [on.replace(day=1)]
    while len(months) <= MONTHS_AHEAD:
        months.append((months[-1].replace(day=28) + timedelta(days=5)).replace(day=1))
    return months


_MOVES = """
create temp table liability_moves on commit drop as
select t.id, t.debit_account_id, t.credit_account_id, t.amount_minor,
       case when %(earned)s and x.id is not null then x.earned_on
            when %(earned)s and e.id is not null then least(e.booked_on, t.booked_on)
            else t.booked_on end as valid_on
  from commissions_transfer t
  left join commissions_accrual x on %(earned)s and x.tenant_id = t.tenant_id and x.transfer_id = t.id
  left join commissions_clawback c on %(earned)s and c.tenant_id = t.tenant_id and c.transfer_id = t.id
  left join referrals_revenue_event e on e.tenant_id = c.tenant_id and e.id = c.refund_id
 where t.tenant_id = %(tenant)s and (%(known)s::timestamptz is null or t.recorded_at <= %(known)s::timestamptz)
   and case when %(earned)s and x.id is not null then x.earned_on
            when %(earned)s and e.id is not null then least(e.booked_on, t.booked_on)
            else t.booked_on end <= %(on)s
"""

_SIDES = """
(select credit_account_id as account_id, id, valid_on, amount_minor as minor from liability_moves
 union all
 select debit_account_id, id, valid_on, -amount_minor from liability_moves)
"""

_STANDING = """
select p.id, p.name, s.currency, s.pending, s.payable, s.in_payout, s.disputed, s.deferred
  from (select a.partner_id, a.currency,
               coalesce(sum(m.minor) filter (where a.kind = 'pending'), 0)::bigint as pending,
               coalesce(sum(m.minor) filter (where a.kind = 'payable'), 0)::bigint as payable,
               coalesce(sum(m.minor) filter (where a.kind = 'in_payout'), 0)::bigint as in_payout,
               coalesce(sum(m.minor) filter (where a.kind = 'disputed'), 0)::bigint as disputed,
               coalesce(sum(m.minor) filter (where a.kind = 'deferred'), 0)::bigint as deferred
          from {sides} m
          join commissions_account a on a.tenant_id = %(tenant)s and a.id = m.account_id and a.partner_id is not null
         group by a.partner_id, a.currency) s
  join partners_partner p on p.tenant_id = %(tenant)s and p.id = s.partner_id
 where (s.pending, s.payable, s.in_payout, s.disputed, s.deferred) <> (0, 0, 0, 0, 0)
"""

# What is left is the newest: payments take the oldest first.
_AGES = f"""
with sides as (
  select m.* from {_SIDES} m
    join commissions_account a on a.tenant_id = %(tenant)s and a.id = m.account_id and a.kind = 'payable'
), above as (
  select account_id, sum(minor) as balance from sides group by account_id having sum(minor) > 0
), credits as (
  select s.account_id, s.valid_on, s.minor, b.balance,
         coalesce(sum(s.minor) over (partition by s.account_id order by s.valid_on desc, s.id desc
                                     rows between unbounded preceding and 1 preceding), 0) as newer
    from sides s join above b using (account_id) where s.minor > 0
)
select a.currency, %(on)s - c.valid_on, sum(greatest(0, least(c.minor, c.balance - c.newer)))
  from credits c join commissions_account a on a.tenant_id = %(tenant)s and a.id = c.account_id
 where c.balance > c.newer group by 1, 2
"""  # noqa: S608  built of constants

_COMING = """
select a.currency, (a.payable_at at time zone %(zone)s)::date, sum(a.amount_minor - coalesce(b.minor, 0))
  from commissions_accrual a
  join liability_moves m on m.id = a.transfer_id
  left join (select c.accrual_id, sum(c.amount_minor) as minor
               from commissions_clawback c
               join liability_moves w on w.id = c.transfer_id
               join commissions_account d on d.tenant_id = c.tenant_id and d.id = w.debit_account_id
              where c.tenant_id = %(tenant)s and d.kind = 'pending' group by c.accrual_id) b on b.accrual_id = a.id
 where a.tenant_id = %(tenant)s and a.amount_minor > coalesce(b.minor, 0)
   and not exists (select from commissions_release r join liability_moves w on w.id = r.transfer_id
                    where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
 group by 1, 2
"""

# Whether anything is booked on a later day. What is booked late stands in a later month than its day, never an earlier.
_LATER = """
select exists (select from commissions_transfer
                where tenant_id = %(tenant)s and period >= %(period)s and booked_on > %(on)s)
"""

_BALANCES = """
(select id as account_id, credits_minor - debits_minor as minor from commissions_balance where tenant_id = %(tenant)s)
"""

_AGES_NOW = """
with above as (
  select a.id, a.currency, b.credits_minor - b.debits_minor as balance
    from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
   where a.tenant_id = %(tenant)s and a.kind = 'payable' and b.credits_minor > b.debits_minor
), credits as (
  select b.currency, b.balance, t.booked_on, t.amount_minor as minor,
         coalesce(sum(t.amount_minor) over (partition by b.id order by t.booked_on desc, t.id desc
                                            rows between unbounded preceding and 1 preceding), 0) as newer
    from above b join commissions_transfer t on t.tenant_id = %(tenant)s and t.credit_account_id = b.id
)
select currency, %(on)s - booked_on, sum(least(minor, balance - newer)) from credits where balance > newer group by 1, 2
"""

_COMING_NOW = """
select a.currency, (a.payable_at at time zone %(zone)s)::date, sum(a.amount_minor - coalesce(b.minor, 0))
  from commissions_accrual a
  left join (select c.accrual_id, sum(c.amount_minor) as minor
               from commissions_clawback c
               join commissions_transfer w on w.tenant_id = c.tenant_id and w.id = c.transfer_id
               join commissions_account d on d.tenant_id = c.tenant_id and d.id = w.debit_account_id
              where c.tenant_id = %(tenant)s and d.kind = 'pending' group by c.accrual_id) b on b.accrual_id = a.id
 where a.tenant_id = %(tenant)s and a.amount_minor > coalesce(b.minor, 0)
   and not exists (select from commissions_release r where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
 group by 1, 2
"""

# Balances, ages and what leaves its hold: of now, and of any other question.
_NOW = (_STANDING.replace("{sides}", _BALANCES), _AGES_NOW, _COMING_NOW)
_THEN = (_STANDING.replace("{sides}", _SIDES), _AGES, _COMING)
