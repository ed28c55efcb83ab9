"""Checks of tax numbers, and where a partner's form stands; no database, no clock."""

from dataclasses import dataclass
from datetime import date

from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.it import codicefiscale

# Kinds that are a number; the others are a signed file.
NUMBERS = frozenset({"vat_id", "codice_fiscale"})
MISSING, RECEIVED, APPROVED, REFUSED, EXPIRED = (
    "missing",
    "received",
    "approved",
    "refused",
    "expired",
)


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
