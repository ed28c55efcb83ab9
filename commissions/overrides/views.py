"""The register of exceptions: ask, decide, end."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commissions.overrides.forms import DecisionForm, OverrideForm
from commissions.overrides.models import PlanOverride
from commissions.overrides.selectors import STATES, events_with_rates, listed_overrides
from commissions.overrides.services import (
    AlreadyDecided,
    NothingToOverride,
    OverrideIsOver,
    OverridesOverlap,
    SamePerson,
    approve_override,
    ask_override,
    decline_override,
    end_override,
)
from commissions.overrides.tables import OverrideTable
from commissions.overrides.wording import override_words, span_words, state_badge, state_labels
from commissions.plans.models import PlanVersion
from partners.directory.choosing import choose_partner, chosen_partner
from partners.directory.models import Enrollment
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.formats import day_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_PROGRAMS)
def override_list(request: MemberRequest) -> HttpResponse:
    """Show the register of exceptions."""
    now, bar = timezone.now(), _bar(request)
    chosen = {select.name: select.value for select in bar.selects}
    rows = listed_overrides(
        state=chosen.get("state", ""),
        program_id=UUID(chosen["program"]) if chosen.get("program") else None,
        words=search_words(request.GET),
        now=now,
    )
    page = keyset_page(rows, params=request.GET, orders={"asked": ("asked_at",)}, default="-asked")
    context = {
        "bar": bar,
        "page": page,
        "table": OverrideTable(page.rows, page=page, now=now),
        "is_empty": not page.rows and not bar.chips,
        "may_ask": request.member.may(Capability.EDIT_PARTNERS),
    }
    return render_part(request, "commissions/overrides/list.html", context, say=page.shown_text)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def override_new(request: MemberRequest) -> HttpResponse:
    """Ask for an exception; first for whom, then for what."""
    partner = chosen_partner(request)
    if partner is None:
        return choose_partner(
            request,
            heading=gettext("Ask for an exception"),
            lead=gettext("First choose the partner that gets other terms."),
            crumb=(gettext("Exceptions"), reverse("commissions:override-list")),
        )
    now, zone = timezone.now(), ZoneInfo(request.tenant.time_zone)
    today = timezone.localdate(now, zone)
    programs = list(
        Program.objects.filter(
            id__in=Enrollment.objects.filter(partner_id=partner.id).values("program_id")
        ).order_by("name", "id")
    )
    versions = list(
        PlanVersion.objects.filter(
            program_id__in=[row.id for row in programs], published_at__isnull=False
        )
        .select_related("program")
        .order_by("program__name", "-number")
    )
    form = OverrideForm(
        request.POST or None,
        programs=programs,
        versions=versions,
        events=events_with_rates([row.id for row in programs], now),
        initial={"starts_on": today, "ends_on": today + timedelta(days=180)},
    )
    if form.is_bound and form.is_valid():
        starts_at, ends_at = form.span(zone)
        try:
            override = ask_override(
                program_id=UUID(form.cleaned_data["program"]),
                partner_id=partner.id,
                terms=form.terms,
                starts_at=starts_at,
                ends_at=ends_at,
                reason=form.cleaned_data["reason"],
                actor=request.member.actor,
                at=now,
            )
        except OverrideIsOver:
            form.add_error("ends_on", gettext("Choose a last day from today on"))
        except NothingToOverride:
            form.add_error(
                "event",
                gettext("No plan version of this time has such a percentage, so nothing changes"),
            )
        else:
            messages.success(request, gettext("The exception waits for another person's approval"))
            return hx_redirect(request, "commissions:override-detail", override_id=override.id)
    context = {"form": form, "partner": partner, "has_programs": bool(programs and versions)}
    return render(
        request, "commissions/overrides/new.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.SEE_PROGRAMS)
def override_detail(request: MemberRequest, override_id: UUID) -> HttpResponse:
    """Show one exception, to those who may decide with the buttons."""
    return _detail(request, _override(override_id), DecisionForm())


@require_POST
@needs(Capability.APPROVE_PAYOUTS)
def override_decide(request: MemberRequest, override_id: UUID) -> HttpResponse:
    """Approve or decline."""
    override, form = _override(override_id), DecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, override, form, status=422)
    decide = approve_override if request.POST.get("act") == "approve" else decline_override
    try:
        decide(
            override_id=override.id,
            note=form.cleaned_data["note"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except SamePerson:
        problem = gettext("You asked for it: another person approves it")
    except OverrideIsOver:
        problem = gettext("Its last day has passed: ask for a new one")
    except OverridesOverlap:
        problem = gettext("Another exception of this partner counts in the same time: end it first")
    except AlreadyDecided:
        problem = gettext("Somebody else has decided it by now")
    else:
        messages.success(
            request,
            gettext("The exception is approved")
            if decide is approve_override
            else gettext("The exception is declined"),
        )
        return hx_redirect(request, "commissions:override-detail", override_id=override.id)
    return _detail(request, _override(override_id), form, problem=problem, status=409)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def override_end(request: MemberRequest, override_id: UUID) -> HttpResponse:
    """End an approved exception from now on."""
    override = _override(override_id)
    try:
        end_override(override_id=override.id, actor=request.member.actor, at=timezone.now())
    except AlreadyDecided:
        problem = gettext("It was never approved, so there is nothing to end")
        return _detail(request, override, DecisionForm(), problem=problem, status=409)
    messages.success(request, gettext("The exception has ended; the plan counts again"))
    return hx_redirect(request, "commissions:override-detail", override_id=override.id)


def _detail(
    request: MemberRequest,
    override: PlanOverride,
    form: DecisionForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    now, member = timezone.now(), request.member
    label, tone = state_badge(override, now)
    waits = override.state == "asked"
    facts: list[tuple[str, Any]] = [
        (gettext("Instead of the plan"), override_words(override)),
        (gettext("When"), span_words(override)),
        (gettext("Reason"), override.reason),
        (gettext("Asked by"), _who(override.asked_by, override.asked_at)),
    ]
    if override.decided_by:
        words = gettext("Declined by") if override.state == "declined" else gettext("Approved by")
        facts.append((words, _who(override.decided_by, override.decided_at)))
    if override.decision_note:
        facts.append((gettext("Note"), override.decision_note))
    if override.ended_by:
        facts.append((gettext("Ended early by"), _who(override.ended_by, override.ends_at)))
    may_decide = waits and member.may(Capability.APPROVE_PAYOUTS)
    context = {
        "override": override,
        "facts": facts,
        "label": label,
        "tone": tone,
        "form": form,
        "problem": problem,
        "may_decide": may_decide,
        "is_own": override.asked_by_id == member.user_id,
        "waits": waits,
        "may_end": member.may(Capability.EDIT_PROGRAMS)
        and override.stands_at(now) in {"active", "coming"},
    }
    return render(request, "commissions/overrides/detail.html", context, status=status)


def _who(person: Any, moment: Any) -> str:
    return gettext("%(person)s on %(day)s") % {"person": person, "day": day_text(moment)}


def _bar(request: MemberRequest) -> FilterBar:
    labels = state_labels()
    programs = list(Program.objects.order_by("name", "id").values_list("id", "name")[:100])
    selects = [
        select_from(
            request.GET, "state", gettext("State"), [(state, labels[state]) for state in STATES]
        )
    ]
    if len(programs) > 1:
        selects.append(
            select_from(
                request.GET,
                "program",
                gettext("Program"),
                [(str(id_), name) for id_, name in programs],
            )
        )
    return FilterBar(
        reverse("commissions:override-list"),
        gettext("Filter exceptions"),
        request.GET,
        gettext("Search a partner"),
        selects,
    )


def _override(override_id: UUID) -> PlanOverride:
    return get_object_or_404(
        PlanOverride.objects.select_related(
            "program", "partner", "version", "asked_by", "decided_by", "ended_by"
        ),
        id=override_id,
    )
