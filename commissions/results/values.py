"""Amounts and days as banks write them, and what is said of a file that cannot be read."""

from datetime import date
from decimal import Decimal, InvalidOperation, Overflow

from prm.money import currency_exponent, known_currencies


class NotReadable(ValueError):
    """The file is none that can be read; `why` is "xml", "camt", "text", "columns", "value" or "long".

    detail: which columns are missing, or which value of which row.
    """

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why} {detail}".strip())
        self.why, self.detail = why, detail


def minor_of(text: str, currency: str) -> int:
    """Read "1234.56", "1,234.56" or "1.234,56" of a known currency; no more decimals than it has.

    Returns minor units. Raises NotReadable.
    """
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


def day_of(text: str) -> date | None:
    """Read an ISO date; nothing is no day. Raises NotReadable."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotReadable("value", text[:40]) from error
