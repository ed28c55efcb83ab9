"""Checks of tax numbers, and where a partner's form stands; no database, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.it import codicefiscale

from prm.money import share_minor

# Kinds that are a number; the others are a signed file.
NUMBERS = frozenset({"vat_id", "codice_fiscale"})
MISSING, RECEIVED, APPROVED, REFUSED, EXPIRED = (
    "missing",
    "received",
    "approved",
    "refused",
    "expired",
)


EXPIRING = "expiring"
# Days before the last one on which partners are told, and days after which a missing form is asked for again.
EXPIRING_DAYS = (7, 30, 60)
MISSING_DAYS = (0, 14, 30)
# A reminder that nobody sent for a week, because nothing ran, is not made up for.
_LATE_DAYS = 7


class NotATaxNumber(ValueError):
    """The text is no number of its kind: its length, letters or check digit are wrong."""


def checked_number(form: str, text: str) -> str:
    """Return a number without spaces and in capitals, checked by its check digit. Raises NotATaxNumber."""
    try:
        if form == "vat_id":
            return str(vat.validate(text))
        return str(codicefiscale.validate(text))
    except ValidationError as error:
        raise NotATaxNumber(form) from error


def masked_number(number: str) -> str:
    """Return what pages show: the first two characters, two dots, the last three."""
    return f"{number[:2]} •• {number[-3:]}"


@dataclass(frozen=True)
class Sent:
    """What counts of a form that a partner sent: its state and the last day on which it counts."""

    state: str
    valid_until: date | None = None


def standing(sent: list[Sent], today: date) -> str:
    """Return where a wanted form stands: an approved one that still counts decides, then what was sent last.

    sent: oldest first, without those that were replaced.
    """
    for row in sent:
        if row.state == APPROVED and (row.valid_until is None or row.valid_until >= today):
            return APPROVED
    if not sent:
        return MISSING
    last = sent[-1].state
    return EXPIRED if last == APPROVED else last


class Taxed(Protocol):
    """A rule of withholding: whom it is for, how much, on which days."""

    country: str
    partner_type: str
    rate: Decimal
    share: Decimal
    starts_on: date
    ends_on: date | None


Rule = TypeVar("Rule", bound=Taxed)


def rule_for(rules: Sequence[Rule], *, country: str, partner_type: str, on: date) -> Rule | None:
    """Return the rule for a partner on a day: one for its country before one for all, then by kind, then the newest."""
    fitting = [
        rule
        for rule in rules
        if rule.country in {"", country}
        and rule.partner_type in {"", partner_type}
        and rule.starts_on <= on
        and (rule.ends_on is None or rule.ends_on >= on)
    ]
    return max(
        fitting,
        key=lambda rule: (bool(rule.country), bool(rule.partner_type), rule.starts_on),
        default=None,
    )


def withheld_minor(base_minor: int, *, rate: Decimal, share: Decimal) -> int:
    """Return the tax on a share of an amount, half-even once: 1,000.00 at 23 % on 50 % is 115.00."""
    return share_minor(base_minor, rate * share) if base_minor > 0 else 0


def reminder_of(state: str, *, days_left: int | None, days_waited: int) -> str:
    """Return which reminder of a form is due, a name that stays the same until the next one is; empty for none.

    days_left: until its last day, 0 on it; below zero after it. days_waited: since it was first wanted.
    """
    if state == EXPIRED:
        return "ended"
    if state == MISSING:
        reached = [day for day in MISSING_DAYS if day <= days_waited < day + _LATE_DAYS]
        return f"missing-{reached[-1]}" if reached else ""
    if state in {APPROVED, EXPIRING} and days_left is not None and days_left >= 0:
        ahead = [day for day in EXPIRING_DAYS if days_left <= day]
        return f"ends-{ahead[0]}" if ahead else ""
    return ""
