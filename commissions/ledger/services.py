"""The one place that writes the books: accounts are opened here, transfers posted, balances kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from commissions.ledger.models import PARTNER_KINDS, Account, AccountKind, Transfer
from commissions.ledger.rules import booking_period
from commissions.ledger.selectors import closed_through, tenant_zone
from prm.money import Money
from prm.tenancy.keys import KeyReused
from prm.tenancy.scope import current_scope
from prm.tenancy.staging import staged

# (kind, partner or None for the tenant's own accounts, currency)
AccountName = tuple[str, UUID | None, str]
# Fewer transfers than this are sent as parameters, more are copied.
FEW = 50


class AlreadyReversed(ValueError):
    """The transfer was taken back before under another key."""


@dataclass(frozen=True, slots=True)
class NewTransfer:
    """A movement to post: from the debited account to the credited one; a positive amount in minor units.

    booked_at: aware UTC; the day is computed from it in the tenant's zone, and so is the period: the day's month, or
    the first open one when that month is closed.
    """

    kind: str
    key: str
    journal: str
    debit: AccountName
    credit: AccountName
    amount_minor: int
    booked_at: datetime
    partner_id: UUID | None = None
    reverses_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one wanted transfer; `is_new` is false when an earlier one was found by its key."""

    id: int
    is_new: bool


def account_of(kind: str, currency: str, partner_id: UUID | None = None) -> Account:
    """Return the account of the chart, opened on first use."""
    name = (str(kind), partner_id, currency)
    return Account.objects.get(id=accounts_of([name])[name])


def accounts_of(names: Iterable[AccountName]) -> dict[AccountName, int]:
    """Return the ids of accounts, opening those that are missing, all in one statement each way."""
    wanted = sorted(
        {(str(k), p, c) for k, p, c in names}, key=lambda name: (name[0], str(name[1]), name[2])
    )
    for kind, partner_id, _currency in wanted:
        if (kind in PARTNER_KINDS) != (partner_id is not None):
            raise ValueError(
                f"a {kind} account belongs to {'a partner' if kind in PARTNER_KINDS else 'the tenant'}"
            )
    found = _existing_accounts(wanted)
    if missing := [name for name in wanted if name not in found]:
        with connection.cursor() as cursor:
            cursor.execute(_OPEN_ACCOUNTS, _columns(missing))
        found = _existing_accounts(wanted)
    return found


def post_transfer(
    *,
    kind: str,
    key: str,
    journal: str,
    debit: Account,
    credit: Account,
    amount: Money,
    at: datetime,
    partner_id: UUID | None = None,
    reverses: Transfer | None = None,
) -> Transfer:
    """Move money from one account to another, once.

    key: natural key; a repeat with the same facts returns the first transfer and writes nothing.
    at: aware UTC moment of booking; it is not one of the compared facts.
    Raises KeyReused when the key stands for other facts, AlreadyReversed when `reverses` was taken back before.
    """
    if not amount.currency == debit.currency == credit.currency:
        raise ValueError(
            f"{amount.currency} between accounts of {debit.currency} and {credit.currency}"
        )
    wanted = NewTransfer(
        kind=kind,
        key=key,
        journal=journal,
        debit=(debit.kind, debit.partner_id, debit.currency),
        credit=(credit.kind, credit.partner_id, credit.currency),
        amount_minor=amount.minor,
        booked_at=at,
        partner_id=partner_id,
        reverses_id=reverses.id if reverses else None,
    )
    return Transfer.objects.get(id=post_staged([wanted])[0].id)


@transaction.atomic
def post_staged(transfers: Sequence[NewTransfer]) -> list[Posted]:
    """Post many transfers and move their balances in one statement; the answer has the order of the input.

    Transfers whose key is in the books already are left alone. Balance rows are locked in the order of
    their accounts, so that two batches never wait for each other in a circle. A closing under way is waited for.
    Raises KeyReused when any key stands for other facts, AlreadyReversed when a reversed one was taken back before.
    """
    if not transfers:
        return []
    if len({transfer.key for transfer in transfers}) != len(transfers):
        raise KeyReused("one key twice in a batch")
    accounts = accounts_of(
        name for transfer in transfers for name in (transfer.debit, transfer.credit)
    )
    reversals = [transfer for transfer in transfers if transfer.reverses_id]
    if reversals:
        _refuse_second_reversal(reversals)
    zone = tenant_zone()
    days = {at: at.astimezone(zone).date() for at in {transfer.booked_at for transfer in transfers}}
    hold_periods_open()
    closed = closed_through()
    rows = (
        (
            transfer.kind,
            transfer.key,
            transfer.journal,
            accounts[transfer.debit],
            accounts[transfer.credit],
            transfer.amount_minor,
            transfer.debit[2],
            transfer.partner_id,
            transfer.booked_at,
            days[transfer.booked_at],
            booking_period(days[transfer.booked_at], closed),
            transfer.reverses_id,
        )
        for transfer in transfers
    )
    if len(transfers) < FEW:
        # A temporary table costs more than it saves.
        with connection.cursor() as cursor:
            cursor.execute(
                (_POST + _POSTED).replace("/*source*/", _ARRAYS),
                [list(column) for column in zip(*rows, strict=True)],
            )
            posted = dict(cursor.fetchall())
    else:
        with staged("ledger_staged", _COLUMNS, rows), connection.cursor() as cursor:
            cursor.execute((_POST + _POSTED).replace("/*source*/", "ledger_staged"))
            posted = dict(cursor.fetchall())
    repeated = [transfer for transfer in transfers if transfer.key not in posted]
    earlier = _earlier(repeated, accounts) if repeated else {}
    return [
        Posted(posted[transfer.key], is_new=True)
        if transfer.key in posted
        else Posted(earlier[transfer.key], is_new=False)
        for transfer in transfers
    ]


def post_selected(selected: str, params: Sequence[Any], *, booked_at: datetime) -> int:
    """Post a movement per row of a statement over staged rows, as post_staged does; return how many were new.

    selected: SELECT of kind, key, journal, debit_id, credit_id, amount_minor, currency, partner_id; a constant of the
    code, over accounts that were opened. Ids by key are in the temporary table ledger_posted, dropped by the caller or
    at the commit; a key that was in the books already is not in it, and the caller asks why.
    """
    day = booked_at.astimezone(tenant_zone()).date()
    hold_periods_open()
    period = booking_period(day, closed_through())
    with connection.cursor() as cursor:
        cursor.execute("create temp table ledger_posted (key text, id bigint) on commit drop")
        source = "(" + _SELECTED.replace("/*selected*/", selected) + ")"
        cursor.execute(
            (_POST + _KEPT).replace("/*source*/", source), [booked_at, day, period, *params]
        )
        return int(cursor.rowcount)


def reversal_of(
    transfer: Transfer, *, key: str, at: datetime, kind: str = "reversal"
) -> NewTransfer:
    """Return the movement that takes back a whole transfer."""
    names = {
        account.id: (account.kind, account.partner_id, account.currency)
        for account in Account.objects.filter(
            id__in=[transfer.debit_account_id, transfer.credit_account_id]
        )
    }
    return NewTransfer(
        kind=kind,
        key=key,
        journal=transfer.journal,
        debit=names[transfer.credit_account_id],
        credit=names[transfer.debit_account_id],
        amount_minor=transfer.amount_minor,
        booked_at=at,
        partner_id=transfer.partner_id,
        reverses_id=transfer.id,
    )


def reverse_transfer(
    *, transfer: Transfer, key: str, at: datetime, kind: str = "reversal"
) -> Transfer:
    """Take back a whole transfer, once, by its mirror image.

    A repeat with the same key returns the first. Raises AlreadyReversed under another key.
    """
    return Transfer.objects.get(
        id=post_staged([reversal_of(transfer, key=key, at=at, kind=kind)])[0].id
    )


def hold_periods_open() -> None:
    """Keep every month open that is open now until the transaction ends; waits for a closing under way.

    Whoever closes takes the same lock alone (commissions.closing); a trigger on transfers takes it again.
    """
    _lock_periods("pg_advisory_xact_lock_shared")


def keep_posters_out() -> None:
    """Let nobody post until the transaction ends; waits for those who are posting."""
    _lock_periods("pg_advisory_xact_lock")


def _lock_periods(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {name}(hashtextextended('commissions.closing', %s))",
            [current_scope().tenant_id],
        )


def lock_balances(*, partner_ids: Iterable[UUID], currency: str | None = None) -> None:
    """Hold the partners' balance rows until the transaction ends: nothing of theirs is posted meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(partner_ids), currency])


def _columns(names: Sequence[AccountName]) -> list[list[str] | list[UUID | None]]:
    return [[n[0] for n in names], [n[1] for n in names], [n[2] for n in names]]


def _existing_accounts(names: Sequence[AccountName]) -> dict[AccountName, int]:
    kinds, partners = (
        list({name[0] for name in names}),
        list({name[1] for name in names if name[1]}),
    )
    with connection.cursor() as cursor:
        cursor.execute(_FIND_ACCOUNTS, {"kinds": kinds, "partners": partners})
        return {
            (kind, partner_id, currency): id_
            for id_, kind, partner_id, currency in cursor.fetchall()
        }


def _refuse_second_reversal(reversals: Sequence[NewTransfer]) -> None:
    keys = {transfer.reverses_id: transfer.key for transfer in reversals}
    for found in Transfer.objects.filter(reverses_id__in=keys).values("reverses_id", "key"):
        if found["key"] != keys[found["reverses_id"]]:
            raise AlreadyReversed(
                f"transfer {found['reverses_id']} was taken back by {found['key']}"
            )


def _earlier(repeated: Sequence[NewTransfer], accounts: dict[AccountName, int]) -> dict[str, int]:
    """Return the ids of transfers found by key, refusing those that say something else."""
    rows = {
        row.key: row
        for row in Transfer.objects.filter(key__in=[transfer.key for transfer in repeated])
    }
    for transfer in repeated:
        row = rows[transfer.key]
        found = (
            row.kind,
            row.debit_account_id,
            row.credit_account_id,
            row.amount_minor,
            row.partner_id,
            row.reverses_id,
        )
        wanted = (
            transfer.kind,
            accounts[transfer.debit],
            accounts[transfer.credit],
            transfer.amount_minor,
            transfer.partner_id,
            transfer.reverses_id,
        )
        if found != wanted:
            raise KeyReused(
                f"{transfer.key} stands for other facts (tenant {current_scope().tenant_id})"
            )
    return {key: row.id for key, row in rows.items()}


_FIND_ACCOUNTS = """
select a.id, a.kind, a.partner_id, a.currency from commissions_account a
 where a.partner_id = any(%(partners)s::uuid[]) and a.kind = any(%(kinds)s::text[])
union all
select a.id, a.kind, a.partner_id, a.currency from commissions_account a
 where a.partner_id is null and a.kind = any(%(kinds)s::text[])
"""

_OPEN_ACCOUNTS = """
insert into commissions_account (kind, partner_id, currency)
select w.kind, w.partner_id, w.currency from unnest(%s::text[], %s::uuid[], %s::text[]) w (kind, partner_id, currency)
on conflict do nothing
"""

_COLUMNS = {
    "kind": "text",
    "key": "text",
    "journal": "text",
    "debit_id": "bigint",
    "credit_id": "bigint",
    "amount_minor": "bigint",
    "currency": "text",
    "partner_id": "uuid",
    "booked_at": "timestamptz",
    "booked_on": "date",
    "period": "int",
    "reverses_id": "bigint",
}

_ARRAYS = "(select * from unnest({casts}) x ({names}))".format(  # noqa: S608  built of constants
    casts=", ".join(f"%s::{kind}[]" for kind in _COLUMNS.values()), names=", ".join(_COLUMNS)
)

# The sums are complete before the first balance row is touched, and the rows are touched in account order.
_POST = """
with posted as (
  insert into commissions_transfer (kind, key, journal, debit_account_id, credit_account_id, amount_minor, currency,
                                    partner_id, booked_at, booked_on, period, reverses_id)
  select kind, key, journal, debit_id, credit_id, amount_minor, currency, partner_id, booked_at, booked_on, period,
         reverses_id
    from /*source*/ w
   order by key
  on conflict (tenant_id, key) do nothing
  returning id, key, debit_account_id, credit_account_id, amount_minor
), moved as (
  select account_id, sum(debit) as debits, sum(credit) as credits
    from (select debit_account_id as account_id, amount_minor as debit, 0::bigint as credit from posted
          union all
          select credit_account_id, 0::bigint, amount_minor from posted) sides
   group by account_id
), kept as (
  insert into commissions_balance as balance (id, debits_minor, credits_minor)
  select account_id, debits, credits from moved order by account_id
  on conflict (tenant_id, id) do update
     set debits_minor = balance.debits_minor + excluded.debits_minor,
         credits_minor = balance.credits_minor + excluded.credits_minor
)
"""
_POSTED = "select key, id from posted"
_KEPT = "insert into ledger_posted select key, id from posted"
_SELECTED = """
select *, %s::timestamptz as booked_at, %s::date as booked_on, %s::int as period, null::bigint as reverses_id
  from (/*selected*/) rows
"""

_LOCK = """
select b.id from commissions_balance b join commissions_account a on a.tenant_id = b.tenant_id and a.id = b.id
 where a.partner_id = any(%s::uuid[]) and a.currency = coalesce(%s::text, a.currency)
 order by b.id for update of b
"""

__all__ = [
    "AccountKind",
    "AccountName",
    "AlreadyReversed",
    "KeyReused",
    "NewTransfer",
    "Posted",
    "account_of",
    "accounts_of",
    "hold_periods_open",
    "keep_posters_out",
    "lock_balances",
    "post_selected",
    "post_staged",
    "post_transfer",
    "reversal_of",
    "reverse_transfer",
]
