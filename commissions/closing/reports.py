"""The reports of a month as rows: of transfers, which never change, and of words and names that a closing froze."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from django.db import connection

from commissions.closing.journals import journal_csv
from commissions.closing.rules import Frozen
from prm.money import Money
from prm.tenancy.scope import current_scope
from prm.web.exports import csv_lines, csv_value

CHUNK = 5_000


@dataclass(frozen=True)
class Proof:
    """What a report's CSV hashes to, and how many rows it has."""

    digest: str
    row_count: int


def report_rows(report: str, period: int, words: Frozen) -> Iterator[list[Any]]:
    """Yield the rows of a month's report under its headings; a scope must stay open meanwhile."""
    if report == "journal":
        yield from _journal(period, words)
    elif report == "payouts":
        yield from _payments(period, words)
    else:
        yield from _by_partner(
            _LIABILITY if report == "liability" else _EARNINGS, report, period, words
        )


def csv_proof(report: str, period: int, words: Frozen) -> Proof:
    """Return the proof of a report's CSV without keeping the file."""
    seen, count = sha256(), -1
    for line in report_csv(report, period, words):
        seen.update(line)
        count += 1
    return Proof(seen.hexdigest(), count)


def report_csv(
    report: str, period: int, words: Frozen, *, told: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the lines of a report's CSV; told: hears now and then how many rows there were."""
    if report == "journal":
        yield from journal_csv(period, words, told=told)
        return
    rows = report_rows(report, period, words)
    for line in csv_lines(words.headings[report], rows):
        yield line.encode()


def file_proof(path: Path, row_count: int) -> Proof:
    """Return the proof of a report's CSV that was just written."""
    with path.open("rb") as file:
        return Proof(file_digest(file, "sha256").hexdigest(), row_count)


def write_json(target: Path, header: list[str], rows: Iterator[list[Any]]) -> int:
    """Write rows as a JSON array of objects under their headings, row by row; return their number.

    Amounts are text in major units, days and moments ISO.
    """
    count = 0
    with target.open("w", encoding="utf-8") as file:
        file.write("[")
        for count, row in enumerate(rows, start=1):
            named = {
                head: value if value is None or isinstance(value, int) else plain_value(value)
                for head, value in zip(header, row, strict=True)
            }
            file.write(("," if count > 1 else "") + "\n" + json.dumps(named, ensure_ascii=False))
        file.write("\n]\n")
    return count


def plain_value(value: Any) -> str:
    """Return a cell for readers that run no formulas: text as it is, everything else as in CSV."""
    return value if isinstance(value, str) else csv_value(value)


def _journal(period: int, words: Frozen) -> Iterator[list[Any]]:
    """Two rows a transfer: the account that is debited, the account that is credited."""
    for row in _transfers(period):
        id_, kind, journal, booked_on, recorded_at, minor, currency, partner, reverses, *sides = row
        amount = Money(minor, currency)
        head = [
            id_,
            booked_on,
            recorded_at.astimezone(UTC).replace(tzinfo=None),
            journal,
            words.entry(kind),
        ]
        for side, account in enumerate(sides):
            yield [
                *head,
                *words.account(account),
                words.partner(partner),
                None if side else amount,
                amount if side else None,
                currency,
                reverses,
            ]


def _transfers(period: int) -> Iterator[tuple[Any, ...]]:
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_JOURNAL, [current_scope().tenant_id, period, last, CHUNK])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _payments(period: int, words: Frozen) -> Iterator[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, [current_scope().tenant_id, period])
        for id_, booked_on, journal, partner, paid, returned, currency in cursor.fetchall():
            yield [
                id_,
                booked_on,
                journal.removeprefix("payout:"),
                words.partner(partner),
                Money(paid, currency) if paid else None,
                Money(returned, currency) if returned else None,
                currency,
            ]


def _by_partner(sql: str, report: str, period: int, words: Frozen) -> Iterator[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tenant": current_scope().tenant_id, "period": period})
        found = cursor.fetchall()
    for partner, currency, *sums in sorted(
        found, key=lambda row: (words.partner(row[0]), str(row[0]), row[1])
    ):
        amounts = [Money(int(value), currency) for value in sums]
        if report == "liability":
            amounts.append(Money(sum(int(value) for value in sums), currency))
        yield [words.partner(partner), currency, *amounts]


_JOURNAL = """
select t.id, t.kind, t.journal, t.booked_on, t.recorded_at, t.amount_minor, t.currency, t.partner_id, t.reverses_id,
       d.kind, c.kind
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
 where t.tenant_id = %s and t.period = %s and t.id > %s order by t.id limit %s
"""

_PAYMENTS = """
select t.id, t.booked_on, t.journal, t.partner_id,
       case when c.kind = 'cash' then t.amount_minor else 0 end,
       case when d.kind = 'cash' then t.amount_minor else 0 end, t.currency
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
 where t.tenant_id = %s and t.period = %s and t.partner_id is not null and 'cash' in (d.kind, c.kind)
 order by t.id
"""

# What was owed to each partner at the end of a month, by where it stood.
_LIABILITY = """
select a.partner_id, a.currency,
       coalesce(sum(s.minor) filter (where a.kind = 'pending'), 0),
       coalesce(sum(s.minor) filter (where a.kind = 'payable'), 0),
       coalesce(sum(s.minor) filter (where a.kind = 'in_payout'), 0),
       coalesce(sum(s.minor) filter (where a.kind = 'disputed'), 0),
       coalesce(sum(s.minor) filter (where a.kind = 'deferred'), 0)
  from (select account_id, sum(minor) as minor
          from (select credit_account_id as account_id, amount_minor as minor from commissions_transfer
                 where tenant_id = %(tenant)s and period <= %(period)s
                union all
                select debit_account_id, -amount_minor from commissions_transfer
                 where tenant_id = %(tenant)s and period <= %(period)s) x
         group by account_id having sum(minor) <> 0) s
  join commissions_account a on a.tenant_id = %(tenant)s and a.id = s.account_id and a.partner_id is not null
 group by a.partner_id, a.currency
"""

_EARNINGS = """
select partner_id, currency,
       coalesce(sum(minor) filter (where other = 'commission_expense' and minor > 0), 0),
       coalesce(-sum(minor) filter (where other = 'commission_expense' and minor < 0), 0),
       coalesce(sum(minor) filter (where other not in ('commission_expense', 'cash')), 0),
       coalesce(-sum(minor) filter (where other = 'cash' and minor < 0), 0),
       coalesce(sum(minor) filter (where other = 'cash' and minor > 0), 0)
  from (select coalesce(d.partner_id, c.partner_id) as partner_id, t.currency,
               case when d.partner_id is null then t.amount_minor else -t.amount_minor end as minor,
               case when d.partner_id is null then d.kind else c.kind end as other
          from commissions_transfer t
          join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
          join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
         where t.tenant_id = %(tenant)s and t.period = %(period)s
           and (d.partner_id is null) <> (c.partner_id is null)) x
 group by partner_id, currency
"""
