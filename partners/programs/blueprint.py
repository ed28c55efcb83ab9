"""What a program says of itself in its publish checklist."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


@checks(
    "objective",
    order=10,
    title=gettext_lazy("Objective"),
    page="partners:program-edit",
    fragment="#id_objective",
)
def objective_check(program: Program, _at: datetime) -> Finding:
    """A program says what it is to achieve."""
    if not program.objective.strip():
        return Finding(_("Say what the program is to achieve"))
    return Finding(note=program.objective)


@checks(
    "metric",
    order=11,
    title=gettext_lazy("Metric"),
    page="partners:program-edit",
    fragment="#id_metric",
)
def metric_check(program: Program, _at: datetime) -> Finding:
    """A program is judged by one number with a target."""
    if not program.metric:
        return Finding(_("Choose the number that the program is judged by"))
    if not program.metric_target:
        return Finding(_("Set how much of it a year you aim for"))
    return Finding(note=str(program.get_metric_display()))


@checks(
    "contact",
    order=90,
    title=gettext_lazy("Contact address"),
    page="tenant-settings",
    fragment="#id_support_email",
)
def contact_check(_program: Program, _at: datetime) -> Finding:
    """Applicants can write to somebody."""
    tenant = Tenant.objects.only("support_email").get(id=current_scope().tenant_id)
    if not tenant.support_email:
        return Finding(_("Set the address to which applicants can write"))
    return Finding(note=tenant.support_email)
