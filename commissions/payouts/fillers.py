"""What payout runs and payments are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.payouts.models import Payout, PayoutRun
from prm.audit.subjects import Named, names


@names("payout_run")
def run_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return payout runs by id."""
    rows = PayoutRun.objects.filter(id__in=ids).values_list("id", "number")
    return {
        str(key): Named(number, reverse("commissions:run-detail", kwargs={"run_id": key}))
        for key, number in rows
    }


@names("payout")
def payout_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return payments by id, with the run each belongs to."""
    rows = Payout.objects.filter(id__in=ids).values_list(
        "id", "run_id", "run__number", "partner__name"
    )
    return {
        str(key): Named(
            f"{number} {partner}", reverse("commissions:run-detail", kwargs={"run_id": run_id})
        )
        for key, run_id, number, partner in rows
    }
