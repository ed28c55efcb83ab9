"""Read what a bank or provider answered: a statement as camt.053, or a list as CSV."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from commissions.results.camt import camt_rows
from commissions.results.rules import (
    FEE,
    LONGEST_REASON,
    LONGEST_REFERENCE,
    PAID,
    RETURNED,
    ReadRow,
)
from commissions.results.values import NotReadable, day_of, minor_of
from prm.web.spreadsheets import FileRefused, records

CAMT, CSV = "camt.053", "csv"
MOST_ROWS = 50_000
_CHUNK = 1 << 20
# Headings that banks and providers use, in lower case without marks; the first that a file has counts.
_HEADINGS = {
    "reference": (
        "reference",
        "payment",
        "payment reference",
        "paymentreference",
        "end to end id",
        "endtoendid",
        "customer id",
        "reference id",
        "individual id",
    ),
    "outcome": ("outcome", "status", "state", "result", "transaction status"),
    "amount": ("amount", "target amount", "amount paid", "sum"),
    "currency": ("currency", "target currency", "currency code", "currencycode"),
    "booked_on": ("booked on", "date", "booking date", "value date", "completed on", "paid on"),
    "fee": ("fee", "fees", "charge", "charges", "fee amount", "source fee"),
    "reason": ("reason", "return reason", "note", "details", "error", "message"),
    "bank_reference": ("bank reference", "transaction id", "transfer id", "id"),
}
_OUTCOMES = {
    PAID: {"paid", "success", "completed", "complete", "settled", "sent", "outgoing payment sent"},
    RETURNED: {
        "returned",
        "return",
        "failed",
        "denied",
        "rejected",
        "unclaimed",
        "refunded",
        "cancelled",
        "canceled",
        "blocked",
        "bounced back",
        "funds refunded",
    },
    FEE: {"fee", "charge"},
}


def read_answer(content: bytes) -> tuple[str, list[ReadRow]]:
    """Return the shape of a file and its rows in their order. Raises NotReadable."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return CAMT, camt_rows(content, most=MOST_ROWS)
    return CSV, _bounded(_csv_rows(content))


def _bounded(rows: Iterator[ReadRow]) -> list[ReadRow]:
    found: list[ReadRow] = []
    for row in rows:
        if len(found) == MOST_ROWS:
            raise NotReadable("long")
        found.append(row)
    return found


def _csv_rows(content: bytes) -> Iterator[ReadRow]:
    if b"\0" in content:
        raise NotReadable("text")
    file = io.TextIOWrapper(
        io.BytesIO(content), _encoding_of(content), errors="replace", newline=""
    )
    first = file.readline(_CHUNK)
    file.seek(0)
    try:
        yield from _rows_of(records(file, max(",;\t", key=first.count)))
    except csv.Error as error:
        raise NotReadable("text") from error
    except FileRefused as refused:
        raise NotReadable("long" if refused.code == "too_many_rows" else "text") from refused


def _encoding_of(content: bytes) -> str:
    chunks = (content[place : place + _CHUNK] for place in range(0, len(content), _CHUNK))
    try:
        for _ in codecs.iterdecode(chunks, "utf-8"):
            pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _rows_of(rows: Iterator[list[str]]) -> Iterator[ReadRow]:
    header = next(rows, [])
    places = _places(header)
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        # A decimal comma outside quotes cuts an amount in two, and what follows it is another column's.
        if beyond := next(filter(str.strip, cells[len(header) :]), ""):
            raise NotReadable("value", f"{number}: {beyond[:40]}")
        yield _csv_row(_cells(cells, places), number)


def _places(header: Sequence[str]) -> dict[str, int]:
    plain = [word.strip().lower().replace("_", " ").replace("-", " ") for word in header]
    places = {}
    for field, words in _HEADINGS.items():
        found = next((plain.index(word) for word in words if word in plain), None)
        if found is not None:
            places[field] = found
    missing = [
        field for field in ("reference", "outcome", "amount", "currency") if field not in places
    ]
    if missing:
        raise NotReadable("columns", ", ".join(missing))
    return places


def _cells(cells: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {
        field: cells[place].strip() if place < len(cells) else "" for field, place in places.items()
    }


def _csv_row(row: Mapping[str, str], number: int) -> ReadRow:
    outcome = next((key for key, words in _OUTCOMES.items() if row["outcome"].lower() in words), "")
    if not outcome:
        raise NotReadable("value", f"{number}: {row['outcome'][:40]}")
    currency = row["currency"].upper()
    try:
        minor = abs(minor_of(row["amount"], currency))
        fee = abs(minor_of(row["fee"], currency)) if row.get("fee") else 0
        day = day_of(row.get("booked_on", "")[:10])
    except NotReadable as problem:
        raise NotReadable("value", f"{number}: {problem.detail}") from problem
    return ReadRow(
        # A spreadsheet may have put its guard before a number of ours.
        reference=row["reference"].removeprefix("'")[:LONGEST_REFERENCE],
        outcome=outcome,
        amount_minor=minor,
        currency=currency,
        booked_on=day,
        bank_reference=row.get("bank_reference", "")[:LONGEST_REFERENCE],
        reason=row.get("reason", "")[:LONGEST_REASON],
        fee_minor=minor if outcome == FEE else fee,
    )
