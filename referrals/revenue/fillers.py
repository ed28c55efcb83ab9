"""What payments are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from prm.audit.subjects import Named, names
from prm.web.formats import money_text
from referrals.revenue import goals, merging, standing
from referrals.revenue.models import RevenueEvent

__all__ = ["goals", "merging", "revenue_names", "standing"]


@names("revenue")
def revenue_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return payments and refunds by id, with their customers' pages."""
    rows = RevenueEvent.objects.filter(id__in=ids).values_list(
        "id", "customer__name", "amount_minor", "currency", "referral_id"
    )
    return {
        str(key): Named(
            f"{name} {money_text(minor, currency)}",
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": referral_id}),
        )
        for key, name, minor, currency, referral_id in rows
    }
