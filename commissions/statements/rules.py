"""What of a statement may be disputed, and how long an answer took; no database, no clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

# The paper asks for objections within thirty days of its issue.
OPEN_FOR = timedelta(days=30)
# Sections whose lines are judgements; a payment is a fact of the bank.
DISPUTABLE = ("earned", "adjusted")


def disputes_end(issued_at: datetime) -> datetime:
    """Return the moment from which a statement's lines can no longer be disputed."""
    return issued_at + OPEN_FOR


def answer_days(spans: Sequence[timedelta]) -> float | None:
    """Return in how many days, to a tenth, half of the disputes were answered; None without any."""
    if not spans:
        return None
    return round(median(span.total_seconds() for span in spans) / 86_400, 1)
