"""Pages of a program's answers: late ones, who must approve, standing still, reasons for losing."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.models import User
from prm.web.choices import country_name
from prm.web.formats import money_text
from prm.web.htmx import hx_redirect
from referrals.pipeline.answer_models import ApprovalRoute
from referrals.pipeline.approvals import routes_of
from referrals.pipeline.deadlines import rules_of
from referrals.pipeline.models import (
    Role,
    StageChange,
)
from referrals.pipeline.promises import promise_words
from referrals.pipeline.selectors import loss_reasons_of, owner_choices
from referrals.stages.answer_forms import AnswersForm, RouteForm
from referrals.stages.answering import (
    MOST_REASONS,
    MOST_ROUTES,
    TooMany,
    add_route,
    retire_route,
    set_answer_rules,
    set_loss_reasons,
)


@dataclass(frozen=True)
class RouteRow:
    """A route in words: which referrals, and who approves in order."""

    route: ApprovalRoute
    conditions: list[str]
    people: list[str]


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def answers_edit(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show and change how a program answers: its clock, who must approve, why deals are lost."""
    program = get_object_or_404(Program, id=program_id)
    form = AnswersForm(
        request.POST if request.method == "POST" else None,
        people=owner_choices(),
        initial=_initial(program),
    )
    if form.is_bound and form.is_valid():
        if _saved(form, program, request):
            messages.success(request, gettext("Saved"))
            return hx_redirect(request, "referrals:answers-edit", program_id=program.id)
        form.add_error(
            "reasons", gettext("Enter at most %(most)s reasons") % {"most": MOST_REASONS}
        )
    context = {
        "form": form,
        "program": program,
        "promised": promise_words(program, timezone.now()),
        "routes": _route_rows(program),
        "lost": _lost_by_reason(program),
    }
    return render(
        request, "referrals/stages/answers.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def route_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Add a route: which referrals, and who approves them in order."""
    program = get_object_or_404(Program, id=program_id)
    form = RouteForm(
        request.POST if request.method == "POST" else None,
        people=owner_choices(),
        currency=program.currency,
    )
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            add_route(
                program_id=program.id,
                name=given["name"],
                from_minor=given["least"].minor if given["least"] else None,
                countries=given["countries"],
                product=given["product"],
                role=given["role"],
                approvers=given["approvers"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except TooMany:
            form.add_error(
                None, gettext("A program has at most %(most)s approvals") % {"most": MOST_ROUTES}
            )
        else:
            messages.success(request, gettext("Approval added"))
            return hx_redirect(request, "referrals:answers-edit", program_id=program.id)
    return render(
        request,
        "referrals/stages/route.html",
        {"form": form, "program": program},
        status=422 if form.errors else 200,
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def route_retire(request: MemberRequest, route_id: int) -> HttpResponse:
    """Stop asking by a route."""
    route = get_object_or_404(ApprovalRoute, id=min(route_id, 2**63 - 1))
    retire_route(route_id=route.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, gettext("Approval removed; referrals that wait for it still do"))
    return hx_redirect(request, "referrals:answers-edit", program_id=route.program_id)


def _initial(program: Program) -> dict[str, Any]:
    rules = rules_of(program.id)
    return {
        "overdue": rules.overdue,
        "escalate_to": rules.escalate_to_id,
        "approve_after_hours": rules.approve_after_hours,
        "stall_days": rules.stall_days,
        "reasons": "\n".join(row.name for row in loss_reasons_of(program.id)),
    }


def _saved(form: AnswersForm, program: Program, request: MemberRequest) -> bool:
    given, at = form.cleaned_data, timezone.now()
    try:
        set_loss_reasons(
            program_id=program.id, names=given["reasons"], actor=request.member.actor, at=at
        )
    except TooMany:
        return False
    set_answer_rules(
        program_id=program.id,
        overdue=given["overdue"],
        escalate_to_id=given["escalate_to"],
        approve_after_hours=given["approve_after_hours"],
        stall_days=given["stall_days"],
        actor=request.member.actor,
        at=at,
    )
    return True


def _route_rows(program: Program) -> list[RouteRow]:
    routes = routes_of(program.id)
    ids = {user_id for route in routes for user_id in route.approvers}
    names = {user.id: str(user) for user in User.objects.filter(id__in=ids)}
    return [
        RouteRow(
            route,
            _conditions(route, program.currency),
            [names.get(user_id, "?") for user_id in route.approvers],
        )
        for route in routes
    ]


def _conditions(route: ApprovalRoute, currency: str) -> list[str]:
    found = []
    if route.from_minor is not None:
        amount = money_text(route.from_minor, currency)
        found.append(gettext("Expected value from %(amount)s") % {"amount": amount})
    if route.countries:
        found.append(", ".join(country_name(code) for code in route.countries))
    if route.product:
        found.append(route.product)
    if route.role:
        found.append(str(Role(route.role).label))
    return found or [gettext("Every referral")]


def _lost_by_reason(program: Program) -> list[tuple[str, int]]:
    """Return how many deals were lost for each reason, most first."""
    found = (
        StageChange.objects.filter(
            to_kind="lost", loss_reason__isnull=False, to_stage__program_id=program.id
        )
        .values_list("loss_reason__name")
        .annotate(count=Count("id"))
        .order_by("-count", "loss_reason__name")
    )
    return list(found)
