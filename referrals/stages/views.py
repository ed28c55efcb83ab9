"""The editor of a program's stages and allowed moves."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.counts import count_text
from prm.web.htmx import hx_redirect
from referrals.pipeline.models import Stage
from referrals.pipeline.rules import move_is_possible
from referrals.pipeline.selectors import allowed_moves, stage_sizes
from referrals.pipeline.services import ensure_stages
from referrals.stages.forms import RetireForm, StageForm, StageNameForm
from referrals.stages.rules import may_swap
from referrals.stages.services import (
    StageNeeded,
    StageNotAllowed,
    TargetNeeded,
    add_stage,
    rename_stage,
    retire_stage,
    set_moves,
    shift_stage,
)


@dataclass(frozen=True)
class StageRow:
    """One stage in the editor. cells: one a target stage, None where no program may allow the move."""

    stage: Stage
    size: str
    may_rise: bool
    may_sink: bool
    may_retire: bool
    cells: list[tuple[Stage, bool | None]]


@require_safe
@needs(Capability.SEE_PROGRAMS)
def stage_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    return _editor(request, _program(program_id))


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def stage_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    program = _program(program_id)
    form = StageForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_stage(
                program_id=program.id,
                **form.cleaned_data,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except StageNotAllowed:
            form.add_error(None, gettext("A program has at most 16 stages"))
        else:
            messages.success(request, gettext("Stage added"))
            return hx_redirect(request, "referrals:stage-list", program_id=program.id)
    context = {
        "form": form,
        "program": program,
        "title": gettext("Add a stage"),
        "submit": gettext("Add stage"),
    }
    return render(
        request, "referrals/stages/edit.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def stage_edit(request: MemberRequest, stage_id: int) -> HttpResponse:
    stage = _stage(stage_id)
    form = StageNameForm(
        request.POST if request.method == "POST" else None, initial={"name": stage.name}
    )
    if request.method == "POST" and form.is_valid():
        rename_stage(
            stage_id=stage.id,
            name=form.cleaned_data["name"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("Name saved"))
        return hx_redirect(request, "referrals:stage-list", program_id=stage.program_id)
    title = gettext("Rename %(stage)s") % {"stage": stage.label}
    context = {
        "form": form,
        "program": stage.program,
        "title": title,
        "submit": gettext("Save name"),
    }
    return render(
        request, "referrals/stages/edit.html", context, status=422 if form.errors else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def stage_shift(request: MemberRequest, stage_id: int) -> HttpResponse:
    stage = _stage(stage_id)
    try:
        shift_stage(
            stage_id=stage.id,
            up=request.POST.get("to") != "down",
            actor=request.member.actor,
            at=timezone.now(),
        )
    except StageNotAllowed:
        messages.error(request, gettext("This stage cannot go there"))
    return hx_redirect(request, "referrals:stage-list", program_id=stage.program_id)


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def stage_retire(request: MemberRequest, stage_id: int) -> HttpResponse:
    stage = _stage(stage_id)
    targets = [
        row
        for row in ensure_stages(program_id=stage.program_id)
        if row.kind == stage.kind and row.id != stage.id
    ]
    form = RetireForm(request.POST if request.method == "POST" else None, targets=targets)
    if request.method == "POST" and targets and form.is_valid():
        try:
            moved = retire_stage(
                stage_id=stage.id,
                target_id=form.cleaned_data["target"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except (StageNeeded, StageNotAllowed, TargetNeeded):
            form.add_error(
                None, gettext("Somebody changed the stages in the meantime. Look again.")
            )
        else:
            messages.success(
                request, gettext("Stage retired, %(count)s referrals moved") % {"count": moved}
            )
            return hx_redirect(request, "referrals:stage-list", program_id=stage.program_id)
    context = {
        "form": form,
        "program": stage.program,
        "title": gettext("Retire %(stage)s") % {"stage": stage.label},
        "submit": gettext("Retire stage"),
        "danger": True,
        "is_last": not targets,
    }
    return render(
        request, "referrals/stages/edit.html", context, status=422 if form.errors else 200
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def stage_moves(request: MemberRequest, program_id: UUID) -> HttpResponse:
    program = _program(program_id)
    try:
        pairs = [
            (int(start), int(end))
            for start, _, end in (pair.partition(":") for pair in request.POST.getlist("move"))
        ]
        set_moves(program_id=program.id, pairs=pairs, actor=request.member.actor, at=timezone.now())
    except (StageNotAllowed, ValueError):
        problem = gettext(
            "Somebody changed the stages in the meantime. The moves below are those in force."
        )
        return _editor(request, program, problem=problem, status=409)
    messages.success(request, gettext("Allowed moves saved"))
    return hx_redirect(request, "referrals:stage-list", program_id=program.id)


def _program(program_id: UUID) -> Program:
    return get_object_or_404(Program, id=program_id)


def _stage(stage_id: int) -> Stage:
    if stage_id >= 2**63:
        raise Http404
    return get_object_or_404(
        Stage.objects.select_related("program").filter(retired_at=None), id=stage_id
    )


def _editor(
    request: MemberRequest, program: Program, *, problem: str = "", status: int = 200
) -> HttpResponse:
    stages = ensure_stages(program_id=program.id)
    sizes, moves = stage_sizes(stages), allowed_moves(stages)
    kinds = [stage.kind for stage in stages]
    rows = [
        StageRow(
            stage=stage,
            size=count_text(sizes[stage.id]),
            may_rise=number > 0 and may_swap(stage.kind, stages[number - 1].kind),
            may_sink=number + 1 < len(stages) and may_swap(stage.kind, stages[number + 1].kind),
            may_retire=kinds.count(stage.kind) > 1,
            cells=[(target, _cell(stage, target, moves)) for target in stages],
        )
        for number, stage in enumerate(stages)
    ]
    context = {
        "program": program,
        "rows": rows,
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
        "problem": problem,
    }
    return render(request, "referrals/stages/list.html", context, status=status)


def _cell(start: Stage, end: Stage, moves: set[tuple[int, int]]) -> bool | None:
    if start.id == end.id or not move_is_possible(start.kind, end.kind):
        return None
    return (start.id, end.id) in moves
