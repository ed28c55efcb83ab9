"""By when an answer is promised: the program's business hours on the tenant's calendar."""

from datetime import datetime, timedelta

from partners.programs.models import Program
from prm.web.formats import moment_text
from prm.workhours.rules import NeverOpen, due_at
from prm.workhours.selectors import calendar_of_tenant


def promised_at(program: Program, at: datetime, *, hours: int | None = None) -> datetime:
    """Return the moment by which a referral that comes in at `at` is answered.

    hours: business hours instead of the program's. A calendar that is never open counts plain hours.
    """
    hours = program.answer_hours if hours is None else hours
    try:
        return due_at(at, 60 * hours, calendar_of_tenant())
    except NeverOpen:
        return at + timedelta(hours=hours)


def promise_words(program: Program, at: datetime) -> str:
    """Return by when a referral sent at `at` is answered, in words of the active language and zone."""
    return moment_text(promised_at(program, at), "weekday")
