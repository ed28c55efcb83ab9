"""What keys are called in the audit trail, and how they follow their partner through a merge."""

from collections.abc import Sequence

from django.urls import reverse

from partners.directory.merging import Merge, on_merge
from prm.api import forgetting  # noqa: F401  its part of an erasure
from prm.api.models import ApiKey, IdempotencyKey, ServerEvent
from prm.audit.subjects import Named, names


@names("api_key")
def api_key_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the keys by the names that people gave them; only the vendor's own have a page of the vendor."""
    rows = ApiKey.objects.filter(id__in=ids)
    return {
        str(row.id): Named(str(row), "" if row.partner_id else reverse("api-key-list"))
        for row in rows
    }


@on_merge
def carry_keys(merge: Merge) -> None:
    """Give the duplicate's keys, and what was reported of it, to the partner that stays."""
    for model in (ApiKey, IdempotencyKey, ServerEvent):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
