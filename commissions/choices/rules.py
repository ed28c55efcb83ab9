"""When a choice begins to count, and what money becomes: pure."""

from datetime import date
from decimal import Decimal

from prm.money import share_minor


def next_month(day: date) -> date:
    """Return the first day of the month after a day: the first of the next statement."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def worth_minor(minor: int, rate: Decimal) -> int:
    """Return what an amount in minor units becomes at the stated exchange, half-even once on the sum."""
    return share_minor(minor, rate)
