"""Referrals as the vendor's people work on them: answer, move, note, plan."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, redirect_to, render_part
from referrals.pipeline.approvals import NotYourTurn, approve
from referrals.pipeline.forms import MoveForm, NextStepForm, StaffNoteForm
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.listings import export_answer, staff_listing
from referrals.pipeline.models import Referral, Stage, StageKind
from referrals.pipeline.pages import referral_page
from referrals.pipeline.panels import panel, sections
from referrals.pipeline.rules import NEEDS_REASON
from referrals.pipeline.selectors import loss_reasons_of, moves_from, owner_choices
from referrals.pipeline.services import (
    MoveNotAllowed,
    ReasonRequired,
    StageMovedMeanwhile,
    add_note,
    change_stage,
    set_next_step,
)
from referrals.pipeline.views import follow


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_referral_list(request: MemberRequest) -> HttpResponse:
    """List the referrals of all partners."""
    return render_part(request, "referrals/pipeline/manage_list.html", staff_listing(request))


@require_POST
@needs(Capability.SEE_REFERRALS)
def manage_referral_export(request: MemberRequest) -> HttpResponse:
    """Give the list's rows as a file."""
    return export_answer(request, back=reverse("referrals:manage-referral-list"))


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_referral_detail(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Show one referral with internal notes and what may be done."""
    return _detail(request, _visible(request, referral_id))


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_accept(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Say yes to a waiting referral; from the queue the next one follows."""
    referral = _visible(request, referral_id)
    stage = next(
        (stage for stage in moves_from(referral) if stage.kind == StageKind.ACCEPTED), None
    )
    if stage is None:
        return _conflict(request, referral)
    try:
        following = approve(referral_id=referral.id, actor=request.member.actor, at=timezone.now())
        if following:
            words = gettext("Approved. Now %(person)s has to approve it")
            messages.success(request, words % {"person": following.approver})
            return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
        return _moved(
            request,
            referral,
            stage,
            seen=_seen(request),
            back_to_queue=request.POST.get("from") == "queue",
        )
    except NotYourTurn as waiting:
        words = gettext("%(person)s has to approve it first") % {"person": waiting}
        return _conflict(request, referral, words)
    except MoveRefused as refused:
        return _conflict(request, referral, str(refused))


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_reject(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Say no to a referral, and say why."""
    referral = _visible(request, referral_id)
    stages = [stage for stage in moves_from(referral) if stage.kind == StageKind.REJECTED]
    if not stages:
        return _conflict(request, referral)
    return _move_page(
        request,
        referral,
        stages,
        title=gettext("Decline this referral"),
        submit=gettext("Decline referral"),
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_move(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Take a referral to any stage its program allows but a win, which asks for the deal on its own page."""
    referral = _visible(request, referral_id)
    stages = [stage for stage in moves_from(referral) if stage.kind != StageKind.WON]
    if not stages:
        return _conflict(request, referral)
    return _move_page(
        request,
        referral,
        stages,
        title=gettext("Move this referral"),
        submit=gettext("Move referral"),
    )


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_note(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Add a note, internal unless it is shared."""
    referral = _visible(request, referral_id)
    form = StaffNoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, referral, note_form=form, status=422)
    add_note(
        referral_id=referral.id,
        text=form.cleaned_data["text"],
        internal=not form.cleaned_data["shared"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    return redirect_to(request, _detail_url(referral) + "#timeline")


@require_POST
@needs(Capability.SEE_REFERRALS)
def manage_referral_follow(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Follow a referral's steps, or no longer."""
    referral = _visible(request, referral_id)
    follow(request, referral)
    return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_next_step(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Write who looks after a referral and what happens next."""
    referral = _visible(request, referral_id)
    form = NextStepForm(request.POST, owners=_owners_of(referral), prefix="step")
    if not form.is_valid():
        return _detail(request, referral, step_form=form, status=422)
    set_next_step(
        referral_id=referral.id,
        text=form.cleaned_data["next_step"],
        due_on=form.cleaned_data["next_step_on"],
        owner_id=form.cleaned_data["owner"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    messages.success(request, gettext("Next step saved"))
    return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)


def _visible(request: MemberRequest, referral_id: UUID) -> Referral:
    referrals = Referral.objects.visible_to(request.member)
    return get_object_or_404(
        referrals.select_related(
            "program", "partner", "partner__manager", "stage", "owner", "submitted_by"
        ),
        id=referral_id,
    )


def _detail_url(referral: Referral) -> str:
    return reverse("referrals:manage-referral-detail", kwargs={"referral_id": referral.id})


def _owners_of(referral: Referral) -> list[tuple[str, str]]:
    """Return who may be chosen, with the present owner even when that person has left."""
    owners = owner_choices()
    if referral.owner and str(referral.owner_id) not in dict(owners):
        owners.append((str(referral.owner_id), str(referral.owner)))
    return owners


def _seen(request: MemberRequest) -> int | None:
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None


def _detail(
    request: MemberRequest,
    referral: Referral,
    *,
    note_form: StaffNoteForm | None = None,
    step_form: NextStepForm | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    may_decide = request.member.may(Capability.DECIDE_REFERRALS)
    moves = moves_from(referral) if may_decide else []
    initial = {
        "owner": referral.owner_id,
        "next_step": referral.next_step,
        "next_step_on": referral.next_step_on,
    }
    context: dict[str, Any] = {
        "page": referral_page(referral, member=request.member, vendor=request.tenant.name),
        "referral": referral,
        "note_form": note_form or StaffNoteForm(),
        "step_form": step_form
        or NextStepForm(owners=_owners_of(referral), prefix="step", initial=initial),
        "earnings": panel("referral.earnings", referral, request.member),
        "main_sections": sections("referral.main", referral, request.member, request),
        "later_sections": sections("referral.later", referral, request.member, request),
        "aside_sections": sections("referral.aside", referral, request.member, request),
        "may_decide": may_decide,
        "may_accept": any(stage.kind == StageKind.ACCEPTED for stage in moves),
        "may_reject": any(stage.kind == StageKind.REJECTED for stage in moves),
        "may_win": any(stage.kind == StageKind.WON for stage in moves),
        "simple_moves": [stage for stage in moves if _is_simple(stage)],
        "reasoned_moves": [stage for stage in moves if stage.kind == StageKind.LOST],
        "is_history": referral.stage_kind == StageKind.SUBMITTED and referral.queued_at is None,
        "conflict": conflict,
    }
    context["form"] = next((form for form in (note_form, step_form) if form is not None), None)
    return render(request, "referrals/pipeline/manage_detail.html", context, status=status)


def _is_simple(stage: Stage) -> bool:
    return stage.kind not in NEEDS_REASON and stage.kind not in {StageKind.WON, StageKind.ACCEPTED}


def _move_page(
    request: MemberRequest, referral: Referral, stages: list[Stage], *, title: str, submit: str
) -> HttpResponse:
    """Ask where to and why; a POST that is complete moves at once, so buttons elsewhere may post here, too."""
    wanted = request.GET.get("to", "")
    known = [stage for stage in stages if str(stage.id) == wanted] or stages
    initial = {"to": known[0].id, "seen": referral.stage_id}
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        stages=stages,
        loss_reasons=loss_reasons_of(referral.program_id),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        stage = form.stages[form.cleaned_data["to"]]
        try:
            return _moved(
                request,
                referral,
                stage,
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data["reason"],
                loss_reason_id=form.cleaned_data.get("loss_reason"),
            )
        except MoveRefused as refused:
            form.add_error(None, str(refused))
    context = {
        "form": form,
        "referral": referral,
        "title": title,
        "submit": submit,
        "one": len(stages) == 1,
    }
    return render(
        request, "referrals/pipeline/move.html", context, status=422 if form.errors else 200
    )


def _moved(
    request: MemberRequest,
    referral: Referral,
    stage: Stage,
    *,
    seen: int | None,
    reason: str = "",
    loss_reason_id: int | None = None,
    back_to_queue: bool = False,
) -> HttpResponse:
    """Move and go on, or show what somebody else did first. Raises MoveRefused."""
    try:
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage.id,
            actor=request.member.actor,
            at=timezone.now(),
            reason=reason,
            seen_stage_id=seen,
            loss_reason_id=loss_reason_id,
        )
    except StageMovedMeanwhile as moved:
        words = {
            "who": moved.change.actor or gettext("The system"),
            "stage": moved.change.to_stage.label,
        }
        return _conflict(
            request, referral, gettext("%(who)s moved it to %(stage)s in the meantime") % words
        )
    except (MoveNotAllowed, ReasonRequired):
        return _conflict(request, referral)
    messages.success(
        request,
        gettext("%(company)s is now in %(stage)s")
        % {"company": referral.company, "stage": stage.label},
    )
    if back_to_queue:
        return hx_redirect(request, "referrals:queue")
    return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)


def _conflict(request: MemberRequest, referral: Referral, why: str = "") -> HttpResponse:
    """Show the referral as it stands now, and that nothing was changed; 409."""
    why = why or gettext("Its program does not allow this move from where it stands now")
    return _detail(request, _visible(request, referral.id), conflict=why, status=409)
