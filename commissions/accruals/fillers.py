"""What commissions are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.accruals.models import Accrual
from prm.audit.subjects import Named, names
from prm.web.formats import money_text


@names("accrual", numbered=True)
def accrual_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return commissions by id: the amount booked and whose it is."""
    rows = Accrual.objects.filter(id__in=ids).values_list(
        "id", "amount_minor", "currency", "partner__name"
    )
    return {
        str(key): Named(
            f"{money_text(amount, currency)} {partner}",
            reverse("commissions:accrual-detail", kwargs={"accrual_id": key}),
        )
        for key, amount, currency, partner in rows
    }
