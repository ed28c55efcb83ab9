"""Try plans on the history, and read what would have come of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commissions.ledger.selectors import tenant_zone
from commissions.plans.models import PlanVersion
from commissions.simulation.forms import SimulationForm, TargetsForm
from commissions.simulation.models import Simulation
from commissions.simulation.pages import result_page, span_text, stat_rows
from commissions.simulation.selectors import (
    draft_stand,
    partner_lines,
    simulations_of,
    targets_of,
)
from commissions.simulation.services import set_targets, simulate
from commissions.simulation.tables import SimulatedPartnerTable
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.models import Job, JobState
from prm.web.htmx import hx_redirect, render_part, wants_part
from prm.web.paging import keyset_page

# A task that ended without a result.
ENDED = (JobState.FAILED, JobState.STOPPED)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def simulation_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """List what was tried in a program, and try another version or time."""
    program = get_object_or_404(Program, id=program_id)
    versions = list(PlanVersion.objects.filter(program_id=program.id).order_by("-number"))
    form = SimulationForm(
        request.POST if request.method == "POST" else None,
        versions=versions,
        today=timezone.localdate(timezone.now(), tenant_zone()),
    )
    if form.is_bound and form.is_valid():
        simulation = simulate(
            version_id=UUID(form.cleaned_data["version"]), span=form.span, **acting(request)
        )
        return redirect("commissions:simulation-detail", simulation_id=simulation.id)
    page = keyset_page(
        simulations_of(program.id),
        params=request.GET,
        orders={"created": ("created_at",)},
        default="-created",
    )
    context = {
        "program": program,
        "form": form,
        "versions": versions,
        "page": page,
        "rows": stat_rows(page.rows),
    }
    status = 422 if form.is_bound else 200
    return render(request, "commissions/simulation/list.html", context, status=status)


@require_safe
@needs(Capability.EDIT_PROGRAMS)
def simulation_detail(request: MemberRequest, simulation_id: UUID) -> HttpResponse:
    """Show a result with its winners and losers; while it is going on, lead to the task."""
    simulation = get_object_or_404(Simulation.objects.select_related("program"), id=simulation_id)
    if simulation.result is None:
        context: dict[str, Any] = {
            "simulation": simulation,
            "span": span_text(simulation),
            "has_ended": simulation.job_id is not None
            and Job.objects.filter(id=simulation.job_id, state__in=ENDED).exists(),
        }
        return render_part(request, "commissions/simulation/running.html", context, part="state")
    if wants_part(request):
        return hx_redirect(request, "commissions:simulation-detail", simulation_id=simulation.id)
    view = request.GET.get("view", "")
    page = keyset_page(
        partner_lines(simulation.id, view),
        params=request.GET,
        orders={"difference": ("difference_minor",)},
        default="-difference" if view == "winners" else "difference",
    )
    context = {
        "simulation": simulation,
        "result": result_page(simulation),
        "draft": draft_stand(simulation),
        "view": view,
        "page": page,
        "table": SimulatedPartnerTable(page.rows, page=page, currency=simulation.currency),
    }
    return render(request, "commissions/simulation/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def cost_targets(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Keep what a lead and a customer may cost."""
    program = get_object_or_404(Program, id=program_id)
    form = TargetsForm(
        request.POST if request.method == "POST" else None,
        currency=program.currency,
        targets=targets_of(program.id),
    )
    if form.is_bound and form.is_valid():
        set_targets(program_id=program.id, targets=form.targets, **acting(request))
        messages.success(request, _("Cost limits saved"))
        return redirect("commissions:simulation-list", program_id=program.id)
    status = 422 if form.is_bound else 200
    context = {"program": program, "form": form}
    return render(request, "commissions/simulation/targets.html", context, status=status)
