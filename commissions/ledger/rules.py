"""Months as the books count them: whole numbers, yyyymm."""

from datetime import date, timedelta


def period_of(day: date) -> int:
    """Return the month of a day: 202611."""
    return day.year * 100 + day.month


def next_period(period: int) -> int:
    """Return the month after one."""
    return period + 1 if period % 100 < 12 else period + 89


def first_day(period: int) -> date:
    """Return the first day of a month."""
    return date(period // 100, period % 100, 1)


def last_day(period: int) -> date:
    """Return the last day of a month."""
    return first_day(next_period(period)) - timedelta(days=1)


def booking_period(day: date, closed_through: int) -> int:
    """Return the month in which something of a day is booked: its own, or the first open one when that is closed.

    closed_through: the newest closed month, 0 while none is.
    """
    own = period_of(day)
    return own if own > closed_through else next_period(closed_through)
