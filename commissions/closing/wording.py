"""Months and checks in words."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from commissions.closing.selectors import Check
from commissions.ledger.rules import first_day


def month_name(period: int) -> str:
    """Return a month's name and year: "October 2026"."""
    return month_of(first_day(period))


def month_of(day: date) -> str:
    """Return the name and year of a day's month."""
    return date_format(day, "F Y")


def check_title(check: Check) -> str:
    """Return what was looked at."""
    return {
        "booked": gettext("The books had begun"),
        "over": gettext("The month is over"),
        "earlier": gettext("Earlier months are closed"),
        "runs": gettext("No payout run waits"),
        "events": gettext("Everything that happened is booked"),
        "releases": gettext("Ended holds are released"),
        "sent": gettext("Payments sent are paid or returned"),
        "write_offs": gettext("Write-offs are decided"),
    }[check.code]


def check_words(check: Check) -> str:
    """Return what was found, and what to do about it; empty when all is fine."""
    count = {"count": check.count}
    if check.is_fine:
        return ""
    if check.code == "booked":
        return gettext("Nothing was booked by the end of this month.")
    if check.code == "over":
        return gettext("The month is not over yet.")
    if check.code == "earlier":
        return (
            ngettext(
                "%(count)s earlier month is open. Close it first.",
                "%(count)s earlier months are open. Close them first.",
                check.count,
            )
            % count
        )
    if check.code == "runs":
        return (
            ngettext(
                "%(count)s payout run of the month is not sent to the bank. Finish it or send it back.",
                "%(count)s payout runs of the month are not sent to the bank. Finish them or send them back.",
                check.count,
            )
            % count
        )
    return _note(check) % count


def _note(check: Check) -> str:
    if check.code == "events":
        return ngettext(
            "%(count)s event is not handled yet. Wait a minute, or see the stuck work under Jobs.",
            "%(count)s events are not handled yet. Wait a minute, or see the stuck work under Jobs.",
            check.count,
        )
    if check.code == "releases":
        return ngettext(
            "%(count)s commission whose hold ended is not released; it will be in a later month.",
            "%(count)s commissions whose hold ended are not released; they will be in a later month.",
            check.count,
        )
    if check.code == "sent":
        return ngettext(
            "%(count)s payment is with the bank; it counts in the month in which it is marked as paid.",
            "%(count)s payments are with the bank; they count in the month in which they are marked as paid.",
            check.count,
        )
    return ngettext(
        "%(count)s write-off waits for a second person.",
        "%(count)s write-offs wait for a second person.",
        check.count,
    )
