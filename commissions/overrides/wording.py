"""Exceptions in the reader's language."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from commissions.overrides.models import PlanOverride
from prm.web.formats import day_text, percent_text

TONES = {
    "asked": "warn",
    "active": "ok",
    "coming": "info",
    "expired": "",
    "ended": "",
    "declined": "bad",
}


def state_labels() -> dict[str, str]:
    """Return the states of a register's row in words."""
    return {
        "asked": gettext("Waits for approval"),
        "active": gettext("In force"),
        "coming": gettext("Scheduled"),
        "expired": gettext("Expired"),
        "ended": gettext("Ended early"),
        "declined": gettext("Declined"),
    }


def state_badge(override: PlanOverride, now: datetime) -> tuple[str, str]:
    """Return where an exception stands at the moment: words and tone."""
    state = override.stands_at(now)
    return state_labels()[state], TONES[state]


def override_words(override: PlanOverride) -> str:
    """Return what an exception says: "25% of every payment of the customer", or the version that counts."""
    if override.rate is None:
        number = override.version.number if override.version else 0
        return gettext("Plan version %(number)s instead of the one in force") % {"number": number}
    rate = percent_text(override.rate, digits=4)
    return {
        "won": gettext("%(rate)s of the deal value when a referral is won"),
        "first": gettext("%(rate)s of the customer's first payment"),
        "months": gettext("%(rate)s of the payments of the first months"),
        "active": gettext("%(rate)s of every payment while the partner is active"),
        "lifetime": gettext("%(rate)s of every payment of the customer"),
    }[override.event] % {"rate": rate}


def span_words(override: PlanOverride) -> str:
    """Return for which referrals it counts; the last day is named, not the moment after it."""
    return gettext("For referrals registered from %(start)s until %(end)s") % {
        "start": day_text(override.starts_at),
        "end": day_text(_last_moment(override)),
    }


def _last_moment(override: PlanOverride) -> datetime:
    """Return a moment of the last day: an end at midnight belongs to the day before."""
    return max(override.ends_at - timedelta(microseconds=1), override.starts_at)
