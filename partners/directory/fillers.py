"""What partners and programs are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from partners.directory.models import ChangeCause, Partner, PartnerState, PartnerType
from partners.programs.models import Program, SuccessMetric
from prm.audit.subjects import Named, names
from prm.audit.values import choices_of

choices_of("partner", "state", PartnerState)
choices_of("partner", "type", PartnerType)
choices_of("partner", "cause", ChangeCause)
choices_of("program", "metric", SuccessMetric)


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
