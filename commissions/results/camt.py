"""Read camt.053, a bank's statement in XML, payment by payment: no tree of the file is ever in memory."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree

from commissions.results.rules import (
    LONGEST_REASON,
    LONGEST_REFERENCE,
    PAID,
    RETURNED,
    ReadRow,
)
from commissions.results.values import NotReadable, day_of, minor_of

# Elements of a file, both ends counted, and attributes: beyond this it is made to hurt. A payment has some thirty.
MOST_MARKS = 2_000_000
MOST_CHARGES = 1_000
_STATEMENT = ("BkToCstmrStmt", "Stmt")
_ENTRY = (*_STATEMENT, "Ntry")
_PAYMENT = (*_ENTRY, "NtryDtls", "TxDtls")
_AMOUNTS = ("AmtDtls/TxAmt/Amt", "Amt")
_CHARGES = ("Chrgs/Rcrd/Amt", "Chrgs/Amt")
_READ = {
    "Sts/Cd",
    "Sts",
    "BookgDt/Dt",
    "BookgDt/DtTm",
    "CdtDbtInd",
    "AcctSvcrRef",
    "AddtlNtryInf",
    "Refs/EndToEndId",
    "Refs/AcctSvcrRef",
    "RtrInf/Rsn/Cd",
    "RtrInf/AddtlInf",
    *_AMOUNTS,
    *_CHARGES,
}
# An amount with its currency; everything else has no currency.
_Said = dict[str, list[tuple[str, str]]]


def camt_rows(content: bytes, *, most: int) -> list[ReadRow]:
    """Return the payments of every version of camt.053: names of elements count, not their namespace.

    Nothing outside the file is read: no document type, no entities, no network (THREATS.md, S14). most: payments.
    Raises NotReadable.
    """
    if content.count(b"<") + content.count(b"=") > MOST_MARKS:
        raise NotReadable("long")
    statement = _Statement(most)
    parser = etree.XMLParser(
        target=statement, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotReadable("xml") from error
    if not statement.found:
        raise NotReadable("camt")
    return statement.rows


class _Statement:
    """What lxml tells of the file, one element after the other."""

    def __init__(self, most: int) -> None:
        self.most, self.rows, self.found = most, list[ReadRow](), False
        self._path: list[str] = []
        self._text: list[str] | None = None
        self._currency = ""
        self._entry: _Said = {}
        self._payments: list[_Said] = []

    def doctype(self, *_: Any) -> None:
        raise NotReadable("xml")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._path.append(tag.rpartition("}")[2])
        self._text, self._currency = [], attributes.get("Ccy", "")
        match tuple(self._path[1:]):
            case path if path == _STATEMENT:
                self.found = True
            case path if path == _ENTRY:
                self._entry, self._payments = {}, []
            case path if path == _PAYMENT:
                self._payments.append({})
                if len(self.rows) + len(self._payments) > self.most:
                    raise NotReadable("long")

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, _tag: str) -> None:
        path = tuple(self._path[1:])
        self._path.pop()
        if path == _ENTRY:
            self.rows += _entry_rows(self._entry, self._payments)
            if len(self.rows) > self.most:
                raise NotReadable("long")
        elif path[:5] == _PAYMENT:
            self._note(self._payments[-1], path[5:])
        elif path[:3] == _ENTRY:
            self._note(self._entry, path[3:])
        # What stands behind an element's first child is none of its text.
        self._text = None

    def _note(self, said: _Said, path: Iterable[str]) -> None:
        name = "/".join(path)
        known = len(said.get(name, ()))
        if self._text is None or name not in _READ or (known and name not in _CHARGES):
            return
        if known == MOST_CHARGES:
            raise NotReadable("long")
        said.setdefault(name, []).append(("".join(self._text).strip(), self._currency))

    def close(self) -> None:
        """Nothing is left to do; lxml asks for it."""


def _entry_rows(entry: _Said, payments: list[_Said]) -> Iterator[ReadRow]:
    # Only what is booked; a pending entry comes again when it is.
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) not in {"BOOK", ""}:
        return
    day = day_of(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")[:10])
    whole, way = _amount(entry), _text(entry, "CdtDbtInd")
    number, words = _text(entry, "AcctSvcrRef"), _text(entry, "AddtlNtryInf")
    for payment in payments or [entry]:
        amount = _amount(payment) or whole
        if amount is None:
            raise NotReadable("value", number[:LONGEST_REFERENCE])
        minor, currency = amount
        reason = " ".join(
            filter(None, [_text(payment, "RtrInf/Rsn/Cd"), _text(payment, "RtrInf/AddtlInf")])
        )
        yield ReadRow(
            reference=_text(payment, "Refs/EndToEndId")[:LONGEST_REFERENCE],
            outcome=RETURNED if (_text(payment, "CdtDbtInd") or way) == "CRDT" else PAID,
            amount_minor=minor,
            currency=currency,
            booked_on=day,
            bank_reference=(_text(payment, "Refs/AcctSvcrRef") or number)[:LONGEST_REFERENCE],
            reason=(reason or words)[:LONGEST_REASON],
            fee_minor=_charges(payment, currency)
            or (_charges(entry, currency) if len(payments) < 2 else 0),
        )


def _text(said: _Said, name: str) -> str:
    return said[name][0][0] if name in said else ""


def _amount(said: _Said) -> tuple[int, str] | None:
    for name in _AMOUNTS:
        for text, currency in said.get(name, ()):
            return _amount_of(text, currency), currency
    return None


def _amount_of(text: str, currency: str) -> int:
    """Read an amount; which way it went is said beside it, never by a sign."""
    minor = minor_of(text, currency)
    if minor < 0:
        raise NotReadable("value", text[:40])
    return minor


def _charges(said: _Said, currency: str) -> int:
    """Add up what the bank took in the payment's own currency; other currencies are on rows of their own."""
    return sum(
        _amount_of(text, other)
        for name in _CHARGES
        for text, other in said.get(name, ())
        if other == currency
    )
