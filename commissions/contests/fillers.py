"""What contests add elsewhere: their part of merges, their name in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.contests import merging  # noqa: F401  registers itself
from commissions.contests.models import Contest
from prm.audit.subjects import Named, names


@names("contest")
def contest_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return contests by id: their title and page."""
    rows = Contest.objects.filter(id__in=ids).values_list("id", "title")
    return {
        str(key): Named(title, reverse("commissions:contest-detail", kwargs={"contest_id": key}))
        for key, title in rows
    }
