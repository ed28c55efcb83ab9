"""What an expected amount waits for, in words that partner and vendor both read; never whom it was earned with."""

from django.utils.translation import gettext

from commissions.calendar.rules import DISPUTED, HOLD, READY, REVIEW, UNDER_WAY, Expected
from commissions.payouts.models import ExclusionReason
from prm.web.formats import day_text, money_text


def blocker_words(row: Expected) -> str:
    """Return what an amount waits for, and what happens then."""
    if row.blocker == HOLD and row.until:
        return gettext("Hold ends on %(day)s") % {"day": day_text(row.until)}
    if row.blocker == UNDER_WAY:
        return gettext("On its way with payout %(number)s") % {"number": row.names[0]}
    if row.blocker == ExclusionReason.BELOW_MINIMUM:
        missing = money_text(row.missing_minor, row.currency)
        return gettext("Below the minimum: %(missing)s to go") % {"missing": missing}
    if row.blocker == ExclusionReason.COOLING and row.until:
        return gettext("Payout details changed: held until %(day)s") % {"day": day_text(row.until)}
    words: dict[str, str] = {
        READY: gettext("Ready for the next payout"),
        REVIEW: gettext("Under review by the vendor"),
        DISPUTED: gettext("Disputed, until it is answered"),
        ExclusionReason.NO_DETAILS: gettext("Payout details are missing"),
        ExclusionReason.RETURNED: gettext("A payment came back: payout details have to be checked"),
        ExclusionReason.OTHER_METHOD: gettext("The payout method does not carry this currency"),
        ExclusionReason.TAX_FORM: gettext("A tax form is missing"),
        ExclusionReason.INVOICE: gettext("The invoice is missing or being checked"),
        ExclusionReason.VAT: gettext("How VAT applies is missing or being checked"),
        ExclusionReason.NEGATIVE: gettext("Below zero: what is earned next makes up for it"),
        ExclusionReason.NOT_ACTIVE: gettext("The partnership is paused"),
    }
    return words[row.blocker]


def day_words_of(row: Expected) -> str:
    """Return the day as the list says it."""
    if row.on is None:
        return gettext("No day yet")
    if row.is_ready_day:
        return gettext("Ready from %(day)s") % {"day": day_text(row.on)}
    return day_text(row.on)
