"""What the page of one payment shows."""

from typing import Any

from django.utils.translation import gettext

from commissions.payouts.models import (
    Payout,
)
from prm.web.formats import day_text
from prm.web.marks import moment_mark


def payout_facts(payout: Payout, *, for_staff: bool) -> list[tuple[str, Any]]:
    """Return the facts of one payment."""
    facts: list[tuple[str, Any]] = [
        (gettext("Reference"), payout.number),
        (gettext("Paid to"), f"{payout.account.get_method_display()}, {payout.account.masked}"),
        (gettext("Account holder"), payout.account.holder),
        (gettext("Day the bank pays"), day_text(payout.run.pay_on)),
    ]
    if payout.settled_at:
        facts.append((gettext("Paid"), moment_mark(payout.settled_at)))
    if payout.returned_at:
        facts.append((gettext("Returned"), moment_mark(payout.returned_at)))
    if payout.return_reason:
        facts.append((gettext("Reason"), payout.return_reason))
    if for_staff:
        facts.insert(0, (gettext("Partner"), payout.partner.name))
    return facts
