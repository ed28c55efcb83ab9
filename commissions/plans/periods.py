"""Calendar periods and spans of months, in days of the tenant's zone."""

from datetime import date, timedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def months_later(day: date, months: int) -> date:
    """Return the same day some months on (or back, below zero); the last day of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month, last)
            except ValueError:
                continue
    raise AssertionError


def span_end(day: date, months: int) -> date:
    """Return the first day after so many months that begin on the day; a year from 29 February ends on 28 February."""
    later = months_later(day, months)
    return later if later.day == day.day else later + timedelta(days=1)


def bucket(period: str, day: date) -> int:
    """Return the number of the calendar period that a day lies in, one more for each later one; 0 for a lifetime."""
    if period == "lifetime":
        return 0
    return (day.year * 12 + day.month - 1) // MONTHS[period]


def bucket_start(period: str, number: int) -> date:
    """Return the first day of a calendar period by its number."""
    year, month = divmod(number * MONTHS[period], 12)
    return date(year, month + 1, 1)
