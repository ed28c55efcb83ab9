"""The chart of accounts under the vendor's codes, and every word that reports print."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from commissions.closing.models import AccountCode
from commissions.closing.rules import DEFAULT_CODES, Frozen
from commissions.ledger.models import Account, AccountKind
from prm.events.services import Actor, emit

ACCOUNT_NAMES = {
    AccountKind.CASH: gettext_lazy("Bank"),
    AccountKind.FX: gettext_lazy("Exchange between currencies"),
    AccountKind.PENDING: gettext_lazy("Commissions on hold"),
    AccountKind.PAYABLE: gettext_lazy("Commissions payable"),
    AccountKind.IN_PAYOUT: gettext_lazy("Commissions in payout"),
    AccountKind.DISPUTED: gettext_lazy("Commissions disputed"),
    AccountKind.DEFERRED: gettext_lazy("Deductions from later payouts"),
    AccountKind.WITHHELD_TAX: gettext_lazy("Withheld tax"),
    AccountKind.INPUT_VAT: gettext_lazy("Input VAT"),
    AccountKind.ADJUSTMENTS: gettext_lazy("Transfers between partners"),
    AccountKind.COMMISSION_EXPENSE: gettext_lazy("Commission cost"),
    AccountKind.FEES: gettext_lazy("Bank fees"),
    AccountKind.WRITE_OFFS: gettext_lazy("Debts written off"),
    AccountKind.IN_KIND: gettext_lazy("Rewards given instead of money"),
    AccountKind.BREAKAGE: gettext_lazy("Commissions never claimed"),
}
ENTRY_NAMES = {
    "accrual": gettext_lazy("Commission earned"),
    "release": gettext_lazy("Hold ended"),
    "clawback": gettext_lazy("Commission taken back"),
    "payout": gettext_lazy("Payout approved"),
    "settlement": gettext_lazy("Payout paid"),
    "return": gettext_lazy("Payout returned"),
    "reversal": gettext_lazy("Reversal"),
    "merge": gettext_lazy("Partners merged"),
    "fee": gettext_lazy("Bank fee"),
    "write_off": gettext_lazy("Debt written off"),
    "conversion": gettext_lazy("Conversion"),
    "deferral": gettext_lazy("Deduction deferred"),
    "award": gettext_lazy("Prize"),
    "withholding": gettext_lazy("Tax withheld"),
    "vat": gettext_lazy("VAT"),
    "dispute": gettext_lazy("Line disputed"),
    "dispute_end": gettext_lazy("Dispute ended"),
    "correction": gettext_lazy("Correction after a dispute"),
    "in_kind": gettext_lazy("Taken instead of money"),
}
_PARTNER_SUMS = (
    gettext_lazy("Partner"),
    gettext_lazy("Currency"),
)
HEADINGS = {
    "journal": (
        gettext_lazy("Entry"),
        gettext_lazy("Booked on"),
        gettext_lazy("Recorded at"),
        gettext_lazy("Journal"),
        gettext_lazy("What"),
        gettext_lazy("Account"),
        gettext_lazy("Account name"),
        gettext_lazy("Partner"),
        gettext_lazy("Debit"),
        gettext_lazy("Credit"),
        gettext_lazy("Currency"),
        gettext_lazy("Takes back entry"),
    ),
    "liability": (
        *_PARTNER_SUMS,
        gettext_lazy("On hold"),
        gettext_lazy("Payable"),
        gettext_lazy("In payout"),
        gettext_lazy("Disputed"),
        gettext_lazy("Deducted later"),
        gettext_lazy("Owed"),
    ),
    "earnings": (
        *_PARTNER_SUMS,
        gettext_lazy("Earned"),
        gettext_lazy("Taken back"),
        gettext_lazy("Other"),
        gettext_lazy("Paid"),
        gettext_lazy("Returned"),
    ),
    "payouts": (
        gettext_lazy("Entry"),
        gettext_lazy("Booked on"),
        gettext_lazy("Payment"),
        gettext_lazy("Partner"),
        gettext_lazy("Paid"),
        gettext_lazy("Returned"),
        gettext_lazy("Currency"),
    ),
}


def account_codes() -> dict[str, list[str]]:
    """Return code and name of every kind of account: the vendor's own, the default chart's otherwise."""
    own = {row.kind: [row.code, row.name] for row in AccountCode.objects.all()}
    return {
        kind: own.get(
            kind, [DEFAULT_CODES.get(kind, ""), str(ACCOUNT_NAMES.get(AccountKind(kind), kind))]
        )
        for kind in AccountKind.values
    }


@transaction.atomic
def save_codes(*, codes: Mapping[str, tuple[str, str]], actor: Actor, at: datetime) -> int:
    """Keep the vendor's codes and names, kind -> both; return how many changed. Closed months keep theirs.

    A repeat changes nothing. Emits books.codes_changed.
    """
    before = account_codes()
    changed = {kind: new for kind, new in codes.items() if tuple(before[kind]) != new}
    for kind, (code, name) in changed.items():
        AccountCode.objects.update_or_create(kind=kind, defaults={"code": code, "name": name})
    if changed:
        emit(
            "books.codes_changed",
            subject="account_codes:all",
            actor=actor,
            changes={
                kind: [" ".join(before[kind]), " ".join(new)] for kind, new in changed.items()
            },
            at=at,
            queue=False,
        )
    return len(changed)


def words_now(language: str) -> Frozen:
    """Return what reports print today, in the active language, named `language`."""
    partners = (
        Account.objects.filter(partner__isnull=False)
        .order_by()
        .values_list("partner_id", "partner__name")
        .distinct()
    )
    return Frozen(
        language=language,
        headings={report: [str(word) for word in words] for report, words in HEADINGS.items()},
        accounts=account_codes(),
        entries={kind: str(word) for kind, word in ENTRY_NAMES.items()},
        partners={str(id_): name for id_, name in partners},
    )


def report_names() -> dict[str, str]:
    """Return what the reports are called, in the active language."""
    return {
        "journal": gettext("Journal"),
        "liability": gettext("Owed to partners"),
        "earnings": gettext("Earned per partner"),
        "payouts": gettext("Payments"),
    }
