"""What banks' answers are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.results.models import ResultFile
from prm.audit.subjects import Named, names


@names("payout_result")
def result_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return answers of banks by id."""
    rows = ResultFile.objects.filter(id__in=ids).values_list("id", "file_name")
    return {
        str(key): Named(name, reverse("commissions:result-detail", kwargs={"file_id": key}))
        for key, name in rows
    }
