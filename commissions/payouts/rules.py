"""What an account number, a payment's way and a frozen list are; no database, no clock."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
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
SEPA_CURRENCY, ACH_CURRENCY = "EUR", "USD"
# What a wallet may be known by, and how much of it a page shows.
LONGEST_ADDRESS, LONGEST_MASK = 120, 60
# Begins with a letter or digit: no list of payments has to change it so that it is no formula.
_ADDRESS = re.compile(r"[a-z0-9][a-z0-9.!#$%&'*+/=?^_`{|}~-]*@[a-z0-9-]+(\.[a-z0-9-]+)+")
_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{4,34}")


# Why a payment comes back that would come back again: the account is closed, blocked, unknown, of another kind or
# somebody else's, or its bank is. ISO 20022, external return reasons (2025); NACHA Operating Rules, appendix four.
_ACCOUNT_CODES = re.compile(
    r"\b(AC0[13467]|AC14|AG01|BE0[16]|CNOR|MD07|RC01|RC04|R0[234]|R1[2-6]|R20)\b"
)
# Any code that a bank gives: "AM04", "R01", "CNOR". Those of four letters are listed: words in capitals are no codes.
_CODES = re.compile(
    r"\b([A-Z]{2}[0-9]{2}|R[0-9]{2}|CNOR|DNOR|CUST|CURR|DUPL|FOCR|FRAD|NOAS|NOOR|TECH)\b"
)

# What every bank of the scheme has to take (EPC217-08, SEPA best practices on character sets).
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
# What the standard says where a name cannot be written.
NO_NAME = "NOTPROVIDED"


class NotAnAccountNumber(ValueError):
    """The text is no account number.

    `why` is "checksum", "country", "length", "form", "us", "routing" or "address", or of local_number.
    """

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
    routing: str = ""


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


def us_number(text: str, *, routing: str) -> BankNumber:
    """Check a US account and its bank's routing number, the latter by its check digit.

    Raises NotAnAccountNumber, with why "routing" when it is the bank's number that does not fit.
    Source: Nacha Operating Rules, appendix three: weights 3, 7, 1 give a multiple of ten.
    """
    bank = compact(routing)
    if not is_routing_number(bank):
        raise NotAnAccountNumber("routing")
    number = compact(text)
    if not re.fullmatch(r"[0-9]{4,17}", number):
        raise NotAnAccountNumber("us")
    return BankNumber(number, "", "US", bank)


def is_routing_number(text: str) -> bool:
    """Tell whether nine digits are the number of a US bank."""
    if not re.fullmatch(r"(0\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{7}", text):
        return False
    weights = (3, 7, 1) * 3
    return sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True)) % 10 == 0


def wallet_address(text: str) -> BankNumber:
    """Check the email address by which a wallet is known. Raises NotAnAccountNumber with why "address"."""
    address = text.strip().lower()
    if not _ADDRESS.fullmatch(address) or len(address) > LONGEST_ADDRESS:
        raise NotAnAccountNumber("address")
    return BankNumber(address, "", "")


def account_code(reason: str) -> str:
    """Return the code in a bank's words that says the account is at fault ("AC04"); empty for every other reason."""
    found = _ACCOUNT_CODES.search(reason)
    return found[0] if found else ""


def has_code(reason: str) -> bool:
    """Tell whether a bank's words have a code, so that nobody has to say what they mean."""
    return _CODES.search(reason) is not None


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
    """Return what pages show: the country of an IBAN, two dots, the last four: "IE •• 4412".

    Of an address its first letter and where it is: "a••@example.com".
    """
    if "@" in number:
        name, _, host = number.partition("@")
        return f"{name[:1]}••@{host}"[:LONGEST_MASK]
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


def is_bank_day(day: date, *, us: bool = False) -> bool:
    """Tell whether banks settle payments on a day: no weekend, and none of the days on which T2 (TARGET) is closed.

    us: nor those of the Federal Reserve, which settles US files; its holiday of a Sunday is kept on Monday, that of a
    Saturday on no other day.
    Source: the ECB's long-term calendar and the Federal Reserve's, as the package `holidays` keeps them.
    """
    banks = ("ECB", "FED") if us else ("ECB",)
    return day.weekday() < 5 and not any(day in _closing_days(bank, day.year) for bank in banks)


@lru_cache(maxsize=64)
def _closing_days(bank: str, year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays(bank, years=year))


def bank_day_from(day: date, *, us: bool = False) -> date:
    """Return a day, or the first one after it on which banks settle payments."""
    while not is_bank_day(day, us=us):
        day += timedelta(days=1)
    return day


def next_bank_day(today: date, *, us: bool = False) -> date:
    """Return the first day after today on which banks settle payments; us: those of the US too."""
    return bank_day_from(today + timedelta(days=1), us=us)


def is_run_day(today: date, *, cadence: str, run_day: int) -> bool:
    """Tell whether a run is prepared by itself on a day of the vendor's; never without a cadence."""
    if cadence == "weekly":
        return today.isoweekday() == run_day
    return cadence == "monthly" and today.day == run_day


def last_run_day(today: date, *, cadence: str, run_day: int) -> date | None:
    """Return the newest day up to today on which a run was to be prepared; None when runs are prepared by hand."""
    days = (today - timedelta(days=back) for back in range(32))
    return next((day for day in days if is_run_day(day, cadence=cadence, run_day=run_day)), None)


def next_run_day(today: date, *, cadence: str, run_day: int) -> date | None:
    """Return the first day from today on on which a run is prepared; None when runs are prepared by hand."""
    days = (today + timedelta(days=ahead) for ahead in range(32))
    return next((day for day in days if is_run_day(day, cadence=cadence, run_day=run_day)), None)


@dataclass(frozen=True)
class Limits:
    """From which amounts on more people look, in minor units of one currency; None never asks for more."""

    run_minor: int | None = None
    payment_minor: int | None = None


# One person besides the preparer, two above a limit.
ONE_MORE, TWO_MORE = 1, 2


def approvals_needed(
    payments: Mapping[str, Sequence[int]], limits: Mapping[str, Limits], *, by_a_person: bool
) -> int:
    """Return how many people besides the preparer have to agree to a list.

    payments: amounts in minor units by currency; each currency is judged by its own limits.
    by_a_person: whether somebody saw the list when it was prepared; one that the clock prepared takes two people.
    """
    if not by_a_person:
        return TWO_MORE
    for currency, amounts in payments.items():
        limit = limits.get(currency, Limits())
        if limit.run_minor is not None and sum(amounts) > limit.run_minor:
            return TWO_MORE
        if limit.payment_minor is not None and max(amounts, default=0) > limit.payment_minor:
            return TWO_MORE
    return ONE_MORE
