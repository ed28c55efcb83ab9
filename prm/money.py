"""Amounts of money: integers in minor units with their currency, and the only arithmetic done on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision, list_currencies


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""


@dataclass(frozen=True, order=False)
class Money:
    """An amount in minor units (cents; yen; thousandths for KWD) of one ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other

    def share(self, rate: Decimal) -> "Money":
        """Return the fraction `rate` of the amount, rounded half-even to the minor unit: the only rounding there is."""
        return Money(share_minor(self.minor, rate), self.currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-currency_exponent(self.currency))


def share_minor(minor: int, rate: Decimal) -> int:
    """Return `rate` (a fraction) of an amount in minor units, half-even."""
    return int((Decimal(minor) * rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def portion_minor(minor: int, part: int, of: int) -> int:
    """Return the part out of `of` of an amount in minor units, half-even; exact, as a quotient is not."""
    return int((Decimal(minor * part) / of).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by whole weights, largest remainder first, earlier index on a tie; the parts add up exactly.

    Raises ValueError without a positive weight or with a negative one.
    """
    weight = sum(weights)
    if weight <= 0 or any(part < 0 for part in weights):
        raise ValueError("weights must be positive")
    sign = -1 if total_minor < 0 else 1
    total = abs(total_minor)
    parts = [total * part // weight for part in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % weight), i))
    for index in remainders[: total - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


@lru_cache(maxsize=256)
def currency_exponent(currency: str) -> int:
    """Return the number of decimals of a currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


@lru_cache(maxsize=1)
def known_currencies() -> frozenset[str]:
    """Return the ISO codes the portal accepts."""
    return frozenset(list_currencies())
