"""What a partner can do so that its balance is paid: tasks that stand while their reason does, kept nowhere."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from commissions.payouts.details import newest_account
from commissions.payouts.faults import open_faults
from commissions.payouts.freezing import Candidate, candidates_of
from commissions.payouts.models import ExclusionReason, Payout, PayoutState
from commissions.payouts.returns import came_back_last
from commissions.payouts.wording import bank_words
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.formats import moment_text, money_text
from prm.web.parts import Task

# What the partner's own people can end, or only wait for.
TOLD = (
    ExclusionReason.NO_DETAILS,
    ExclusionReason.RETURNED,
    ExclusionReason.OTHER_METHOD,
    ExclusionReason.TAX_FORM,
    ExclusionReason.VAT,
    ExclusionReason.INVOICE,
    ExclusionReason.COOLING,
    ExclusionReason.BELOW_MINIMUM,
)


def payout_tasks(partner_id: UUID, member: Member, *, at: datetime) -> list[Task]:
    """Return what keeps the partner's balances from being paid and what to do, for people who may do it.

    Nothing is kept: a task is there while its reason is. Empty for people without the right to payout details.
    """
    if not member.may(Capability.MANAGE_PAYOUT_DETAILS):
        return []
    due = candidates_of(partner_id, at=at)
    if newest_account(partner_id) is None:
        return [_first_details([row for row in due if row.amount_minor > 0])]
    # What came back is one task, in however many currencies it keeps money.
    return list(
        dict.fromkeys(_task(row) for row in due if row.reason in TOLD and row.amount_minor > 0)
    )


def return_tasks(partner_id: UUID, member: Member) -> list[Task]:
    """Return a task when the last payment to the details in force came back, for people who may change them.

    Gone once the details are changed, or a later payment to them was settled.
    """
    if not member.may(Capability.MANAGE_PAYOUT_DETAILS):
        return []
    account = newest_account(partner_id)
    back = came_back_last([partner_id], [account.id]) if account else []
    if account is None or not back:
        return []
    if faults := open_faults(account.id):
        payout = faults[0].payout
        return [_came_back(payout.number, account.masked, payout.return_reason, is_held=True)]
    newest = back[-1]
    return [_came_back(newest.number, account.masked, newest.return_reason, is_held=False)]


def _came_back(number: str, account: str, reason: str, *, is_held: bool) -> Task:
    """Return the task of a payment that came back; is_held: nothing more is paid to its account."""
    words = {
        "payment": number,
        "account": account,
        "reason": bank_words(reason),
    }
    text = (
        gettext(
            "Nothing more is paid to %(account)s until you change it. What the bank says of %(payment)s: %(reason)s"
        )
        if is_held
        else gettext("%(payment)s to %(account)s. What the bank says: %(reason)s")
    )
    return Task(
        gettext("A payment came back: check your payout details"),
        text % words,
        reverse("commissions:payout-details"),
        gettext("Check details"),
        "bank",
        "warn",
    )


def _first_details(due: Sequence[Candidate]) -> Task:
    text = (
        gettext("%(amount)s waits for them.")
        % {"amount": money_text(due[0].amount_minor, due[0].currency)}
        if due
        else gettext("So that the first payout is not delayed.")
    )
    return Task(
        gettext("Add your bank details"),
        text,
        reverse("commissions:payout-details"),
        gettext("Add details"),
        "bank",
        "warn" if due else "",
    )


def _task(row: Candidate) -> Task:
    amount = money_text(row.amount_minor, row.currency)
    details = reverse("commissions:payout-details")
    if row.reason == ExclusionReason.RETURNED:
        return _came_back(
            row.returned_number or "", row.masked or "", row.bank_says or "", is_held=True
        )
    if row.reason == ExclusionReason.BELOW_MINIMUM:
        missing = money_text(row.minimum_minor - row.amount_minor, row.currency)
        return Task(
            gettext("%(missing)s to go until the next payout") % {"missing": missing},
            gettext("%(amount)s is ready; the smallest payout is %(minimum)s.")
            % {"amount": amount, "minimum": money_text(row.minimum_minor, row.currency)},
            reverse("commissions:earnings"),
            gettext("See earnings"),
            "wallet",
        )
    if row.reason == ExclusionReason.COOLING and row.cooling_until:
        return Task(
            gettext("%(amount)s is held because your payout details changed") % {"amount": amount},
            gettext("It can be paid from %(moment)s on. Was it not you? Tell the vendor at once.")
            % {"moment": moment_text(row.cooling_until)},
            details,
            gettext("Check details"),
            "clock",
            "warn",
        )
    if row.reason == ExclusionReason.OTHER_METHOD:
        return Task(
            gettext("Choose another payout method for %(amount)s") % {"amount": amount},
            gettext("The one you chose does not carry this currency."),
            reverse("commissions:payout-details-change"),
            gettext("Change details"),
            "bank",
            "warn",
        )
    titles = {
        ExclusionReason.INVOICE: gettext("Your invoice is missing or being checked"),
        ExclusionReason.VAT: gettext("How you are taxed is missing or being checked"),
    }
    return Task(
        titles.get(ExclusionReason(row.reason), gettext("A tax form is missing")),
        gettext("%(amount)s waits for it.") % {"amount": amount},
        reverse("commissions:tax"),
        gettext("See what is missing"),
        "file",
        "warn",
    )


def episode_of(partner_id: UUID, currency: str) -> str:
    """Name the time since the partner's last payment in a currency, so that one reason is told once in it."""
    last = (
        Payout.objects.filter(partner_id=partner_id, currency=currency, state=PayoutState.SETTLED)
        .order_by("-id")
        .values_list("id", flat=True)
        .first()
    )
    return str(last or "first")
