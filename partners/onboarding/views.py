"""The partner's own pages: where it stands, one step, the file it handed in."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.onboarding import rules
from partners.onboarding.forms import MAX_BYTES, AskForm, HandInForm
from partners.onboarding.models import Fact, Run, StepDone, StepKind
from partners.onboarding.panels import holders_of
from partners.onboarding.selectors import (
    RunView,
    StepLine,
    entitlement_words,
    entitlements_of,
    page_url,
    run_view,
    runs_of,
)
from partners.onboarding.services import StepClosed, confirm_read, hand_in, skip_step
from partners.programs.texts import rendered, said
from prm.accounts.capabilities import Capability
from prm.accounts.gates import missing_for
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.events.services import Actor
from prm.uploads.responses import send
from prm.uploads.services import UploadRefused, keep_upload
from prm.web.htmx import hx_redirect
from prm.web.parts import Tab


@require_safe
@needs(Capability.PARTNER_HOME)
def onboarding(request: MemberRequest) -> HttpResponse:
    """Show a partner's person the steps to the first referral and what each opens or pays."""
    partner_id = _own(request)
    runs = runs_of(partner_id)
    chosen = next((run for run in runs if str(run.id) == request.GET.get("track")), None)
    chosen = chosen or (runs[0] if runs else None)
    language = get_language() or "en"
    context: dict[str, Any] = {
        "view": run_view(chosen, at=timezone.now()) if chosen else None,
        "tabs": [Tab(run.program.name, f"?track={run.id}", run == chosen) for run in runs]
        if len(runs) > 1
        else [],
        "submit_url": _submit_url(chosen, partner_id) if chosen else "",
        "earned": [(row, entitlement_words(row, language)) for row in entitlements_of(partner_id)],
    }
    return render(request, "partners/onboarding/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.PARTNER_HOME)
def onboarding_step(request: MemberRequest, done_id: int) -> HttpResponse:
    """Show one step and take what the person does: confirm, hand in, ask for approval, skip."""
    done = _step(request, done_id)
    view = run_view(done.run, at=timezone.now())
    line = next((line for line in view.lines if line.done.id == done.id), None)
    if line is None:
        raise Http404
    form = _form(request, line)
    if request.method == "POST":
        try:
            if _did(request, line, form):
                return hx_redirect(request, "partners:onboarding")
        except StepClosed:
            messages.error(request, _("This step cannot be done right now."))
            return hx_redirect(request, "partners:onboarding-step", done_id=done.id)
    return render(
        request,
        "partners/onboarding/step.html",
        _context(view, line, form),
        status=422 if form is not None and form.errors else 200,
    )


@require_safe
@needs(Capability.PARTNER_HOME)
def onboarding_file(request: MemberRequest, done_id: int) -> HttpResponse:
    """Give the partner the file it handed in."""
    done = _step(request, done_id)
    if done.file is None:
        raise Http404
    return send(done.file, inline_ok=False, request=request)


def _own(request: MemberRequest) -> UUID:
    if request.member.partner_id is None:
        raise Http404
    return request.member.partner_id


def _step(request: MemberRequest, done_id: int) -> StepDone:
    return get_object_or_404(
        StepDone.objects.select_related(
            "step", "step__course", "file", "run", "run__track", "run__program"
        ),
        id=done_id,
        partner_id=_own(request),
        step__removed_at=None,
        run__left_at=None,
    )


def _form(request: MemberRequest, line: StepLine) -> HandInForm | AskForm | None:
    """Return the form of a step that takes one; bound only by what was meant for it."""
    kind = line.step.kind
    if line.is_settled or line.closed_by or kind not in {StepKind.UPLOAD, StepKind.APPROVAL}:
        return None
    data = (
        request.POST if request.method == "POST" and request.POST.get("do") == "hand-in" else None
    )
    if kind == StepKind.UPLOAD:
        return HandInForm(data, request.FILES if data is not None else None)
    return AskForm(data)


def _did(request: MemberRequest, line: StepLine, form: HandInForm | AskForm | None) -> bool:
    """Do what the person pressed; False when the form has to be shown again. Raises StepClosed."""
    actor = request.member.actor
    at, doing, done_id = timezone.now(), request.POST.get("do"), line.done.id
    if doing == "read":
        confirm_read(done_id=done_id, actor=actor, at=at)
        messages.success(request, _done_words(line.done))
    elif doing == "skip":
        skip_step(done_id=done_id, actor=actor, at=at)
        messages.success(request, _("The step is skipped."))
    elif doing == "hand-in" and form is None:
        raise StepClosed(done_id)
    elif doing == "hand-in" and form is not None:
        if not form.is_valid():
            return False
        file_id = None
        if isinstance(form, HandInForm):
            file_id = _kept(request, form, actor)
            if file_id is None:
                return False
        done = hand_in(
            done_id=done_id,
            file_id=file_id,
            note=form.cleaned_data["note"],
            actor=actor,
            at=at,
        )
        messages.success(
            request,
            _("It is on its way. You hear when it has been looked at.")
            if done.state == "waiting"
            else _done_words(line.done),
        )
    return True


def _done_words(done: StepDone) -> str:
    """Say that a step is done, and what comes next: another one, nothing, or what we look at."""
    view = run_view(
        Run.objects.select_related("track", "program").get(id=done.run_id), at=timezone.now()
    )
    if view.next:
        return _("Done. On to the next step.")
    return _("Done.") if view.waiting else _("You have finished all steps")


def _submit_url(run: Run, partner_id: UUID) -> str:
    """Return where the first referral is submitted after a finished run; empty when it was, or may not be yet."""
    if run.finished_at is None or holders_of(Fact.REFERRAL, [partner_id], run.program_id):
        return ""
    if missing_for(partner_id=partner_id, feature=rules.SUBMIT, at=timezone.now()):
        return ""
    return page_url("referrals:referral-new")


def _kept(request: MemberRequest, form: HandInForm, actor: Actor) -> UUID | None:
    """Keep the file; put the problem into the form and return None when it cannot be kept."""
    try:
        return keep_upload(
            file=form.cleaned_data["file"],
            purpose="onboarding.step",
            allowed=form.allowed,
            max_bytes=MAX_BYTES,
            partner_id=request.member.partner_id,
            actor=actor,
            at=timezone.now(),
        ).id
    except UploadRefused as refused:
        form.add_error("file", refused.words)
        return None


def _context(view: RunView, line: StepLine, form: HandInForm | AskForm | None) -> dict[str, Any]:
    language = get_language() or "en"
    course_url = ""
    if line.step.course_id:
        course_url = page_url("partners:course", course_id=line.step.course_id) or page_url(
            "partners:course-list"
        )
    return {
        "view": view,
        "line": line,
        "form": form,
        "body": rendered(said(line.step.body, language)) if line.step.body else "",
        "course_url": course_url,
        "may_skip": line.step.may_skip and line.is_next,
    }
