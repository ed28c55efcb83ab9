"""What applications say in places of the rooms below: names of applicants among a course's people."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from partners.applications.models import Application
from partners.training.panels import names_applicants


@names_applicants
def applicants(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the names of applications."""
    rows = Application.objects.filter(id__in=ids).values_list("id", "name", "company")
    return {row_id: f"{name} ({company})" if company else name for row_id, name, company in rows}
