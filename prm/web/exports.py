"""Files people open in spreadsheets: nothing in them may run as a formula, every reader gets the same bytes.

CSV: UTF-8 with BOM, ISO dates, plain decimals, currency in its own column. XLSX: written row by row to disk.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import xlsxwriter
from django.utils import timezone

from prm.money import Money, currency_exponent
from prm.web.formats import money_plain

BOM = "\ufeff"
# What a sheet of a workbook holds under its headings.
SHEET_ROWS = 1_048_575
# Full-width signs too: spreadsheets of East Asia read them as the plain ones.
STARTS = "=+-@\uff1d\uff0b\uff0d\uff20"
RISKY = (*STARTS, "\t", "\r", "\n", "|", "%")
# Blanks and invisible signs that a spreadsheet drops from the front.
HIDING = " \x0b\x0c\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\u3000\ufeff"
# Where a spreadsheet that cuts at semicolons begins a cell inside one of ours.
_INSIDE = re.compile(f"([;\t\r\n][{HIDING}]*)([{re.escape(STARTS)}])")
# What a spreadsheet still reads as text when it stands first.
_GUARD = "'"
# Nearly every text has nothing of the kind: one look lets it through.
_SUSPECT = re.compile(f"^[{HIDING}]*[{re.escape(''.join(RISKY))}]|[;\t\r\n]")


def safe_text(text: str) -> str:
    """Return text that no spreadsheet runs: a leading =, +, -, @ or control character gets an apostrophe before it.

    So does one behind a semicolon, tab or line break, where other countries' spreadsheets begin a cell (S14).
    """
    if not _SUSPECT.search(text):
        return text
    if _INSIDE.search(text):
        text = _INSIDE.sub(rf"\1{_GUARD}\2", text)
    return _GUARD + text if text.lstrip(HIDING).startswith(RISKY) else text


def csv_value(value: Any) -> str:
    """Return one cell: ISO dates (moments in the active zone with offset), plain decimals, yes and no as 1 and 0."""
    plain = _PLAIN_CELLS.get(type(value))
    return plain(value) if plain else _other_cell(value)


def _other_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return (
            timezone.localtime(value).isoformat(timespec="seconds")
            if timezone.is_aware(value)
            else value.isoformat()
        )
    if isinstance(value, int | float | Decimal | UUID):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return safe_text(str(value))


# Most cells by far; whatever else there is is asked in turn.
_PLAIN_CELLS: dict[type, Callable[[Any], str]] = {
    str: safe_text,
    type(None): lambda _: "",
    bool: lambda value: "1" if value else "0",
    int: str,
    date: date.isoformat,
    Money: lambda value: money_plain(value.minor, value.currency),
}


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file, the BOM first."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([csv_value(str(word)) for word in header])
    yield BOM + line.text
    for row in rows:
        writer.writerow([csv_value(value) for value in row])
        yield line.text


class _Line:
    """Catch what csv.writer writes, one line at a time."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def write_csv(target: Path, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> int:
    """Write a CSV file; return the number of rows."""
    count = -1
    with target.open("w", encoding="utf-8", newline="") as file:
        for line in csv_lines(header, rows):
            file.write(line)
            count += 1
    return count


def write_xlsx(
    target: Path | IO[bytes],
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    sheet: str = "Export",
) -> int:
    """Write a workbook of one sheet with constant memory; amounts are numbers in major units, dates are dates.

    Text is never a formula, a link or a number. Returns the number of rows; what one sheet cannot hold goes on in the
    next one, under the same headings.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    count = 0
    with xlsxwriter.Workbook(
        target if not isinstance(target, Path) else str(target), options
    ) as book:
        # A fixed stamp: the same rows give the same file.
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        bold = book.add_format({"bold": True})
        styles = _Styles(book)
        page = _sheet(book, sheet, header, bold)
        for row in rows:
            place = count % SHEET_ROWS
            if count and not place:
                page = _sheet(book, f"{sheet[:26]} {count // SHEET_ROWS + 1}", header, bold)
            count += 1
            for column, value in enumerate(row):
                styles.write(page, place + 1, column, value)
    return count


def _sheet(book: Any, name: str, header: Sequence[Any], bold: Any) -> Any:
    page = book.add_worksheet(name[:31])
    page.freeze_panes(1, 0)
    for column, word in enumerate(header):
        page.write_string(0, column, str(word), bold)
        page.set_column(column, column, max(12, min(len(str(word)) + 4, 40)))
    return page


class _Styles:
    """Cell formats of one workbook, made once each."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self.amounts: dict[int, Any] = {}

    def write(self, page: Any, row: int, column: int, value: Any) -> None:
        """Write one cell by the type of its value."""
        # The first two are most of all cells.
        if value is None or value == "":
            return
        if type(value) is str:
            page.write_string(row, column, value[:32767])
        elif isinstance(value, bool):
            page.write_boolean(row, column, value)
        elif isinstance(value, Money):
            page.write_number(row, column, value.decimal, self._amount(value.currency))
        elif isinstance(value, datetime):
            local = (
                timezone.localtime(value).replace(tzinfo=None)
                if timezone.is_aware(value)
                else value
            )
            page.write_datetime(row, column, local, self.moment)
        elif isinstance(value, date):
            page.write_datetime(row, column, value, self.day)
        elif isinstance(value, int | float | Decimal):
            page.write_number(row, column, value)
        else:
            page.write_string(row, column, str(value)[:32767])

    def _amount(self, currency: str) -> Any:
        digits = currency_exponent(currency)
        if digits not in self.amounts:
            self.amounts[digits] = self.book.add_format(
                {"num_format": "#,##0" + ("." + "0" * digits if digits else "")}
            )
        return self.amounts[digits]
