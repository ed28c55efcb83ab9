"""Reads of the ledger for the dashboards: what is owed, what is coming, what was paid."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True)
class Owed:
    """What one currency owes partners, in minor units; the parts add up to the liability."""

    currency: str
    on_hold_minor: int
    payable_minor: int
    in_payout_minor: int
    disputed_minor: int

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.on_hold_minor + self.payable_minor + self.in_payout_minor + self.disputed_minor


def owed_by_currency(partner_id: UUID | None = None) -> list[Owed]:
    """Return the balances of one partner, or of all partners together, per currency; largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select a.currency,
                   coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'pending'), 0)::bigint,
                   coalesce(sum(b.credits_minor - b.debits_minor)
                     filter (where a.kind in ('payable', 'deferred')), 0)::bigint,
                   coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'in_payout'), 0)::bigint,
                   coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'disputed'), 0)::bigint
              from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
             where a.partner_id is not null and (%s::uuid is null or a.partner_id = %s::uuid)
             group by a.currency order by sum(b.credits_minor) desc, a.currency""",
            [partner_id, partner_id],
        )
        return [Owed(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Payable:
    """What a run could pay now in one currency."""

    currency: str
    partner_count: int
    amount_minor: int


def payable_now() -> list[Payable]:
    """Return how many partners have a positive payable balance and how much it is, per currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select a.currency, count(*), sum(b.credits_minor - b.debits_minor)::bigint
              from commissions_account a join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
             where a.kind = 'payable' and b.credits_minor > b.debits_minor
             group by a.currency order by 3 desc""",
        )
        return [Payable(*row) for row in cursor.fetchall()]


def releases_by_month(
    currency: str, months: list[date], zone: str, partner_id: UUID | None = None
) -> list[int]:
    """Return what leaves its hold in each month, in minor units, net of what was taken back.

    Anything overdue counts in the first month; what ends after the last month is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select greatest(date_trunc('month', a.payable_at at time zone %(zone)s)::date, %(first)s::date),
                   sum(a.amount_minor - a.clawed_minor)::bigint
              from commissions_accrual a
             where a.currency = %(currency)s and (%(partner)s::uuid is null or a.partner_id = %(partner)s::uuid)
               and not exists (select from commissions_release r
                                where r.tenant_id = a.tenant_id and r.accrual_id = a.id)
             group by 1""",
            {"zone": zone, "first": months[0], "currency": currency, "partner": partner_id},
        )
        found = dict(cursor.fetchall())
    return [int(found.get(month, 0)) for month in months]


def next_release(partner_id: UUID, currency: str, after: datetime) -> datetime | None:
    """Return when the next of the partner's rewards becomes payable after a moment; None when no day says so.

    What is kept back for another reason than its hold, such as a review, has no day.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select min(a.payable_at) from commissions_accrual a
             where a.partner_id = %s and a.currency = %s and a.clawed_minor < a.amount_minor
               and a.payable_at > %s
               and not exists (select from commissions_release r
                                where r.tenant_id = a.tenant_id and r.accrual_id = a.id)""",
            [partner_id, currency, after],
        )
        found = cursor.fetchone()[0]
        return found if isinstance(found, datetime) else None


def paid_by_month(
    currency: str, months: list[date], zone: str, partner_id: UUID | None = None
) -> list[int]:
    """Return what was settled in each month, in minor units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select date_trunc('month', p.settled_at at time zone %(zone)s)::date, sum(p.amount_minor)::bigint
              from commissions_payout p
             where p.state = 'settled' and p.currency = %(currency)s and p.settled_at >= %(first)s::date - 2
               and (%(partner)s::uuid is null or p.partner_id = %(partner)s::uuid)
             group by 1""",
            {"zone": zone, "currency": currency, "first": months[0], "partner": partner_id},
        )
        found = dict(cursor.fetchall())
    return [int(found.get(month, 0)) for month in months]


def books_balance() -> bool:
    """Tell whether debits equal credits in every currency; verify_ledger proves the rest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select count(*) from (
              select a.currency from commissions_account a
                join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
               group by a.currency having sum(b.debits_minor) <> sum(b.credits_minor)) wrong""",
        )
        return bool(cursor.fetchone()[0] == 0)
