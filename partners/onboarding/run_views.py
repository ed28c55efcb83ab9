"""The vendor's pages of one partner's run: a step to look at, calls, reminders."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.onboarding.forms import CallForm, ReplyForm
from partners.onboarding.manage_head import reader_language
from partners.onboarding.models import Run, StepDone, StepKind
from partners.onboarding.selectors import run_view, step_title, waiting_steps
from partners.onboarding.services import (
    NudgedLately,
    StepClosed,
    approve_step,
    note_call,
    nudge,
    return_step,
    skip_step,
)
from partners.onboarding.stuck import stuck_rows
from partners.programs.texts import rendered, said
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.uploads.responses import is_ready, send
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def review(request: MemberRequest, done_id: int) -> HttpResponse:
    """Look at what a partner handed in; approve it, send it back with words, or let the partner skip it."""
    done = _done(done_id)
    doing = request.POST.get("do")
    form = ReplyForm(request.POST if doing == "return" else None)
    if request.method == "POST":
        try:
            if _decided(request, done, doing or "", form):
                following = waiting_steps().order_by("changed_at", "id").first()
                if following and request.POST.get("from") == "queue":
                    return hx_redirect(request, "partners:onboarding-review", done_id=following.id)
                return hx_redirect(request, "partners:onboarding-run", run_id=done.run_id)
        except StepClosed:
            messages.error(request, _("Somebody else has decided this step already."))
            return hx_redirect(request, "partners:onboarding-run", run_id=done.run_id)
    language = reader_language()
    context = {
        "done": done,
        "run": done.run,
        "title": step_title(done.step, language),
        "body": rendered(said(done.step.body, language)) if done.step.body else "",
        "form": form,
        "file_ready": bool(done.file and is_ready(done.file)),
        "can_approve": done.state == "waiting"
        or (done.step.kind == StepKind.APPROVAL and done.state in {"open", "rework"}),
        "can_skip": done.state in {"open", "waiting", "rework"},
    }
    return render(
        request,
        "partners/onboarding/review.html",
        context,
        status=422 if form.errors else 200,
    )


def _decided(request: MemberRequest, done: StepDone, doing: str, form: ReplyForm) -> bool:
    """Do what was pressed; False when the form has to be shown again."""
    actor, at = request.member.actor, timezone.now()
    if doing == "approve":
        approve_step(done_id=done.id, actor=actor, at=at)
        messages.success(request, _("Approved. The partner is told."))
    elif doing == "skip":
        skip_step(done_id=done.id, actor=actor, at=at, for_partner=True)
        messages.success(request, _("The step is skipped for this partner."))
    elif doing == "return":
        if not form.is_valid():
            return False
        return_step(done_id=done.id, reply=form.cleaned_data["reply"], actor=actor, at=at)
        messages.success(request, _("Sent back. The partner reads your words."))
    return True


@require_safe
@needs(Capability.SEE_PARTNERS)
def review_file(request: MemberRequest, done_id: int) -> HttpResponse:
    """Give staff the file of a step."""
    done = _done(done_id)
    if done.file is None:
        raise Http404
    return send(done.file, inline_ok=False, request=request)


@require_safe
@needs(Capability.SEE_PARTNERS)
def run(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Show one partner's way."""
    return _run_page(request, _run(run_id), CallForm(None))


@require_POST
@needs(Capability.EDIT_PARTNERS)
def run_call(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Note what was said in a call."""
    found, form = _run(run_id), CallForm(request.POST)
    if not form.is_valid():
        return _run_page(request, found, form)
    note_call(
        run_id=found.id,
        text=form.cleaned_data["text"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    messages.success(request, _("The call is noted."))
    return hx_redirect(request, "partners:onboarding-run", run_id=found.id)


def _run(run_id: UUID) -> Run:
    return get_object_or_404(Run.objects.select_related("partner", "program", "track"), id=run_id)


def _run_page(request: MemberRequest, found: Run, form: CallForm) -> HttpResponse:
    at = timezone.now()
    context = {
        "run": found,
        "view": run_view(found, at=at),
        "row": stuck_rows([found], at=at)[0],
        "form": form,
        "history": history_of(f"onboarding:{found.id}", limit=20),
        "may_act": request.member.may(Capability.EDIT_PARTNERS),
        "may_build": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(
        request, "partners/onboarding/run.html", context, status=422 if form.errors else 200
    )


@require_POST
@needs(Capability.EDIT_PARTNERS)
def run_nudge(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Remind a partner by mail, at most once in seven days."""
    found = get_object_or_404(Run, id=run_id)
    try:
        nudge(run_id=found.id, actor=request.member.actor, at=timezone.now())
    except NudgedLately:
        messages.error(request, _("This partner was reminded less than seven days ago."))
    except StepClosed:
        messages.error(request, _("This partner has nothing left to do."))
    else:
        messages.success(request, _("The reminder is on its way."))
    if request.POST.get("back") == "list":
        return hx_redirect(request, "partners:onboarding-stuck")
    return hx_redirect(request, "partners:onboarding-run", run_id=found.id)


def _done(done_id: int) -> StepDone:
    return get_object_or_404(
        StepDone.objects.select_related(
            "step", "step__course", "file", "done_by", "run__partner", "run__program", "run__track"
        ),
        id=done_id,
    )
