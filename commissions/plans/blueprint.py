"""The commission plan in a program's publish checklist."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.plans.selectors import plan_in_force
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program


@checks("plan", order=30, title=gettext_lazy("Commission plan"), page="commissions:plan-list")
def plan_check(program: Program, at: datetime) -> Finding:
    """A published version says now what partners earn."""
    version = plan_in_force(program.id, at)
    if version is None:
        return Finding(_("Publish a plan that is in force now"))
    return Finding(note=_("Version %(number)s") % {"number": version.number})
