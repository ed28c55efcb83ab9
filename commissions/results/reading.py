"""Read what a bank or provider answered: a statement as camt.053, or a list as CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any

from lxml import etree

from commissions.results.rules import (
    FEE,
    LONGEST_REASON,
    LONGEST_REFERENCE,
    PAID,
    RETURNED,
    ReadRow,
)
from prm.money import currency_exponent, known_currencies

CAMT, CSV = "camt.053", "csv"
MOST_ROWS = 50_000
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


class NotReadable(ValueError):
    """The file is none that can be read; `why` is "xml", "camt", "text", "columns", "value" or "long".

    detail: which columns are missing, or which value of which row.
    """

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why} {detail}".strip())
        self.why, self.detail = why, detail


def read_answer(content: bytes) -> tuple[str, list[ReadRow]]:
    """Return the shape of a file and its rows in their order. Raises NotReadable."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return CAMT, _bounded(_camt_rows(content))
    return CSV, _bounded(_csv_rows(content))


def _bounded(rows: Iterator[ReadRow]) -> list[ReadRow]:
    found: list[ReadRow] = []
    for row in rows:
        if len(found) == MOST_ROWS:
            raise NotReadable("long")
        found.append(row)
    return found


# ---------------------------------------------------------------- camt.053


def _camt_rows(content: bytes) -> Iterator[ReadRow]:
    """Read every version of camt.053: names of elements count, not their namespace.

    Nothing outside the file is read: no document type, no entities, no network (THREATS.md, S14).
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotReadable("xml") from error
    if root.getroottree().docinfo.doctype:
        raise NotReadable("xml")
    statements = _all(root, "BkToCstmrStmt/Stmt")
    if not statements:
        raise NotReadable("camt")
    for statement in statements:
        for entry in _all(statement, "Ntry"):
            yield from _entry_rows(entry)


def _entry_rows(entry: Any) -> Iterator[ReadRow]:
    # Only what is booked; a pending entry comes again when it is.
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) not in {"BOOK", ""}:
        return
    day = _day(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")[:10])
    details = _all(entry, "NtryDtls/TxDtls")
    for detail in details or [entry]:
        amount = _amount(detail) or _amount(entry)
        if amount is None:
            raise NotReadable("value", _text(entry, "AcctSvcrRef"))
        minor, currency = amount
        returned = (_text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd")) == "CRDT"
        reason = " ".join(
            filter(None, [_text(detail, "RtrInf/Rsn/Cd"), _text(detail, "RtrInf/AddtlInf")])
        )
        yield ReadRow(
            reference=_text(detail, "Refs/EndToEndId")[:LONGEST_REFERENCE],
            outcome=RETURNED if returned else PAID,
            amount_minor=minor,
            currency=currency,
            booked_on=day,
            bank_reference=(_text(detail, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef"))[
                :LONGEST_REFERENCE
            ],
            reason=(reason or _text(entry, "AddtlNtryInf"))[:LONGEST_REASON],
            fee_minor=_charges(detail, currency)
            or (_charges(entry, currency) if len(details) < 2 else 0),
        )


def _all(node: Any, path: str) -> list[Any]:
    found = [node]
    for step in path.split("/"):
        found = [child for parent in found for child in parent.iterchildren(f"{{*}}{step}")]
    return found


def _text(node: Any, path: str) -> str:
    found = _all(node, path)
    return (found[0].text or "").strip() if found else ""


def _amount(node: Any) -> tuple[int, str] | None:
    for path in ("AmtDtls/TxAmt/Amt", "Amt"):
        for found in _all(node, path):
            currency = found.get("Ccy", "")
            return _amount_of(found), currency
    return None


def _amount_of(node: Any) -> int:
    """Read an amount; which way it went is said beside it, never by a sign."""
    text = (node.text or "").strip()
    minor = _minor(text, node.get("Ccy", ""))
    if minor < 0:
        raise NotReadable("value", text[:40])
    return minor


def _charges(node: Any, currency: str) -> int:
    """Add up what the bank took in the payment's own currency; other currencies are on rows of their own."""
    total = 0
    for path in ("Chrgs/Rcrd/Amt", "Chrgs/Amt"):
        for found in _all(node, path):
            if found.get("Ccy") == currency:
                total += _amount_of(found)
    return total


# ---------------------------------------------------------------- CSV


def _csv_rows(content: bytes) -> Iterator[ReadRow]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise NotReadable("text")
    try:
        yield from _rows_of(text)
    except csv.Error as error:
        raise NotReadable("text") from error


def _rows_of(text: str) -> Iterator[ReadRow]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    places = _places(next(reader, []))
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
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
        minor = abs(_minor(row["amount"], currency))
        fee = abs(_minor(row["fee"], currency)) if row.get("fee") else 0
        day = _day(row.get("booked_on", "")[:10])
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


def _minor(text: str, currency: str) -> int:
    """Read "1234.56", "1,234.56" or "1.234,56" of a known currency; no more decimals than it has."""
    if currency not in known_currencies():
        raise NotReadable("value", currency[:10])
    plain = text.replace(" ", "").replace("\u00a0", "")
    mark = "," if plain.rfind(",") > plain.rfind(".") else "."
    # "1,234" without a point is a thousand; banks write decimals in full.
    if mark == "," and "." not in plain and len(plain) - plain.rfind(",") == 4:
        mark = "."
    plain = plain.replace("." if mark == "," else ",", "").replace(",", ".")
    try:
        value = Decimal(plain).scaleb(currency_exponent(currency))
    except (InvalidOperation, Overflow) as error:
        raise NotReadable("value", text[:40]) from error
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**15:
        raise NotReadable("value", text[:40])
    return int(value)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotReadable("value", text[:40]) from error
