"""What a bank's answer says and why a row is left, in the reader's words."""

from django.utils.translation import gettext

from commissions.results.models import Match, Outcome, ResultRow
from commissions.results.reading import CAMT
from commissions.results.values import NotReadable
from prm.web.formats import money_text

MATCH_TONES = {
    Match.MATCHED: "ok",
    Match.KNOWN: "",
    Match.DOUBLE: "",
    Match.UNMATCHED: "warn",
}


def shape_words(shape: str) -> str:
    """Return what kind of file it is."""
    return gettext("Bank statement (camt.053)") if shape == CAMT else gettext("CSV list")


def match_words(match: str) -> str:
    """Return what the portal makes of a row, in a word or two."""
    return {
        Match.MATCHED: gettext("Matched"),
        Match.KNOWN: gettext("Booked before"),
        Match.DOUBLE: gettext("Second time in this file"),
        Match.UNMATCHED: gettext("Not matched"),
    }[Match(match)]


def outcome_words(outcome: str) -> str:
    """Return what a row says happened."""
    return {
        Outcome.PAID: gettext("Paid"),
        Outcome.RETURNED: gettext("Returned"),
        Outcome.FEE: gettext("Fee"),
    }[Outcome(outcome)]


def problem_words(row: ResultRow) -> str:
    """Return why a row is not matched; empty for the others."""
    if row.match != Match.UNMATCHED:
        return ""
    return {
        "reference": gettext("No payment of yours has this reference"),
        "currency": gettext("The payment is in another currency"),
        "amount": gettext("The payment is of another amount"),
        "state": gettext("The payment was not sent to the bank"),
        "fee": gettext("Another fee is booked for this payment"),
    }.get(row.problem, row.problem)


def note_words(row: ResultRow) -> str:
    """Return what else a row says: its reason, and what the bank took."""
    fee = (
        gettext("Fee %(amount)s") % {"amount": money_text(row.fee_minor, row.currency)}
        if row.fee_minor
        else ""
    )
    return " · ".join(filter(None, [problem_words(row), fee, row.reason]))


def unreadable_words(problem: NotReadable) -> str:
    """Return why a file cannot be read, and what to do."""
    words = {
        "xml": gettext("This XML cannot be read. Download the statement again and choose that."),
        "camt": gettext(
            "This is no camt.053 statement. Ask your bank for one, or choose a CSV list."
        ),
        "text": gettext("This list cannot be read. Save it as CSV UTF-8 and choose that."),
        "columns": gettext(
            "The list lacks columns: %(detail)s. It needs reference, outcome, amount and currency."
        ),
        "value": gettext("A value cannot be read: %(detail)s"),
        "long": gettext("The file has too many rows. Split it into files of at most 50,000 rows."),
    }
    return words[problem.why] % {"detail": problem.detail}
