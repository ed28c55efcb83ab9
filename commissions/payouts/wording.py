"""Why somebody is not paid, what changed and what adds up, in the reader's words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext, ngettext

from commissions.payouts.models import (
    ExclusionReason,
    PayoutMethod,
    PayoutState,
)
from commissions.payouts.returns import PaidAgain
from commissions.payouts.rules import account_code
from commissions.payouts.selectors import (
    TO_DECIDE,
    ChangeSince,
    CurrencyTotal,
    FreshDetails,
)
from prm.money import Money
from prm.web.formats import day_text, moment_text, money_text
from prm.web.parts import Stat


def reason_words(
    reason: str,
    *,
    minimum: Money | None = None,
    cooling_until: datetime | None = None,
    returned: tuple[str, str] | None = None,
    left_out_by: str = "",
) -> str:
    """Return why somebody is not paid, and what happens next.

    returned: the payment that came back, and what the bank said. left_out_by: a name, empty for the reader.
    """
    if reason == ExclusionReason.LEFT_OUT and left_out_by:
        return gettext("Left out by %(name)s. Stays for the next run.") % {"name": left_out_by}
    if reason == ExclusionReason.COOLING and cooling_until:
        return gettext(
            "Bank details changed. Held until %(moment)s; call back on the number on file before paying."
        ) % {
            "moment": moment_text(cooling_until, "medium"),
        }
    if reason == ExclusionReason.BELOW_MINIMUM and minimum:
        return gettext("Below the minimum of %(amount)s. Carried forward.") % {
            "amount": money_text(minimum.minor, minimum.currency)
        }
    if reason == ExclusionReason.RETURNED and returned:
        return came_back_words(*returned)
    words: dict[str, str] = {
        ExclusionReason.NO_DETAILS: gettext("No bank details."),
        ExclusionReason.RETURNED: gettext("A payment to this account came back."),
        ExclusionReason.OTHER_METHOD: gettext(
            "The payout method the partner chose does not carry this currency. The partner has to choose another one."
        ),
        ExclusionReason.TAX_FORM: gettext("A tax form is missing. Held until it is approved."),
        ExclusionReason.INVOICE: gettext(
            "The partner’s invoice is missing or not approved. Held until it is."
        ),
        ExclusionReason.VAT: gettext(
            "How VAT applies to the partner is not known or being checked. Held until it is."
        ),
        ExclusionReason.COOLING: gettext("Bank details changed in the last days."),
        ExclusionReason.BELOW_MINIMUM: gettext("Below the minimum. Carried forward."),
        ExclusionReason.NEGATIVE: gettext(
            "Below zero after a reversed commission. Carried forward."
        ),
        ExclusionReason.NOT_ACTIVE: gettext("The partner is paused."),
        ExclusionReason.LEFT_OUT: gettext("Left out by you. Stays for the next run."),
    }
    return words.get(reason, reason)


def came_back_words(number: str, bank_says: str) -> str:
    """Return why nothing is paid to an account that a payment came back from."""
    return gettext(
        "%(payment)s came back from this account: %(reason)s. Held until the partner changes it or you confirm it."
    ) % {"payment": number, "reason": bank_words(bank_says).rstrip(". ")}


def bank_words(reason: str) -> str:
    """Return why a payment came back; a bare code of a bank in words beside it, nothing as that."""
    code = account_code(reason)
    if not reason:
        return gettext("The bank gave no reason")
    if reason.strip() != code:
        return reason
    closed, wrong = gettext("The account is closed"), gettext("The account number is wrong")
    blocked, died = gettext("The account is blocked"), gettext("The account holder has died")
    other = gettext("Accounts of this kind take no such payments")
    bank = gettext("The number of the bank is wrong or out of use")
    words = {
        **dict.fromkeys(("AC01", "AC03", "R04"), wrong),
        **dict.fromkeys(("AC04", "AC07", "R02"), closed),
        **dict.fromkeys(("AC06", "R16"), blocked),
        **dict.fromkeys(("AC14", "AG01", "R20"), other),
        **dict.fromkeys(("CNOR", "RC01", "RC04", "R12", "R13"), bank),
        **dict.fromkeys(("MD07", "R14", "R15"), died),
        "BE01": gettext("The account is somebody else’s"),
        "BE06": gettext("The bank does not know the account holder"),
        "R03": gettext("The bank knows no such account"),
    }
    return f"{words[code]} ({code})"


def method_words(method: str) -> str:
    """Return a way of paying in a word, for a cell before the account."""
    words = {
        PayoutMethod.SEPA: gettext("SEPA"),
        PayoutMethod.BANK: gettext("Bank"),
        PayoutMethod.ACH: gettext("ACH"),
        PayoutMethod.PAYPAL: gettext("PayPal"),
        PayoutMethod.WISE: gettext("Wise"),
        PayoutMethod.WISE_ACCOUNT: gettext("Wise"),
    }
    return words[PayoutMethod(method)]


def file_words(kind: str, templates: Mapping[int, str]) -> str:
    """Return what a run's file is; templates: names by id."""
    lead, _, rest = kind.partition("-")
    if lead == "template":
        return templates.get(int(rest), kind)
    if lead == "wise" and rest[:3].isalpha():
        return gettext("Wise list, accounts in %(part)s") % {"part": rest.upper()}
    words = {
        "sepa": gettext("SEPA file (pain.001)"),
        "ach": gettext("US bank file (NACHA)"),
        "paypal": gettext("PayPal list, %(part)s") % {"part": rest.upper()},
        "wise": gettext("Wise list"),
        "csv": gettext("Payments as CSV"),
        "xlsx": gettext("Payments as Excel"),
        "zip": gettext("All files as zip"),
    }
    return f"{words[lead]} {rest}" if lead == "wise" and rest else words[lead]


def change_words(change: ChangeSince) -> str:
    """Return what happened to a frozen payment's partner since."""
    values = {"name": change.partner_name, "number": change.payout_number}
    if change.kind == "details":
        values |= {"before": change.before or "–", "after": change.after or "–"}
        return gettext("%(name)s: bank details changed from %(before)s to %(after)s") % values
    if change.kind == "returned":
        values["payment"] = change.after
        return gettext("%(name)s: %(payment)s came back from the same account") % values
    if change.kind == "state":
        return gettext("%(name)s was paused or ended") % values
    before, after = change.before, change.after
    values |= {
        "before": money_text(before.minor, before.currency),
        "after": money_text(after.minor, after.currency),
    }
    return (
        gettext(
            "%(name)s: balance fell from %(before)s to %(after)s; the rest is carried forward below zero"
        )
        % values
    )


def fresh_words(fresh: FreshDetails, *, short: bool = False) -> str:
    """Return when and by whom the bank details of a payment were entered or changed; short: beside the account."""
    values = {
        "account": fresh.masked,
        "day": day_text(fresh.changed_at),
        "name": fresh.changed_by or gettext("the system"),
    }
    if short:
        words = (
            gettext("Changed on %(day)s by %(name)s")
            if fresh.replaced
            else gettext("Entered on %(day)s by %(name)s")
        )
        return words % values
    if fresh.by_preparer:
        return (
            gettext("%(account)s changed on %(day)s by %(name)s, who prepared this run")
            if fresh.replaced
            else gettext("%(account)s entered on %(day)s by %(name)s, who prepared this run")
        ) % values
    return (
        gettext("%(account)s changed on %(day)s by %(name)s")
        if fresh.replaced
        else gettext("%(account)s entered on %(day)s by %(name)s")
    ) % values


def total_stats(totals: Iterable[CurrencyTotal]) -> list[Stat]:
    """Return a figure for each currency that goes out, with its number of payments."""
    return [
        Stat(
            label=ngettext(
                "%(currency)s, %(count)s payment",
                "%(currency)s, %(count)s payments",
                total.payout_count,
            )
            % {"currency": total.currency, "count": total.payout_count},
            value=money_text(total.amount_minor, total.currency),
        )
        for total in totals
    ]


def left_out_stat(reasons: list[str]) -> Stat:
    """Return how many balances are left out and for which reasons, those that a person can end first."""
    counts = Counter(reasons)
    order = sorted(counts, key=lambda reason: (reason not in TO_DECIDE, -counts[reason], reason))
    return Stat(
        label=gettext("Left out of this run"),
        value=ngettext("%(count)s balance", "%(count)s balances", len(reasons))
        % {"count": len(reasons)},
        note=" · ".join(f"{ExclusionReason(reason).label}: {counts[reason]}" for reason in order),
    )


def returned_words(totals: Iterable[CurrencyTotal]) -> str:
    """Return how many payments came back and how much; empty when none did."""
    return " · ".join(
        ngettext(
            "%(count)s payment of %(amount)s came back",
            "%(count)s payments came back, %(amount)s in all",
            total.payout_count,
        )
        % {
            "count": total.payout_count,
            "amount": money_text(total.amount_minor, total.currency),
        }
        for total in totals
    )


def again_words(again: PaidAgain | None) -> str:
    """Return what became of money that came back."""
    if again is None:
        return gettext("Payable again, in the next run")
    words = {
        PayoutState.PREPARED: gettext("In %(number)s, which waits for approval"),
        PayoutState.APPROVED: gettext("In %(number)s, which is approved"),
        PayoutState.EXPORTED: gettext("Sent to the bank again with %(number)s"),
        PayoutState.SETTLED: gettext("Paid by %(number)s"),
        PayoutState.RETURNED: gettext("Sent again with %(number)s and came back again"),
    }
    return words[PayoutState(again.state)] % {"number": again.run_number}
