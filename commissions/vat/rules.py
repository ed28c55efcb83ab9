"""Which VAT belongs on a payment, and checks of VAT numbers; no database, no clock.

A payment is a service that the partner sold to the vendor. Between two countries it is taxed where the vendor sits.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from prm.money import share_minor

# The list that check digits come from; Northern Ireland (XI) is in it for goods only.
EU = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}
# Greece writes EL before its numbers.
PREFIXES = {"GR": "EL"}
# Of countries whose numbers nobody here knows: what a keyboard of any of them can write.
_UNKNOWN_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9/-]{3,19}")


class Treatment(StrEnum):
    """How VAT stands on a payment."""

    CHARGED = "charged"
    REVERSE = "reverse"
    IMPORT = "import"
    EXPORT = "export"
    SMALL = "small"
    UNREGISTERED = "unregistered"
    PERSON = "person"
    # What is missing before anybody can say.
    NO_STATUS = "no_status"
    NO_NUMBER = "no_number"
    NO_RATE = "no_rate"
    # Finance has not confirmed the number yet, or refused it.
    UNCHECKED = "unchecked"
    REFUSED = "refused"


# Nothing is known to be right yet: a vendor that asks for it does not pay.
UNKNOWN = frozenset(
    {
        Treatment.NO_STATUS,
        Treatment.NO_NUMBER,
        Treatment.NO_RATE,
        Treatment.UNCHECKED,
        Treatment.REFUSED,
    }
)
# Nobody writes an invoice for these.
WITHOUT_PAPER = UNKNOWN | {Treatment.PERSON}
# What the law wants said on the paper; the vendor keeps the words.
WITH_WORDS = (
    Treatment.REVERSE,
    Treatment.IMPORT,
    Treatment.EXPORT,
    Treatment.SMALL,
    Treatment.UNREGISTERED,
)


REOPENED = "reopened"


class NotAVatNumber(ValueError):
    """The text is no VAT number of its country: its length, letters or check digit are wrong."""


@dataclass(frozen=True)
class Party:
    """One side of a payment. country: two letters, may be empty. kind: a VatKind, empty when nothing was said.

    check: what finance said of the number, a StatusState; REOPENED when it was for another name or country.
    """

    country: str
    has_number: bool = False
    kind: str = ""
    check: str = "confirmed"


class Rated(Protocol):
    """A country's rate from a day on; a fraction."""

    country: str
    rate: Decimal
    from_on: date


Rate = TypeVar("Rate", bound=Rated)


@dataclass(frozen=True)
class Vat:
    """How a payment is taxed; the rate is nothing unless VAT is charged."""

    treatment: Treatment
    rate: Decimal = Decimal(0)

    def on(self, base_minor: int) -> int:
        """Return the VAT on a net amount, half-even once; below zero on a net below zero."""
        return share_minor(base_minor, self.rate)


def checked_vat_number(country: str, text: str) -> str:
    """Return a VAT number as it is printed, with its country in front, checked by its check digit.

    Of countries whose numbers nobody here knows, length alone is checked. Raises NotAVatNumber.
    """
    compact = "".join(text.split()).replace(".", "").upper()
    prefix = PREFIXES.get(country, country)
    try:
        if country in EU:
            bare = compact.removeprefix(prefix).removeprefix(country)
            return str(eu_vat.validate(f"{prefix}{bare}"))
        module = get_cc_module(country.lower(), "vat") if country else None
        if module:
            return str(module.validate(compact.removeprefix(country)))
    except ValidationError as error:
        raise NotAVatNumber(country) from error
    if not _UNKNOWN_NUMBER.fullmatch(compact) or not any(sign.isdigit() for sign in compact):
        raise NotAVatNumber(country)
    return compact


def treatment_of(vendor: Party, partner: Party) -> Treatment:
    """Return how VAT stands on a payment; CHARGED is the rate of the partner's country.

    1. Who is no business, or not registered, charges none. 2. In one country its rate is charged, unless the partner is
    a small business. 3. Between two of the European Union the vendor owes it, when both have numbers; a vendor without
    one is charged the partner's rate. 4. Into the Union and out of it none is charged.
    """
    if not partner.kind:
        return Treatment.NO_STATUS
    if partner.kind in {"person", "unregistered"}:
        return Treatment(partner.kind)
    within = {vendor.country, partner.country} <= EU and vendor.country != partner.country
    if within and vendor.has_number and partner.has_number:
        return Treatment.REVERSE
    if partner.kind == "small":
        return Treatment.SMALL
    if vendor.country == partner.country:
        return Treatment.CHARGED
    if within:
        return Treatment.NO_NUMBER if vendor.has_number else Treatment.CHARGED
    return Treatment.IMPORT if vendor.country in EU else Treatment.EXPORT


def rate_on(rates: Iterable[Rate], *, country: str, on: date) -> Rate | None:
    """Return a country's rate on a day: the one that began last."""
    begun = [row for row in rates if row.country == country and row.from_on <= on]
    return max(begun, key=lambda row: row.from_on, default=None)


def vat_for(vendor: Party, partner: Party, rates: Iterable[Rated], *, on: date) -> Vat:
    """Return how a payment of a day is taxed: VAT is paid to a confirmed number only, a refused one counts nowhere.

    Nor does one that was confirmed for what the partner is no more: a note that names it would be wrong.
    """
    treatment = treatment_of(vendor, partner)
    if treatment in {Treatment.CHARGED, Treatment.REVERSE} and partner.check == "refused":
        return Vat(Treatment.REFUSED)
    waits = {REOPENED} if treatment == Treatment.REVERSE else {REOPENED, "received"}
    if treatment in {Treatment.CHARGED, Treatment.REVERSE} and partner.check in waits:
        return Vat(Treatment.UNCHECKED)
    if treatment != Treatment.CHARGED:
        return Vat(treatment)
    row = rate_on(list(rates), country=partner.country, on=on)
    return Vat(treatment, row.rate) if row else Vat(Treatment.NO_RATE)


def bill_number(prefix: str, year: int, count: int) -> str:
    """Return the number of a self-billing note: SB-2026-0001."""
    return f"{prefix}-{year}-{count:04d}"
