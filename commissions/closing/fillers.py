"""What months and account codes are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext

from commissions.closing.wording import month_name
from prm.audit.subjects import Named, names


@names("period")
def period_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return months by yyyymm."""
    return {
        id_: Named(
            month_name(int(id_)),
            reverse("commissions:month-detail", kwargs={"period": int(id_)}),
        )
        for id_ in ids
        if id_.isdigit()
    }


@names("account_codes")
def code_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the one chart of accounts."""
    return {
        id_: Named(gettext("Account codes"), reverse("commissions:account-codes")) for id_ in ids
    }
