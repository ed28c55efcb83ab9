"""What statements are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from commissions.statements.models import Statement
from prm.audit.subjects import Named, names


@names("statement")
def statement_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return statements by id."""
    rows = Statement.objects.filter(id__in=ids).values_list("id", "number", "partner__name")
    return {
        str(key): Named(
            f"{number} {partner}",
            reverse("commissions:statement-detail", kwargs={"statement_id": key}),
        )
        for key, number, partner in rows
    }
