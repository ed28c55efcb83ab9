"""What the page of payout details shows: where a partner is paid now, since when, and before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from commissions.ledger.selectors import PartnerBalance
from commissions.payouts.models import AccountFault, PayoutAccount
from commissions.payouts.wording import bank_words
from prm.web.formats import day_text, moment_text, money_text
from prm.web.marks import moment_mark
from prm.web.parts import Change


@dataclass(frozen=True)
class DetailsPage:
    """Where the partner is paid now, since when, and before."""

    account: PayoutAccount | None
    facts: list[tuple[str, Any]]
    cooling_until: str
    history: list[Change]
    waiting: str
    # The payments that came back from this account, while nothing more is paid there.
    returned: list[str]


def details_page(
    history: list[PayoutAccount],
    balances: list[PartnerBalance],
    faults: list[AccountFault],
    *,
    now: datetime,
) -> DetailsPage:
    """Return the page of payout details; waiting names what cannot be paid without them."""
    account = history[0] if history else None
    waiting = (
        " · ".join(money_text(row.payable, row.currency) for row in balances if row.payable > 0)
        if account is None
        else ""
    )
    cooling = (
        account.cooling_until
        if account and account.cooling_until and account.cooling_until > now
        else None
    )
    return DetailsPage(
        account=account,
        facts=_account_facts(account) if account else [],
        cooling_until=moment_text(cooling) if cooling else "",
        history=[
            _account_change(row, history[index + 1] if index + 1 < len(history) else None)
            for index, row in enumerate(history)
        ],
        waiting=waiting,
        returned=[
            gettext("%(payment)s: %(reason)s")
            % {"payment": fault.payout.number, "reason": bank_words(fault.payout.return_reason)}
            for fault in faults
        ],
    )


def confirm_facts(account: PayoutAccount, faults: list[AccountFault]) -> list[tuple[str, Any]]:
    """Return what finance looks at before it pays to the same account again."""
    facts: list[tuple[str, Any]] = [
        (gettext("Account"), f"{account.get_method_display()}, {account.masked}"),
        (gettext("Account holder"), account.holder),
        (gettext("Entered"), day_text(account.changed_at)),
    ]
    for fault in faults:
        values = {
            "payment": fault.payout.number,
            "day": day_text(fault.at),
            "reason": bank_words(fault.payout.return_reason),
        }
        facts.append((gettext("Came back"), gettext("%(payment)s on %(day)s: %(reason)s") % values))
    return facts


def _account_facts(account: PayoutAccount) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (gettext("Method"), account.get_method_display()),
        (gettext("Account holder"), account.holder),
        (gettext("Account"), account.masked),
    ]
    if account.bic:
        facts.append((gettext("BIC"), account.bic))
    if account.routing:
        facts.append((gettext("Bank number"), account.routing))
    if account.ach_kind:
        facts.append((gettext("Kind of account"), account.get_ach_kind_display()))
    return [*facts, (gettext("Since"), moment_mark(account.changed_at))]


def _account_change(row: PayoutAccount, before: PayoutAccount | None) -> Change:
    who = row.changed_by.get_full_name() if row.changed_by else gettext("The vendor")
    text = gettext("Account changed") if before else gettext("Account entered")
    return Change(
        text,
        row.changed_at,
        who,
        before=before.masked if before else "",
        after=row.masked,
    )
