"""What a bank account number, a payment's way and a frozen list are; no database, no clock."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from text_unidecode import unidecode

# A thief who changes an account is noticed within three days (THREATS.md, S25; FEATURES.md, H13).
COOLING = timedelta(days=3)
# The countries and territories of the SEPA scheme (EPC409-09, list of 2025).
SEPA_COUNTRIES = frozenset(
    [
        "AD",
        "AL",
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GI",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MC",
        "MD",
        "ME",
        "MK",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "RS",
        "SE",
        "SI",
        "SK",
        "SM",
        "VA",
    ],
)
SEPA_CURRENCY = "EUR"
_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{4,34}")


# What every bank of the scheme has to take (EPC217-08, SEPA best practices on character sets).
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
# What the standard says where a name cannot be written.
NO_NAME = "NOTPROVIDED"


class NotAnAccountNumber(ValueError):
    """The text is no bank account number; `why` is "checksum", "country", "length" or "form"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NotABic(ValueError):
    """The text is no bank identifier code."""


@dataclass(frozen=True)
class BankNumber:
    """A checked account number without spaces, its bank's BIC where the number tells it, its country."""

    number: str
    bic: str
    country: str


def compact(text: str) -> str:
    """Return an account number as banks store it: capitals and digits, no spaces."""
    return re.sub(r"[\s.\-]", "", text).upper()


def sepa_number(text: str) -> BankNumber:
    """Check an IBAN that SEPA reaches. Raises NotAnAccountNumber."""
    number = compact(text)
    try:
        iban = IBAN(number)
    except SchwiftyException as error:
        raise NotAnAccountNumber(_why(error)) from error
    if iban.country_code not in SEPA_COUNTRIES:
        raise NotAnAccountNumber("country")
    return BankNumber(number, str(iban.bic or ""), iban.country_code)


def bank_number(text: str) -> BankNumber:
    """Check an account number of any country: letters and digits, an IBAN by its checksum too.

    Raises NotAnAccountNumber.
    """
    number = compact(text)
    if not _ACCOUNT_NUMBER.fullmatch(number):
        raise NotAnAccountNumber("form")
    if re.match(r"[A-Z]{2}\d{2}[A-Z0-9]{8,}", number):
        try:
            iban = IBAN(number)
        except SchwiftyException as error:
            raise NotAnAccountNumber(_why(error)) from error
        return BankNumber(number, str(iban.bic or ""), iban.country_code)
    return BankNumber(number, "", "")


def sepa_text(text: str, *, longest: int) -> str:
    """Return a text in the characters that SEPA banks take: Latin letters, digits and a few marks.

    Other scripts are spelled in Latin letters, "&" becomes "+", what is left over a space. A slash neither begins
    nor ends it nor stands doubled. Empty when nothing can be written.
    Source: EPC217-08; a bank may refuse a whole file for one other character.
    """
    latin = _NOT_SEPA.sub(" ", unidecode(text).replace("&", "+"))
    plain = re.sub(r"/{2,}", "/", " ".join(latin.split())).strip("/ ")
    return plain[:longest].strip("/ ")


def checked_bic(text: str) -> str:
    """Return a BIC of 8 or 11 characters; empty stays empty. Raises NotABic."""
    plain = compact(text)
    if not plain:
        return ""
    try:
        return str(BIC(plain))
    except SchwiftyException as error:
        raise NotABic(plain) from error


def _why(error: SchwiftyException) -> str:
    name = type(error).__name__
    if "Checksum" in name:
        return "checksum"
    if "Length" in name:
        return "length"
    return "country" if "Country" in name else "form"


def masked(number: str) -> str:
    """Return what pages show: the country of an IBAN, two dots, the last four: "IE •• 4412"."""
    lead = number[:2] if number[:2].isalpha() else ""
    tail = number[-4:] if len(number) > 6 else number[-2:]
    return "\u00a0".join(filter(None, [lead, "••", tail]))


@dataclass(frozen=True)
class FrozenPayout:
    """What the digest of a run binds for one payment; lines is the digest of its claimed transfers."""

    number: str
    partner_id: str
    account_id: int
    amount_minor: int
    currency: str
    lines: str


def digest_of(payouts: Iterable[FrozenPayout]) -> str:
    """Return the SHA-256 of a frozen list, whatever the order it comes in.

    Source: RULES.md, L16: every approved run executes exactly the list both people saw.
    """
    rows = sorted(
        f"{row.number}|{row.partner_id}|{row.account_id}|{row.amount_minor}|{row.currency}|{row.lines}"
        for row in payouts
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def next_bank_day(today: date) -> date:
    """Return the first day after today that is not on a weekend."""
    day = today + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day
