"""Plan versions of a program: read, draft, review, publish."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.plans.calculator import CalculatorForm, calculated
from commissions.plans.editor import FIRST_RULES, PlanEditor, preview_of, sentences_of
from commissions.plans.forms import ExampleForm
from commissions.plans.models import PlanVersion
from commissions.plans.pages import example_deal, example_of, listed, state_of, usual_start
from commissions.plans.places import tried, warnings_about
from commissions.plans.selectors import (
    draft_of,
    newest_published,
    version_terms,
    versions_of,
)
from commissions.plans.services import (
    PlanNoticeTooShort,
    PlanPaysNothing,
    PlanStartsInThePast,
    PlanStartsTooEarly,
    create_version,
    discard_draft,
    publish_version,
    terms_of,
)
from commissions.plans.wording import term_lines
from commissions.plans.wording_changes import comparison
from partners.agreements.selectors import signing_partners
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.formats import day_text
from prm.web.htmx import hx_redirect, render_part


@require_GET
@needs(Capability.SEE_PROGRAMS)
def plan_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    program = get_object_or_404(Program, id=program_id)
    versions = versions_of(program.id)
    terms = {row.id: term_lines(version_terms(row)) for row in versions}
    context = {
        "program": program,
        "versions": listed(versions, terms, timezone.now()),
        "has_draft": any(row.published_at is None for row in versions),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "commissions/plans/list.html", context)


@require_GET
@needs(Capability.SEE_PROGRAMS)
def plan_version(request: MemberRequest, version_id: UUID) -> HttpResponse:
    version = get_object_or_404(
        PlanVersion.objects.select_related("program", "published_by"), id=version_id
    )
    terms, deal = version_terms(version), example_deal(version.currency)
    asked = CalculatorForm.of(request.GET, version.currency)
    before = PlanVersion.objects.filter(
        program_id=version.program_id, number__lt=version.number, published_at__isnull=False
    )
    former = before.order_by("-number").first()
    context = {
        "version": version,
        "program": version.program,
        "state": state_of(version, timezone.now()),
        "terms": term_lines(terms),
        "example": example_of(terms, deal),
        "deal": deal,
        "former": former,
        "changes": comparison(version_terms(former), terms) if former else None,
        "calculator": asked,
        "result": calculated(terms, **asked.given, start=timezone.localdate()),
    }
    return render(request, "commissions/plans/version.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def plan_draft(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Edit the program's one draft; it starts from the draft that is there, else from the version in force."""
    program = get_object_or_404(Program, id=program_id)
    draft, now = draft_of(program.id), timezone.now()
    newest = newest_published(program.id)
    model = draft or newest
    if request.method == "POST":
        editor = PlanEditor(program.currency, data=request.POST)
        if editor.action == "review" and editor.form.is_valid():
            today = timezone.localdate(now, ZoneInfo(request.tenant.time_zone))
            editor.form.hold_to_notice(newest, today, ZoneInfo(request.tenant.time_zone))
        if editor.wants_saving and editor.is_valid:
            create_version(
                program_id=program.id,
                terms=editor.terms,
                starts_at=editor.form.starts_at(ZoneInfo(request.tenant.time_zone)),
                actor=request.member.actor,
                at=now,
            )
            if editor.action == "review":
                return hx_redirect(request, "commissions:plan-publish", program_id=program.id)
            messages.success(request, gettext("Draft saved"))
            return hx_redirect(request, "commissions:plan-draft", program_id=program.id)
        preview = editor.preview()
    else:
        zone = ZoneInfo(request.tenant.time_zone)
        usual = usual_start(newest, timezone.localdate(now, zone), zone)
        starts_on = timezone.localtime(draft.starts_at, zone).date() if draft else usual
        kept = terms_of(model) if model else None
        if kept and draft is None:
            # Why the version before was drafted says nothing of this one.
            kept = replace(kept, note="")
        editor = PlanEditor(program.currency, terms=kept, starts_on=starts_on)
        preview = version_terms(model) if model else preview_of(FIRST_RULES, program.currency)
    return render_part(
        request,
        "commissions/plans/draft.html",
        _draft_page(request, program, draft, editor, preview),
        part="example",
        status=422 if editor.wants_saving else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def plan_publish(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show what the draft changes, and publish it."""
    program = get_object_or_404(Program, id=program_id)
    draft = draft_of(program.id)
    if draft is None:
        return hx_redirect(request, "commissions:plan-list", program_id=program.id)
    problem = ""
    if request.method == "POST":
        try:
            publish_version(version_id=draft.id, actor=request.member.actor, at=timezone.now())
        except PlanStartsInThePast:
            problem = gettext("Terms cannot change after the fact: choose a day from tomorrow on")
        except PlanNoticeTooShort as error:
            problem = gettext("Partners are promised notice: choose %(day)s or later") % {
                "day": day_text(error.earliest + timedelta(days=1))
            }
        except PlanStartsTooEarly as error:
            earliest = getattr(error, "earliest", draft.starts_at)
            problem = gettext("Another version starts on %(day)s: choose a later day") % {
                "day": day_text(earliest)
            }
        except PlanPaysNothing:
            problem = gettext("Add at least one rule")
        else:
            messages.success(
                request, gettext("Version %(number)s is published") % {"number": draft.number}
            )
            return hx_redirect(request, "commissions:plan-list", program_id=program.id)
    former = newest_published(program.id)
    terms, deal = version_terms(draft), example_deal(draft.currency)
    context = {
        "program": program,
        "draft": draft,
        "former": former,
        "changes": comparison(version_terms(former) if former else None, terms),
        "terms": term_lines(terms),
        "example": example_of(terms, deal),
        "deal": deal,
        "problem": problem,
        "warnings": warnings_about(draft),
        "tried": tried(draft),
        "asked_count": signing_partners(program.id).count() if former else 0,
    }
    return render(
        request, "commissions/plans/publish.html", context, status=422 if problem else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def plan_discard(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Throw the draft away."""
    program = get_object_or_404(Program, id=program_id)
    draft = draft_of(program.id)
    if draft is not None:
        discard_draft(version_id=draft.id, actor=request.member.actor, at=timezone.now())
        messages.success(request, gettext("Draft discarded"))
    return hx_redirect(request, "commissions:plan-list", program_id=program.id)


def _draft_page(
    request: MemberRequest,
    program: Program,
    draft: PlanVersion | None,
    editor: PlanEditor,
    preview: Any,
) -> dict[str, Any]:
    deal_form = ExampleForm(
        request.POST if "example" in request.POST else None,
        currency=program.currency,
        deal=example_deal(program.currency),
    )
    deal = deal_form.deal
    left_out = len(editor.rows) - len(editor.complete) if request.method == "POST" else 0
    editor.hold_back_problems()
    return {
        "program": program,
        "draft": draft,
        "editor": editor,
        "form": editor.form,
        "problems": editor.problems if editor.wants_saving else [],
        "sentences": sentences_of(preview),
        "example": example_of(preview, deal),
        "deal": deal,
        "deal_form": deal_form,
        "left_out": left_out,
    }
