"""The vendor's pages that build tracks and unlock conditions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.models import PartnerType
from partners.onboarding import rules
from partners.onboarding.building import (
    StepNotPossible,
    TooManySteps,
    TrackIncomplete,
    add_step,
    archive_track,
    create_track,
    edit_step,
    edit_track,
    publish_track,
    remove_step,
    shift_step,
)
from partners.onboarding.catching_up import waiting_for
from partners.onboarding.forms import StepForm, TextsForm, TrackForm, UnlocksForm, field_name
from partners.onboarding.manage_head import reader_language
from partners.onboarding.models import Step, StepKind, Track
from partners.onboarding.selectors import holds_back, step_title, steps_of, track_rows
from partners.onboarding.unlocks import conditions_of, set_unlock
from partners.onboarding.words import STEP_ICONS, reward_words
from partners.programs.models import Program
from partners.programs.texts import said
from partners.training.models import Course, CourseState
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.jobs.services import start_job
from prm.money import Money
from prm.web.htmx import hx_redirect

COURSES_SHOWN = 200


@require_safe
@needs(Capability.SEE_PROGRAMS)
def track_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show a program's tracks."""
    program = get_object_or_404(Program, id=program_id)
    context = {
        "program": program,
        "rows": track_rows(program.id, reader_language()),
        "types": dict(PartnerType.choices),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "partners/onboarding/tracks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def track_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Begin a track."""
    program = get_object_or_404(Program, id=program_id)
    form = TrackForm(request.POST or None, language=request.tenant.language)
    if form.is_bound and form.is_valid():
        track = create_track(
            program_id=program.id, **form.facts, actor=request.member.actor, at=timezone.now()
        )
        messages.success(request, _("The track is there. Add its steps next."))
        return hx_redirect(request, "partners:track-detail", track_id=track.id)
    return _track_form(request, form, program, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def track_edit(request: MemberRequest, track_id: UUID) -> HttpResponse:
    """Change a track's name, segment and deadline."""
    track = _track(track_id)
    initial = {
        **TextsForm.spread("name", track.name),
        "partner_type": track.partner_type,
        "finish_days": track.finish_days,
    }
    form = TrackForm(request.POST or None, language=request.tenant.language, initial=initial)
    if form.is_bound and form.is_valid():
        edit_track(track_id=track.id, **form.facts, actor=request.member.actor, at=timezone.now())
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:track-detail", track_id=track.id)
    return _track_form(request, form, track.program, track)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def track_detail(request: MemberRequest, track_id: UUID) -> HttpResponse:
    """Show a track with its steps in order, and what each asks, opens and gives."""
    track, language = _track(track_id), reader_language()
    steps = steps_of(track.id)
    context = {
        "track": track,
        "program": track.program,
        "title": said(track.name, language),
        "audience": dict(PartnerType.choices).get(track.partner_type, _("All types of partners")),
        "rows": [
            {
                "step": step,
                "number": number,
                "title": step_title(step, language),
                "icon": STEP_ICONS[StepKind(step.kind)],
                "holds_back": holds_back(step),
                "milestone": said(step.milestone, language) if step.milestone else "",
                "reward": reward_words(
                    step.reward_kind,
                    step.reward_minor,
                    step.reward_currency,
                    step.reward_text,
                    language,
                ),
                "may_rise": number > 1,
                "may_sink": number < len(steps),
            }
            for number, step in enumerate(steps, 1)
        ],
        "history": history_of(f"track:{track.id}"),
        "waiting_count": waiting_for(track, timezone.now()).count(),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "partners/onboarding/track.html", context)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def track_publish(request: MemberRequest, track_id: UUID) -> HttpResponse:
    """Publish a track, or let nobody new start on it."""
    track = _track(track_id)
    if request.POST.get("do") == "archive":
        archive_track(track_id=track.id, actor=request.member.actor, at=timezone.now())
        messages.success(request, _("Nobody new starts on this track. Who is on it goes on."))
    else:
        try:
            publish_track(track_id=track.id, actor=request.member.actor, at=timezone.now())
        except TrackIncomplete:
            messages.error(request, _("Add at least one step before you publish the track."))
        else:
            messages.success(request, _("The track is published. New partners start on it."))
    return hx_redirect(request, "partners:track-detail", track_id=track.id)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def track_start(request: MemberRequest, track_id: UUID) -> HttpResponse:
    """Start the partners that were in the program before the track; the worker does it."""
    track, now = _track(track_id), timezone.now()
    if not waiting_for(track, now).exists():
        messages.info(request, _("No partner waits for this track."))
        return hx_redirect(request, "partners:track-detail", track_id=track.id)
    job = start_job(
        kind="onboarding.start",
        params={"track": str(track.id)},
        actor=request.member.actor,
        at=now,
        back_path=f"manage/tracks/{track.id}/",
    )
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def step_new(request: MemberRequest, track_id: UUID) -> HttpResponse:
    """Add a step at the end of a track; partners on their way get it too."""
    track = _track(track_id)
    form = StepForm(
        request.POST or None,
        language=request.tenant.language,
        courses=_courses(track.program_id),
        currency=track.program.currency,
    )
    if form.is_bound and form.is_valid():
        try:
            add_step(
                track_id=track.id, draft=form.draft(), actor=request.member.actor, at=timezone.now()
            )
        except TooManySteps:
            form.add_error(None, _("A track has at most 30 steps"))
        except StepNotPossible:
            form.add_error(None, _("These parts do not fit together"))
        else:
            messages.success(request, _("The step is added."))
            return hx_redirect(request, "partners:track-detail", track_id=track.id)
    return _step_form(request, form, track, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def step_edit(request: MemberRequest, step_id: int) -> HttpResponse:
    """Change a step's words, deadline and reward."""
    step = _step(step_id)
    form = StepForm(
        request.POST or None,
        language=request.tenant.language,
        courses=[],
        currency=step.reward_currency or step.track.program.currency,
        kind=step.kind,
        initial=_initial(step),
    )
    if form.is_bound and form.is_valid():
        draft = form.draft(kind=step.kind, fact=step.fact, course_id=step.course_id)
        edit_step(step_id=step.id, draft=draft, actor=request.member.actor, at=timezone.now())
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:track-detail", track_id=step.track_id)
    return _step_form(request, form, step.track, step)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def step_move(request: MemberRequest, step_id: int) -> HttpResponse:
    """Move a step up or down, or take it away; what was done and earned stays."""
    step, doing = _step(step_id), request.POST.get("do")
    if doing == "remove":
        remove_step(step_id=step.id, actor=request.member.actor, at=timezone.now())
    elif doing in {"up", "down"}:
        shift_step(step_id=step.id, up=doing == "up", actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "partners:track-detail", track_id=step.track_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def unlock_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Say what opens each feature of a program."""
    program = get_object_or_404(Program, id=program_id)
    now = conditions_of(program.id)
    form = UnlocksForm(
        request.POST if request.method == "POST" else None,
        courses=_courses(program.id),
        tracks=[
            (str(row.track.id), row.name)
            for row in track_rows(program.id, reader_language())
            if row.track.published_at
        ],
        initial={field_name(feature): keys for feature, keys in now.items()},
    )
    if form.is_bound and form.is_valid():
        for feature in rules.FEATURES:
            set_unlock(
                program_id=program.id,
                feature=feature,
                keys=form.keys(feature),
                actor=request.member.actor,
                at=timezone.now(),
            )
        messages.success(request, _("The conditions are saved and hold at once."))
        return hx_redirect(request, "partners:unlock-list", program_id=program.id)
    return render(
        request,
        "partners/onboarding/unlocks.html",
        {"form": form, "program": program},
        status=422 if form.errors else 200,
    )


def _track_form(
    request: MemberRequest, form: TrackForm, program: Program, track: Track | None
) -> HttpResponse:
    context = {
        "form": form,
        "program": program,
        "track": track,
        "title": _("Edit track") if track else _("Add track"),
        "submit": _("Save changes") if track else _("Add track"),
    }
    return render(
        request,
        "partners/onboarding/track_form.html",
        context,
        status=422 if form.is_bound else 200,
    )


def _step_form(
    request: MemberRequest, form: StepForm, track: Track, step: Step | None
) -> HttpResponse:
    context = {
        "form": form,
        "track": track,
        "track_title": said(track.name, reader_language()),
        "step": step,
        "title": step_title(step, reader_language()) if step else _("Add step"),
        "submit": _("Save changes") if step else _("Add step"),
    }
    return render(
        request,
        "partners/onboarding/step_form.html",
        context,
        status=422 if form.is_bound else 200,
    )


def _track(track_id: UUID) -> Track:
    return get_object_or_404(Track.objects.select_related("program"), id=track_id)


def _step(step_id: int) -> Step:
    return get_object_or_404(
        Step.objects.select_related("track", "track__program", "course"),
        id=step_id,
        removed_at=None,
    )


def _initial(step: Step) -> dict[str, Any]:
    texts = {
        **TextsForm.spread("title", step.title),
        **TextsForm.spread("body", step.body),
        **TextsForm.spread("milestone", step.milestone),
        **TextsForm.spread("reward_text", step.reward_text),
    }
    reward = (
        Money(step.reward_minor, step.reward_currency) if step.reward_minor is not None else None
    )
    names = ("due_days", "blocks_next", "may_skip", "needs_approval", "reward_kind")
    return {**texts, **{name: getattr(step, name) for name in names}, "reward": reward}


def _courses(program_id: UUID) -> list[tuple[str, str]]:
    """Return the courses that partners of the program can take."""
    found = Course.objects.exclude(state=CourseState.ARCHIVED).order_by("-created_at")
    return [
        (str(course.id), said(course.title, reader_language()))
        for course in found[:COURSES_SHOWN]
        if course.program_id in {None, program_id}
    ]
