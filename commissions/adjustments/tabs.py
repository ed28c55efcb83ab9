"""The pages about the books, side by side."""

from django.urls import reverse
from django.utils.translation import gettext

from commissions.adjustments.models import WriteOff, WriteOffState
from prm.web.parts import Tab

MONTHS, LIABILITY, DEBTS, RATES, ACCOUNTS = "months", "liability", "debts", "rates", "accounts"


def books_tabs(current: str) -> list[Tab]:
    """Return the tabs of the books; the write-offs that wait for somebody are counted."""
    waiting = WriteOff.objects.filter(state=WriteOffState.ASKED).count()
    pages = (
        (MONTHS, gettext("Months"), "month-list"),
        (LIABILITY, gettext("Owed to partners"), "liability"),
        (DEBTS, gettext("Below zero"), "debt-list"),
        (RATES, gettext("Exchange rates"), "rate-list"),
        (ACCOUNTS, gettext("Account codes"), "account-codes"),
    )
    return [
        Tab(
            label,
            reverse(f"commissions:{name}"),
            current=key == current,
            count=waiting if key == DEBTS and waiting else None,
            hot=key == DEBTS and waiting > 0,
        )
        for key, label, name in pages
    ]
