"""What the page of one payment shows."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from commissions.payouts.models import AccountFault, Payout, PayoutState, ReturnCause
from commissions.payouts.returns import paid_again
from commissions.payouts.wording import again_words, bank_words
from commissions.tax.pages import withheld_words
from commissions.tax.withholding import withheld_from
from commissions.vat.models import VatCharge
from commissions.vat.selectors import bill_of, charge_of
from commissions.vat.wording import charge_words
from prm.web.formats import day_text, money_text
from prm.web.marks import moment_mark

# Partners see a payment from its approval on.
_UNSEEN = {PayoutState.PREPARED, PayoutState.CANCELLED}


def _since_then(payout: Payout, fault: AccountFault | None, *, for_staff: bool) -> SafeString | str:
    again = paid_again([payout.id]).get(payout.id)
    if again is None or (not for_staff and again.state in _UNSEEN):
        if fault and fault.cleared_at is None:
            return gettext("Payable again, once the account is changed or confirmed")
        return again_words(None)
    url = reverse("commissions:payout-detail", kwargs={"payout_id": again.payout_id})
    return _link(url, again_words(again))


def _vat_facts(charge: VatCharge, payout: Payout, *, for_staff: bool) -> list[tuple[str, Any]]:
    """Return net, VAT and the paper that a payment has."""
    facts: list[tuple[str, Any]] = [
        (gettext("Net"), money_text(charge.base_minor, charge.currency)),
        (gettext("VAT"), charge_words(charge)),
    ]
    bill = bill_of(payout.id)
    if bill:
        url = reverse("commissions:self-bill", kwargs={"bill_id": bill.id})
        facts.append((gettext("Self-billing note"), _link(url, bill.number)))
    if charge.invoice:
        name = "commissions:invoice-check" if for_staff else "commissions:invoice"
        url = reverse(name, kwargs={"invoice_id": charge.invoice.id})
        facts.append((gettext("Invoice"), _link(url, charge.invoice.number)))
    return facts


def _link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def _account_words(fault: AccountFault, *, for_staff: bool) -> str:
    """Say that nothing is paid to the account, or who wanted it paid again and, to staff, why."""
    if fault.cleared_at is None:
        return gettext("Nothing more is paid there until it is changed or confirmed")
    values = {"day": day_text(fault.cleared_at)}
    if not for_staff:
        return gettext("Confirmed on %(day)s: paid there again") % values
    values["name"] = fault.cleared_by.get_full_name() if fault.cleared_by else gettext("the system")
    values["reason"] = fault.cleared_reason
    return gettext("Confirmed on %(day)s by %(name)s: %(reason)s") % values


def payout_facts(
    payout: Payout, fault: AccountFault | None, *, for_staff: bool
) -> list[tuple[str, Any]]:
    """Return the facts of one payment; fault: what it says of its account when it came back."""
    facts: list[tuple[str, Any]] = [
        (gettext("Reference"), payout.number),
        (gettext("Paid to"), f"{payout.account.get_method_display()}, {payout.account.masked}"),
        (gettext("Account holder"), payout.account.holder),
        (gettext("Day the bank pays"), day_text(payout.run.pay_on)),
    ]
    if tax := withheld_from(payout.id):
        facts.insert(1, (gettext("Tax withheld"), withheld_words(tax)))
    if charge := charge_of(payout.id):
        facts[1:1] = _vat_facts(charge, payout, for_staff=for_staff)
    if payout.settled_at:
        facts.append((gettext("Paid"), moment_mark(payout.settled_at)))
    if payout.returned_at:
        facts.append((gettext("Returned"), moment_mark(payout.returned_at)))
    if payout.return_reason:
        facts.append((gettext("Reason"), bank_words(payout.return_reason)))
    if payout.return_cause and (for_staff or payout.return_cause != ReturnCause.UNCLEAR):
        facts.append((gettext("Cause"), payout.get_return_cause_display()))
    if fault:
        facts.append((gettext("The account"), _account_words(fault, for_staff=for_staff)))
    if payout.state == PayoutState.RETURNED:
        facts.append((gettext("Since then"), _since_then(payout, fault, for_staff=for_staff)))
    if for_staff:
        facts.insert(0, (gettext("Partner"), payout.partner.name))
    return facts
