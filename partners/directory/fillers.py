"""What partners and programs are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.audit.subjects import Named, names


@names("partner")
def partner_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return partners by id."""
    rows = Partner.objects.filter(id__in=ids).values_list("id", "name")
    return {
        str(key): Named(name, reverse("partners:partner-detail", kwargs={"partner_id": key}))
        for key, name in rows
    }


@names("program")
def program_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return programs by id."""
    rows = Program.objects.filter(id__in=ids).values_list("id", "name")
    return {
        str(key): Named(name, reverse("partners:program-detail", kwargs={"program_id": key}))
        for key, name in rows
    }
