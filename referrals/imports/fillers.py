"""What imports are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from prm.audit.subjects import Named, names
from referrals.imports import forgetting  # noqa: F401  its part of an erasure
from referrals.imports.models import Import


@names("import")
def import_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return imports by id."""
    rows = Import.objects.filter(id__in=ids).values_list("id", "file_name")
    return {
        str(key): Named(name, reverse("referrals:import-detail", kwargs={"import_id": key}))
        for key, name in rows
    }
