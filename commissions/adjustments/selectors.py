"""What stands below zero, at which rate currencies were exchanged, and what fees came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from commissions.adjustments.models import DeductionCap, ExchangeRate, WriteOff, WriteOffState
from commissions.adjustments.rules import converted
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.selectors import balances_of
from prm.money import Money

# A rate older than this is none: nobody wants last year's.
RATE_DAYS = 7


class NoRate(LookupError):
    """There is no rate for the pair of currencies on the day or in the week before; none is guessed."""

    def __init__(self, from_currency: str, to_currency: str, on: date) -> None:
        super().__init__(f"{from_currency} to {to_currency} on {on}")
        self.from_currency, self.to_currency, self.on = from_currency, to_currency, on


@dataclass(frozen=True)
class Debt:
    """A partner whose balance is below zero in one currency; both amounts positive, in minor units."""

    partner_id: UUID
    name: str
    state: str
    currency: str
    # What it owes now: what is payable, below zero, and what is deferred, less what is still coming.
    debt_minor: int
    # On hold: what will make up for it.
    coming_minor: int
    # Since when: the day of the oldest movement after which the account stayed below zero.
    since: date


def debts(partner_id: UUID | None = None) -> list[Debt]:
    """Return who owes the vendor money, largest first; of one partner when given."""
    with connection.cursor() as cursor:
        cursor.execute(_DEBTS, {"partner": partner_id})
        return [Debt(*row) for row in cursor.fetchall()]


def rate_on(from_currency: str, to_currency: str, on: date) -> ExchangeRate:
    """Return the newest rate of the day, or of the nearest day in the week before it. Raises NoRate."""
    found = (
        ExchangeRate.objects.filter(
            from_currency=from_currency, to_currency=to_currency, rated_on__lte=on
        )
        .order_by("-rated_on", "-id")
        .first()
    )
    if found is None or (on - found.rated_on).days > RATE_DAYS:
        raise NoRate(from_currency, to_currency, on)
    return found


def rates_on(from_currency: str, on: date) -> list[ExchangeRate]:
    """Return the rate from a currency into each other that rate_on would take on a day, by currency."""
    rows = ExchangeRate.objects.filter(
        from_currency=from_currency, rated_on__range=(on - timedelta(days=RATE_DAYS), on)
    ).order_by("to_currency", "-rated_on", "-id")
    return list(rows.distinct("to_currency"))


def restated(amounts: list[Money], to_currency: str, on: date) -> tuple[Money, list[ExchangeRate]]:
    """Return what amounts in several currencies come to in one, and the rates used: a figure to read, never booked.

    Each amount is rounded for itself. Raises NoRate when one of them has no rate.
    """
    total, used = 0, []
    for amount in amounts:
        if amount.currency == to_currency:
            total += amount.minor
            continue
        rate = rate_on(amount.currency, to_currency, on)
        total += converted(amount, to_currency, rate.rate).minor
        used.append(rate)
    return Money(total, to_currency), used


def fees_of(journal: str) -> list[Money]:
    """Return the fees booked for one payment ("payout:<number>"), by currency."""
    rows = (
        Transfer.objects.filter(kind="fee", journal=journal)
        .values("currency")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency")
    )
    return [Money(row["total"], row["currency"]) for row in rows]


def fees_between(from_on: date, until_on: date) -> list[Money]:
    """Return the fees booked from one day to another, both inclusive, by currency; a cost of the program."""
    rows = (
        Transfer.objects.filter(
            kind="fee",
            booked_on__range=(from_on, until_on),
            debit_account__kind=AccountKind.FEES,
        )
        .values("currency")
        .annotate(total=Sum("amount_minor"))
        .order_by("currency")
    )
    return [Money(row["total"], row["currency"]) for row in rows]


def caps() -> dict[UUID, int]:
    """Return how much of a payout each program deducts at most, in percent; programs without a cap are not in it."""
    return dict(DeductionCap.objects.filter(percent__lt=100).values_list("program_id", "percent"))


def asked_write_offs() -> list[WriteOff]:
    """Return the write-offs that wait for a second person, oldest first."""
    return list(
        WriteOff.objects.filter(state=WriteOffState.ASKED)
        .select_related("partner", "asked_by")
        .order_by("asked_at", "id")
    )


@dataclass(frozen=True)
class Convertible:
    """What is payable to a partner in a currency and waits in no run, in minor units."""

    partner_id: UUID
    name: str
    currency: str
    payable_minor: int


def convertible(currency: str) -> list[Convertible]:
    """Return what is payable in other currencies than the vendor's own, largest first, at most a hundred."""
    with connection.cursor() as cursor:
        cursor.execute(_CONVERTIBLE, [currency])
        return [Convertible(*row) for row in cursor.fetchall()]


def payable_in(partner_id: UUID, currency: str) -> Money:
    """Return what is payable to a partner in a currency and waits in no run; below zero when more is claimed."""
    claimed = claimed_by_runs([partner_id]).get((partner_id, currency), 0)
    return Money(balances_of(partner_id, currency).payable - claimed, currency)


def claimed_by_runs(partner_ids: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """Return what runs that wait for approval will take of partners' balances, in minor units by currency.

    It is payable until then; who takes something else out of these balances leaves it there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED, [list(partner_ids)])
        return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


_DEBTS = """
select p.id, p.name, p.state, s.currency, -s.owing, s.coming,
       coalesce((select min(t.booked_on) from commissions_transfer t
                  where t.tenant_id = s.tenant_id and t.debit_account_id = s.payable_id and t.kind <> 'payout'
                    and t.id > coalesce((select max(y.id) from commissions_transfer y
                                          where y.tenant_id = s.tenant_id and y.debit_account_id = s.payable_id
                                            and y.kind = 'payout'), 0)), current_date)
  from (select a.tenant_id, a.partner_id, a.currency,
               max(a.id) filter (where a.kind = 'payable') as payable_id,
               sum(b.credits_minor - b.debits_minor) filter (where a.kind in ('payable', 'deferred'))::bigint as owing,
               coalesce(sum(b.credits_minor - b.debits_minor) filter (where a.kind = 'pending'), 0)::bigint as coming
          from commissions_account a
          join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
         where a.partner_id is not null and (%(partner)s::uuid is null or a.partner_id = %(partner)s::uuid)
         group by 1, 2, 3) s
  join partners_partner p on p.tenant_id = s.tenant_id and p.id = s.partner_id
 where s.owing < 0
 order by s.owing, p.name
"""

# Asked of the table, not of the model: payouts stand above adjustments.
_CLAIMED = """
select o.partner_id, o.currency, sum(o.amount_minor)::bigint from commissions_payout o
 where o.partner_id = any(%s::uuid[]) and o.state = 'prepared' group by 1, 2
"""

_CONVERTIBLE = """
select p.id, p.name, a.currency, b.credits_minor - b.debits_minor - o.claimed_minor
  from commissions_account a
  join commissions_balance b on b.tenant_id = a.tenant_id and b.id = a.id
  join partners_partner p on p.tenant_id = a.tenant_id and p.id = a.partner_id
  join lateral (
       select coalesce(sum(x.amount_minor), 0)::bigint as claimed_minor from commissions_payout x
        where x.tenant_id = a.tenant_id and x.partner_id = a.partner_id and x.currency = a.currency
          and x.state = 'prepared') o on true
 where a.kind = 'payable' and a.currency <> %s and b.credits_minor - b.debits_minor > o.claimed_minor
 order by 4 desc, p.name limit 100
"""
