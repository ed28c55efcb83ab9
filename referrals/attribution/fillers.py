"""What attribution puts on other slices' pages, and its part of merges and of erasures."""

from collections.abc import Sequence

from django.urls import reverse

from prm.audit.subjects import Named, names
from referrals.attribution import forgetting, merging, panels
from referrals.attribution.models import Case

__all__ = ["case_names", "forgetting", "merging", "panels"]


@names("case")
def case_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return cases by id: their numbers."""
    return {
        str(row.id): Named(
            row.number, reverse("referrals:manage-case-detail", kwargs={"case_id": row.id})
        )
        for row in Case.objects.filter(id__in=ids).only("id", "number")
    }
