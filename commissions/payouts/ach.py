"""The file US banks take for credit transfers: fixed records of 94 characters, in blocks of ten, with totals.

Source: Nacha Operating Rules, appendix three (ACH record format specifications). Pure: no database, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from text_unidecode import unidecode

RECORD, BLOCK = 94, 10
CREDITS_ONLY = "220"
# To a company's account; the codes of a credit to each kind of account.
CLASS = "CCD"
TRANSACTION = {"checking": "22", "savings": "32"}
LARGEST_MINOR = 10**10 - 1
_HASH = 10**10


class NotForAch(ValueError):
    """A payment cannot be written: its amount is too large for the record."""


@dataclass(frozen=True)
class Origin:
    """Who sends: the bank's routing number and name, the company's ten-character number and name there."""

    routing: str
    bank_name: str
    company_id: str
    company_name: str


@dataclass(frozen=True)
class Entry:
    """One payment: routing number of nine digits, account, kind of account, cents, name, and its own number."""

    routing: str
    account: str
    kind: str
    amount_minor: int
    name: str
    number: str


def ach_file(
    entries: Sequence[Entry], *, origin: Origin, title: str, pay_on: date, made_at: datetime
) -> bytes:
    """Return one file with one batch of credits; the same entries always give the same bytes.

    title: what the receivers' statements show, cut to ten characters. made_at: in the sender's own zone.
    Raises NotForAch when an amount does not fit its field.
    """
    bank = origin.routing[:8]
    total = sum(entry.amount_minor for entry in entries)
    if any(entry.amount_minor > LARGEST_MINOR for entry in entries) or total > 10**12 - 1:
        raise NotForAch
    entry_hash = f"{sum(int(entry.routing[:8]) for entry in entries) % _HASH:010}"
    records = [
        (
            f"101 {origin.routing}{_text(origin.company_id, 10)}{made_at:%y%m%d%H%M}A094101"
            f"{_text(origin.bank_name, 23)}{_text(origin.company_name, 23)}{'':8}"
        ),
        (
            f"5{CREDITS_ONLY}{_text(origin.company_name, 16)}{'':20}{_text(origin.company_id, 10)}{CLASS}"
            f"{_text(title, 10)}{'':6}{pay_on:%y%m%d}{'':3}1{bank}{1:07}"
        ),
        *(_entry(entry, f"{bank}{place:07}") for place, entry in enumerate(entries, start=1)),
        (
            f"8{CREDITS_ONLY}{len(entries):06}{entry_hash}{0:012}{total:012}{_text(origin.company_id, 10)}"
            f"{'':19}{'':6}{bank}{1:07}"
        ),
    ]
    blocks = -(-(len(records) + 1) // BLOCK)
    records.append(
        f"9{1:06}{blocks:06}{len(entries):08}{entry_hash}{0:012}{total:012}{'':39}",
    )
    records += ["9" * RECORD] * (blocks * BLOCK - len(records))
    return "".join(f"{record}\r\n" for record in records).encode("ascii")


def _entry(entry: Entry, trace: str) -> str:
    return (
        f"6{TRANSACTION[entry.kind]}{entry.routing}{_text(entry.account, 17)}{entry.amount_minor:010}"
        f"{_text(entry.number, 15)}{_text(entry.name, 22)}{'':2}0{trace}"
    )


def _text(text: str, width: int) -> str:
    """Return a text in the characters that US banks take, in capitals, cut and filled to its field."""
    plain = "".join(sign if 32 <= ord(sign) < 127 else " " for sign in unidecode(text))
    return f"{plain.upper()[:width]:<{width}}"
