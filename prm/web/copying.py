"""CSV files of any length, written by PostgreSQL: COPY is many times faster than rows through models, and holds none.

    columns = [Copied("Number", "number"), Copied("Deal value", "deal_minor", MONEY, "currency")]
    copy_csv(path, referrals.order_by("-registered_at", "-id"), columns)

The cells are those of prm.web.exports.csv_lines; only lines end without a return. The row policies hold.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from prm.money import currency_exponent, known_currencies
from prm.web.exports import HIDING, RISKY, STARTS, csv_lines

TEXT, MOMENT, PLAIN, MONEY = "text", "moment", "plain", "money"


def _any_of(signs: Sequence[str]) -> str:
    """Return a class of a regular expression, by code point: psycopg would read a percent sign in the text."""
    return "[" + "".join(f"\\u{ord(sign):04x}" for sign in signs) + "]"


# The same that prm.web.exports.safe_text looks for.
_RISKY = "array[" + ", ".join(f"chr({ord(sign)})" for sign in RISKY) + "]"
_HIDING = " || ".join(f"chr({ord(sign)})" for sign in HIDING)
# Code points that begin nearly every text, and never a risky one: from A to z. A look at a list of the risky ones
# costs three times as much.
_HARMLESS = "between 65 and 122"
# Where a spreadsheet that cuts at semicolons begins a cell inside one of ours.
_CUTS = ("chr(59)", "chr(9)", "chr(10)", "chr(13)")
_INSIDE = rf"'([;\t\r\n]{_any_of(HIDING)}*)({_any_of(STARTS)})'"


@dataclass(frozen=True)
class Copied:
    """A column of the file: its heading, a field or expression, and how its cells are written.

    kind: text (guarded against formulas), moment (in the active zone), plain (numbers, days),
    money (minor units beside `currency`).
    """

    header: Any
    source: Any
    kind: str = TEXT
    currency: Any = None


def copy_csv(target: Path, rows: QuerySet[Any], columns: Sequence[Copied]) -> int:
    """Write the rows in their order; return how many. Needs an open scope."""
    statement, params = copy_statement(rows, columns)
    with connection.cursor() as cursor, _reading(cursor), target.open("wb") as file:
        file.write("".join(csv_lines([column.header for column in columns], [])).encode())
        # The cursor inside: Django's wrapper of development takes no values.
        with cursor.cursor.copy(statement, params) as copy:
            for part in copy:
                file.write(part)
        return int(cursor.rowcount)


def copy_statement(rows: QuerySet[Any], columns: Sequence[Copied]) -> tuple[str, Sequence[Any]]:
    """Return the COPY of the rows' cells, without their headings, and its values."""
    sources: list[Any] = []
    for column in columns:
        sources += [column.source] if column.kind != MONEY else [column.source, column.currency]
    inner, params = rows.values_list(*sources).query.sql_with_params()
    return cells_copied(inner, [column.kind for column in columns]), params


def cells_copied(statement: str, kinds: Sequence[str]) -> str:
    """Return the COPY of a statement's columns as cells of their kinds; see cells_chosen."""
    return f"copy ({cells_chosen(statement, kinds)}) to stdout with (format csv)"


def cells_chosen(statement: str, kinds: Sequence[str]) -> str:
    """Return a select of a statement's columns as cells of their kinds, named a0, a1, ...

    Money takes two columns: minor units, currency. The cells of plain columns are what PostgreSQL writes: nothing
    for null, and "" for an empty text.
    """
    cells: list[str] = []
    texts: list[str] = []
    number = 0
    for place, kind in enumerate(kinds):
        cells.append(f"{_cell(kind, number)} as a{place}")
        texts += [f"c{number}"] if kind == TEXT else []
        number += 2 if kind == MONEY else 1
    names = ", ".join(f"c{place}" for place in range(number))
    # The caller's SQL inside, cells of this module around it.
    return f"select {', '.join(cells)} from ({statement}) rows ({names}) {_cut_rows(texts)}"  # noqa: S608


@contextmanager
def _reading(cursor: Any) -> Iterator[None]:
    """Set the active zone, and how to join, for the copying; the connection itself reads moments in its own zone."""
    cursor.execute("select current_setting('TimeZone')")
    before = cursor.fetchone()[0]
    # Behind the policies the planner expects few rows and looks joined ones up one by one; all of them are wanted.
    words = "select set_config('TimeZone', %s, true), set_config('enable_nestloop', %s, true)"
    cursor.execute(words, [timezone.get_current_timezone_name(), "off"])
    yield
    cursor.execute(words, [before, "on"])


def _cut_rows(texts: Sequence[str]) -> str:
    """Return what tells of a row whether any of its texts may hold a place where another spreadsheet begins a cell."""
    if not texts:
        return ""
    found = " or ".join(f"strpos(told, {sign}) > 0" for sign in _CUTS)
    return (
        f"cross join lateral (select {found} as cuts from "  # noqa: S608  names of this module
        f"(select concat({', '.join(texts)}) as told offset 0) whole offset 0) looked"
    )


def _cell(kind: str, number: int) -> str:
    """Return the SQL of one cell over the inner query's columns; null and empty text are both written as nothing."""
    name = f"c{number}"
    if kind == TEXT:
        # Nearly every text is let through by its row and its first letter; the exact look costs several times as much.
        plain = f"regexp_replace({name}, {_INSIDE}, '\\1''\\2', 'g')"
        first = f"left(ltrim({name}, {_HIDING}), 1)"
        guarded = (
            f"case when {first} = any({_RISKY}) then '''' || {plain} else nullif({plain}, '') end"
        )
        return f"case when not cuts and ascii({name}) {_HARMLESS} then {name} else {guarded} end"
    if kind == MOMENT:
        # JSON's form is the ISO form with the session's offset, and cheaper than to_char.
        return f"to_jsonb(date_trunc('second', {name})) #>> '{{}}'"
    if kind == MONEY:
        return _money(name, f"c{number + 1}")
    return name


def _money(minor: str, currency: str) -> str:
    """Return an amount in major units with the digits of its currency."""
    by_digits: dict[int, list[str]] = {}
    for code in known_currencies():
        by_digits.setdefault(currency_exponent(code), []).append(code)
    cases = [
        f"when {currency} = any('{{{','.join(sorted(codes))}}}') then "
        + (
            f"({minor} * {10.0**-digits:.{digits}f})::numeric(24, {digits})::text"
            if digits
            else f"{minor}::text"
        )
        for digits, codes in sorted(by_digits.items())
        if digits != 2
    ]
    usual = f"({minor} * 0.01)::numeric(24, 2)::text"
    return f"case {' '.join(cases)} else {usual} end" if cases else usual
