"""Amounts in another currency, and how much of a payout is deducted: pure arithmetic."""

from decimal import ROUND_HALF_EVEN, Decimal

from prm.money import Money, currency_exponent

# Nothing this large is booked: forms refuse it too.
LARGEST_MINOR = 10**14


def converted(amount: Money, to_currency: str, rate: Decimal) -> Money:
    """Return an amount in another currency, rounded half-even to its minor unit.

    rate: units of `to_currency` for one unit of the amount's, both in major units.
    """
    major = amount.decimal * rate
    minor = major.scaleb(currency_exponent(to_currency)).quantize(
        Decimal(1), rounding=ROUND_HALF_EVEN
    )
    return Money(int(minor), to_currency)


def deferred_target(*, earned_minor: int, to_deduct_minor: int, percent: int) -> int:
    """Return how much of what was taken back is left for later payouts.

    earned_minor: what the payout would be without deductions. to_deduct_minor: everything taken back and not deducted
    yet. percent: how much of the payout may be deducted, rounded down to the minor unit.
    """
    return to_deduct_minor - min(to_deduct_minor, earned_minor * percent // 100)
