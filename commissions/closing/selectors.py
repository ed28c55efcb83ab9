"""Months and what was booked in them: totals, fingerprints by day, what stands in the way of closing."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import connection
from django.db.models import Min

from commissions.adjustments.models import WriteOff, WriteOffState
from commissions.ledger.models import ClosedPeriod, Transfer
from commissions.ledger.rules import first_day, last_day, next_period, period_of
from commissions.ledger.selectors import closed_through, tenant_zone
from prm.tenancy.scope import current_scope

# What a month's totals are made of, in minor units; `other` is signed for the partners.
PARTS = ("earned", "taken_back", "paid", "returned", "other", "debits", "credits", "owed")
Totals = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Check:
    """One thing looked at before a month is closed; `stops` says whether it stands in the way."""

    code: str
    count: int
    stops: bool

    @property
    def is_fine(self) -> bool:
        """Nothing to be seen to."""
        return self.count == 0


@dataclass(frozen=True)
class Month:
    """One month of the books; `closed` is the row of a closed one."""

    period: int
    totals: Totals
    transfer_count: int
    closed: ClosedPeriod | None = None
    is_over: bool = True
    is_next: bool = False


def first_period() -> int | None:
    """Return the month of the first transfer, None in empty books."""
    first: int | None = Transfer.objects.aggregate(first=Min("period"))["first"]
    return first


def months(*, now: datetime) -> list[Month]:
    """Return every month from the first transfer to this one, newest first, with its totals per currency."""
    first = first_period()
    if first is None:
        return []
    closed = {
        row.period: row
        for row in ClosedPeriod.objects.defer("frozen", "days").select_related("closed_by")
    }
    through = max(closed, default=0)
    opened = open_totals(through, _owed(closed, through))
    today = now.astimezone(tenant_zone()).date()
    found, period, last = [], first, max(period_of(today), max(opened, default=0))
    owed: dict[str, int] = {}
    while period <= last:
        row = closed.get(period)
        totals, count = (row.totals, row.transfer_count) if row else opened.get(period, ({}, 0))
        totals = totals or {
            currency: dict.fromkeys(PARTS, 0) | {"owed": minor} for currency, minor in owed.items()
        }
        owed = {currency: parts["owed"] for currency, parts in totals.items()}
        found.append(
            Month(
                period=period,
                totals=totals,
                transfer_count=count,
                closed=row,
                is_over=last_day(period) < today,
                is_next=period == (next_period(through) if through else first),
            )
        )
        period = next_period(period)
    return found[::-1]


def _owed(closed: dict[int, ClosedPeriod], through: int) -> dict[str, int]:
    return (
        {currency: parts["owed"] for currency, parts in closed[through].totals.items()}
        if through
        else {}
    )


def open_totals(through: int, owed: dict[str, int]) -> dict[int, tuple[Totals, int]]:
    """Return totals and number of transfers of every month after one that has any, by month.

    through: the newest closed month, 0 for none. owed: what was owed at its end, by currency.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, {"tenant": current_scope().tenant_id, "through": through})
        rows = cursor.fetchall()
    found: dict[int, tuple[Totals, int]] = {}
    running = dict(owed)
    for period in sorted({row[0] for row in rows}):
        totals: Totals = {
            currency: dict.fromkeys(PARTS, 0) | {"owed": minor}
            for currency, minor in running.items()
        }
        count = 0
        for _, currency, transfers, *sums in (row for row in rows if row[0] == period):
            parts = dict(zip(PARTS, [int(value) for value in sums], strict=False))
            change = (
                parts["earned"] - parts["taken_back"] - parts["paid"] + parts["returned"]
            ) + parts["other"]
            running[currency] = running.get(currency, 0) + change
            totals[currency] = {**parts, "owed": running[currency]}
            count += transfers
        found[period] = (totals, count)
    return found


def fingerprints(period: int) -> dict[str, list[Any]]:
    """Return for each day of a month the number of its transfers and the SHA-256 over them, in order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"tenant": current_scope().tenant_id, "period": period})
        return {day.isoformat(): [count, digest] for day, count, digest in cursor.fetchall()}


def checks(period: int, *, now: datetime) -> list[Check]:
    """Return what is looked at before a month is closed, with how much of each was found."""
    zone = tenant_zone()
    end = datetime.combine(first_day(next_period(period)), time(), zone)
    first, through = first_period(), closed_through()
    earlier = _between(next_period(through) if through else first or period, period)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"tenant": current_scope().tenant_id, "end": end})
        runs, events, releases, sent = cursor.fetchone()
    asked = WriteOff.objects.filter(state=WriteOffState.ASKED, asked_at__lt=end).count()
    return [
        Check("booked", int(first is None or period < first), stops=True),
        Check("over", int(now < end), stops=True),
        Check("earlier", earlier, stops=True),
        Check("runs", runs, stops=True),
        Check("events", events, stops=True),
        Check("releases", releases, stops=False),
        Check("sent", sent, stops=False),
        Check("write_offs", asked, stops=False),
    ]


def _between(start: int, period: int) -> int:
    """Return how many months lie before one from a first one on."""
    return max(0, (period // 100 - start // 100) * 12 + period % 100 - start % 100)


# Both accounts say what a transfer means: between a partner and the cost it is earned or taken back, between a partner
# and the bank it is paid or returned, between a partner and anything else of the vendor's it is something other.
_TOTALS = """
select t.period, t.currency, count(*),
       coalesce(sum(t.amount_minor) filter (where d.kind = 'commission_expense' and c.partner_id is not null), 0),
       coalesce(sum(t.amount_minor) filter (where c.kind = 'commission_expense' and d.partner_id is not null), 0),
       coalesce(sum(t.amount_minor) filter (where c.kind = 'cash' and d.partner_id is not null), 0),
       coalesce(sum(t.amount_minor) filter (where d.kind = 'cash' and c.partner_id is not null), 0),
       coalesce(sum(case when d.partner_id is null then t.amount_minor else -t.amount_minor end)
                  filter (where (d.partner_id is null) <> (c.partner_id is null)
                            and d.kind not in ('commission_expense', 'cash')
                            and c.kind not in ('commission_expense', 'cash')), 0),
       sum(t.amount_minor), sum(t.amount_minor)
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
 where t.tenant_id = %(tenant)s and t.period > %(through)s
 group by t.period, t.currency order by t.period, t.currency
"""

_DAYS = """
select t.booked_on, count(*),
       encode(sha256(convert_to(string_agg(concat_ws('|', t.id, t.kind, t.key, t.journal, t.debit_account_id,
         t.credit_account_id, t.amount_minor, t.currency, coalesce(t.partner_id::text, '-'),
         extract(epoch from t.booked_at), coalesce(t.reverses_id::text, '-'), extract(epoch from t.recorded_at)),
         E'\\n' order by t.id), 'UTF8')), 'hex')
  from commissions_transfer t
 where t.tenant_id = %(tenant)s and t.period = %(period)s
 group by t.booked_on order by t.booked_on
"""

_WAITING = """
select (select count(*) from commissions_payout_run r
         where r.tenant_id = %(tenant)s and r.state in ('prepared', 'approved') and r.prepared_at < %(end)s),
       (select count(*) from prm_queued_event q join prm_event e on e.tenant_id = q.tenant_id and e.id = q.event_id
         where q.tenant_id = %(tenant)s and e.at < %(end)s
           and split_part(e.name, '.', 1) in ('referral', 'revenue', 'import', 'plan')),
       (select count(*) from commissions_accrual a
         where a.tenant_id = %(tenant)s and a.payable_at < %(end)s
           and not exists (select from commissions_release x
                            where x.tenant_id = a.tenant_id and x.accrual_id = a.id)),
       (select count(*) from commissions_payout p
          join commissions_payout_run r on r.tenant_id = p.tenant_id and r.id = p.run_id
         where p.tenant_id = %(tenant)s and p.state = 'exported' and r.exported_at < %(end)s)
"""
