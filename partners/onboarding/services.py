"""Partners start a track, do its steps, finish it; the vendor approves, reminds and calls."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from partners.directory.models import Enrollment, EnrollmentState, Partner
from partners.onboarding import rules
from partners.onboarding.models import (
    Fact,
    RewardKind,
    Run,
    Step,
    StepDone,
    StepKind,
    StepState,
    Track,
)
from partners.onboarding.panels import holders_of
from partners.onboarding.rewards import WordsRequired, grant
from partners.onboarding.selectors import (
    SETTLED,
    closed_steps,
    dones_of,
    steps_of,
    tenant_zone,
    track_for,
)
from partners.training.models import Taking
from prm.events.services import SYSTEM, Actor, emit


class StepClosed(ValueError):
    """The step cannot be done now: an earlier one keeps it closed, it is settled, or it is of another kind."""


class NudgedLately(ValueError):
    """The partner was reminded less than seven days ago."""


# ---------------------------------------------------------------- runs


@transaction.atomic
def start_onboarding(
    *, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime
) -> Run | None:
    """Start the track that fits a partner of a program; None without a track.

    A partner that has a run in the program keeps it; one that left takes its old run up again.
    Facts that are true already are done at once. Emits onboarding.started, and what follows from the facts.
    """
    # The lock keeps two events of one partner from starting two tracks.
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    mine = Run.objects.filter(partner_id=partner_id, program_id=program_id)
    if run := mine.filter(left_at=None).first():
        return run
    track = track_for(program_id=program_id, partner_type=partner.type, at=at)
    if track is None:
        return None
    if old := mine.filter(track_id=track.id).first():
        old.left_at, old.moved_at = None, at
        old.save(update_fields=["left_at", "moved_at"])
        return old
    return _started(track, partner_id, actor, at)


def _started(track: Track, partner_id: UUID, actor: Actor, at: datetime) -> Run:
    zone = tenant_zone()
    run = Run.objects.create(
        track=track,
        program_id=track.program_id,
        partner_id=partner_id,
        started_at=at,
        moved_at=at,
        finish_by=rules.end_of_day(at, track.finish_days, zone)
        if track.finish_days is not None
        else None,
    )
    StepDone.objects.bulk_create(
        [
            StepDone(
                run=run,
                step=step,
                partner_id=partner_id,
                due_at=rules.end_of_day(at, step.due_days, zone)
                if step.due_days is not None
                else None,
                changed_at=at,
            )
            for step in steps_of(track.id)
        ]
    )
    _tell("onboarding.started", run, actor, at, track_id=str(track.id))
    look_again(run_id=run.id, at=at)
    return run


@transaction.atomic
def leave_onboarding(*, partner_id: UUID, program_id: UUID, at: datetime) -> int:
    """Take a partner's open runs of a program off the lists; return how many. A repeat changes nothing."""
    return Run.objects.filter(
        partner_id=partner_id, program_id=program_id, left_at=None, finished_at=None
    ).update(left_at=at)


# ---------------------------------------------------------------- facts


@transaction.atomic
def take_fact(*, partner_id: UUID, fact: str, at: datetime, program_id: UUID | None = None) -> int:
    """Settle the steps that wait for a fact which is true now; return how many. A repeat changes nothing.

    program_id: only runs of this program; None: of all. A fact counts also for a step that is still closed.
    Emits onboarding.step_done and what follows.
    """
    waiting = StepDone.objects.filter(
        partner_id=partner_id,
        step__kind=StepKind.FACT,
        step__fact=Fact(fact),
        step__removed_at=None,
        run__left_at=None,
    ).exclude(state__in=SETTLED)
    if program_id:
        waiting = waiting.filter(run__program_id=program_id)
    return _settle_all(waiting.values_list("id", flat=True), at)


@transaction.atomic
def take_course(*, partner_id: UUID, course_id: UUID, at: datetime) -> int:
    """Settle the steps that wait for a course which a person of the partner has passed; return how many."""
    waiting = StepDone.objects.filter(
        partner_id=partner_id,
        step__kind=StepKind.COURSE,
        step__course_id=course_id,
        step__removed_at=None,
        run__left_at=None,
    ).exclude(state__in=SETTLED)
    return _settle_all(waiting.values_list("id", flat=True), at)


@transaction.atomic
def look_again(*, run_id: UUID, at: datetime) -> int:
    """Settle what is true by now whatever event was lost, and finish the run when nothing is left; idempotent.

    Returns how many steps were settled.
    """
    run = Run.objects.get(id=run_id)
    waiting = [row for row in dones_of(run.id) if row.state not in SETTLED]
    true = {
        fact
        for fact in {row.step.fact for row in waiting if row.step.kind == StepKind.FACT}
        if holders_of(fact, [run.partner_id], run.program_id)
    }
    courses = {row.step.course_id for row in waiting if row.step.kind == StepKind.COURSE}
    passed = (
        set(
            Taking.objects.filter(
                partner_id=run.partner_id, course_id__in=courses, passed_at__isnull=False
            ).values_list("course_id", flat=True)
        )
        if courses
        else set()
    )
    settled = _settle_all(
        [
            row.id
            for row in waiting
            if (row.step.kind == StepKind.FACT and row.step.fact in true)
            or (row.step.kind == StepKind.COURSE and row.step.course_id in passed)
        ],
        at,
    )
    if not settled:
        _finish_when_ready(_locked(run.id), at)
    return settled


def _settle_all(done_ids: Iterable[int], at: datetime) -> int:
    count = 0
    for done_id in done_ids:
        done, run = _locked_step(done_id)
        if done.state not in SETTLED:
            _settle(run, done, StepState.DONE, at=at, done_at=at, actor=SYSTEM)
            count += 1
    return count


# ---------------------------------------------------------------- what a partner does


@transaction.atomic
def confirm_read(*, done_id: int, actor: Actor, at: datetime) -> StepDone:
    """Note that a person of the partner has read a step's text; a repeat changes nothing.

    Raises StepClosed. Emits onboarding.step_done.
    """
    done, run = _locked_step(done_id)
    if done.state in SETTLED and done.step.kind == StepKind.READ:
        return done
    _must_be_open(run, done, StepKind.READ)
    _settle(run, done, StepState.DONE, at=at, done_at=at, actor=actor)
    return done


@transaction.atomic
def hand_in(
    *, done_id: int, file_id: UUID | None, note: str, actor: Actor, at: datetime
) -> StepDone:
    """Hand in a file, or ask for the approval of a step; again while it waits replaces what was handed in.

    A file that nobody has to look at is done at once. Raises StepClosed.
    Emits onboarding.step_handed_in or onboarding.step_done.
    """
    done, run = _locked_step(done_id)
    kind = StepKind.UPLOAD if file_id else StepKind.APPROVAL
    _must_be_open(run, done, kind, waiting=True)
    done.file_id, done.note = file_id or done.file_id, note.strip()
    if kind == StepKind.UPLOAD and not done.step.needs_approval:
        _settle(run, done, StepState.DONE, at=at, done_at=at, actor=actor)
        return done
    done.state, done.changed_at = StepState.WAITING, at
    done.done_by_id = actor.user_id
    done.save(update_fields=["file", "note", "state", "changed_at", "done_by"])
    _moved(run, at)
    _tell_step("onboarding.step_handed_in", run, done, actor, at)
    return done


@transaction.atomic
def skip_step(*, done_id: int, actor: Actor, at: datetime, for_partner: bool = False) -> StepDone:
    """Leave a step out: the partner where the step allows it, the vendor always. A repeat changes nothing.

    A skipped milestone earns nothing. Raises StepClosed. Emits onboarding.step_skipped.
    """
    done, run = _locked_step(done_id)
    if done.state == StepState.SKIPPED:
        return done
    if done.state == StepState.DONE or not (for_partner or done.step.may_skip):
        raise StepClosed(done_id)
    if not for_partner:
        _must_be_open(run, done, StepKind(done.step.kind), waiting=True)
    _settle(run, done, StepState.SKIPPED, at=at, done_at=at, actor=actor)
    return done


# ---------------------------------------------------------------- what the vendor does


@transaction.atomic
def approve_step(*, done_id: int, actor: Actor, at: datetime) -> StepDone:
    """Accept what was handed in, or a step that only the vendor can confirm; a repeat changes nothing.

    The step counts as done when the partner handed it in: the vendor's own delay costs nobody a deadline.
    Raises StepClosed. Emits onboarding.step_done.
    """
    done, run = _locked_step(done_id)
    if done.state == StepState.DONE:
        return done
    waits = done.state == StepState.WAITING
    if not waits and (done.step.kind != StepKind.APPROVAL or done.state == StepState.SKIPPED):
        raise StepClosed(done_id)
    handed_in_at = done.changed_at if waits else at
    _settle(run, done, StepState.DONE, at=at, done_at=min(handed_in_at, at), actor=actor)
    return done


@transaction.atomic
def return_step(*, done_id: int, reply: str, actor: Actor, at: datetime) -> StepDone:
    """Send back what was handed in, with words; the partner does it again.

    Raises WordsRequired, StepClosed unless it waits. Emits onboarding.step_returned.
    """
    if not reply.strip():
        raise WordsRequired
    done, run = _locked_step(done_id)
    if done.state != StepState.WAITING:
        raise StepClosed(done_id)
    done.state, done.reply, done.changed_at = StepState.REWORK, reply.strip(), at
    done.save(update_fields=["state", "reply", "changed_at"])
    _moved(run, at)
    _tell_step("onboarding.step_returned", run, done, actor, at)
    return done


@transaction.atomic
def nudge(*, run_id: UUID, actor: Actor, at: datetime) -> Run:
    """Remind the partner's people of their next step by mail, at most once in seven days.

    Raises NudgedLately, StepClosed when the run is over. Emits onboarding.nudged; a handler mails.
    """
    run = _locked(run_id)
    if run.finished_at or run.left_at:
        raise StepClosed(run_id)
    if run.nudged_at and at - run.nudged_at < timedelta(days=rules.NUDGE_DAYS):
        raise NudgedLately(run_id)
    run.nudged_at = at
    run.save(update_fields=["nudged_at"])
    _tell("onboarding.nudged", run, actor, at)
    return run


@transaction.atomic
def note_call(*, run_id: UUID, text: str, actor: Actor, at: datetime) -> Run:
    """Keep that somebody called the partner, and what was said. Raises WordsRequired. Emits onboarding.call_noted."""
    if not text.strip():
        raise WordsRequired
    run = _locked(run_id)
    run.called_at = at
    run.save(update_fields=["called_at"])
    emit(
        "onboarding.call_noted",
        subject=f"onboarding:{run.id}",
        actor=actor,
        partner_id=run.partner_id,
        payload={"run_id": str(run.id), "partner_id": str(run.partner_id)},
        changes={"note": ["", text.strip()]},
        at=at,
        queue=False,
    )
    return run


# ---------------------------------------------------------------- inside


def _locked(run_id: UUID) -> Run:
    return Run.objects.select_for_update(no_key=True).get(id=run_id)


def _locked_step(done_id: int) -> tuple[StepDone, Run]:
    """Lock the run, which owns every decision about its steps, then read the step."""
    run_id = StepDone.objects.values_list("run_id", flat=True).get(id=done_id)
    run = _locked(run_id)
    return StepDone.objects.select_related("step").get(id=done_id), run


def _must_be_open(run: Run, done: StepDone, kind: str, *, waiting: bool = False) -> None:
    """Refuse a step that is not of the kind, is settled, waits, was removed, or is kept closed by an earlier one."""
    if done.step.kind != kind or done.step.removed_at or done.state in SETTLED or run.left_at:
        raise StepClosed(done.id)
    if done.state == StepState.WAITING and not waiting:
        raise StepClosed(done.id)
    if done.step_id in closed_steps(dones_of(run.id)):
        raise StepClosed(done.id)


def _settle(
    run: Run, done: StepDone, state: str, *, at: datetime, done_at: datetime, actor: Actor
) -> None:
    done.state, done.done_at, done.changed_at = state, done_at, at
    # Who handed it in stays named when the vendor approves it.
    if actor.user_id and not (done.done_by_id and state == StepState.DONE):
        done.done_by_id = actor.user_id
    done.save(update_fields=["state", "done_at", "changed_at", "done_by", "file", "note"])
    _moved(run, at)
    name = "onboarding.step_skipped" if state == StepState.SKIPPED else "onboarding.step_done"
    _tell_step(name, run, done, actor, at)
    step: Step = done.step
    if state == StepState.DONE and step.reward_kind:
        grant(
            partner_id=run.partner_id,
            program_id=run.program_id,
            key=f"step:{step.id}",
            kind=step.reward_kind,
            amount_minor=step.reward_minor,
            currency=step.reward_currency,
            text=step.reward_text,
            actor=actor,
            at=at,
        )
    _finish_when_ready(run, at)


def _finish_when_ready(run: Run, at: datetime) -> None:
    """Close the run when every step that counts is settled; in time earns the first lead, once per track."""
    if run.finished_at or run.left_at:
        return
    dones = list(
        StepDone.objects.filter(run_id=run.id, step__removed_at=None).values_list(
            "state", "done_at"
        )
    )
    if not dones or any(state not in SETTLED for state, _ in dones):
        return
    run.finished_at = at
    run.save(update_fields=["finished_at"])
    _tell("onboarding.finished", run, SYSTEM, at)
    if rules.in_time((done_at for _, done_at in dones if done_at), run.finish_by):
        grant(
            partner_id=run.partner_id,
            program_id=run.program_id,
            key=f"finish:{run.track_id}",
            kind=RewardKind.FIRST_LEAD,
            actor=SYSTEM,
            at=at,
        )


def _moved(run: Run, at: datetime) -> None:
    if at > run.moved_at:
        run.moved_at = at
        run.save(update_fields=["moved_at"])


def _tell(name: str, run: Run, actor: Actor, at: datetime, **more: str) -> None:
    emit(
        name,
        subject=f"onboarding:{run.id}",
        actor=actor,
        partner_id=run.partner_id,
        payload={
            "run_id": str(run.id),
            "partner_id": str(run.partner_id),
            "program_id": str(run.program_id),
            **more,
        },
        at=at,
    )


def _tell_step(name: str, run: Run, done: StepDone, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"onboarding:{run.id}",
        actor=actor,
        partner_id=run.partner_id,
        payload={
            "run_id": str(run.id),
            "partner_id": str(run.partner_id),
            "program_id": str(run.program_id),
            "step_id": done.step_id,
            "step_done_id": done.id,
        },
        at=at,
    )


def partner_is_new(partner_id: UUID, program_id: UUID) -> bool:
    """Tell whether the partner works or will work in the program and has never had a run there."""
    enrolled = Enrollment.objects.filter(
        partner_id=partner_id,
        program_id=program_id,
        state__in=[EnrollmentState.ACTIVE, EnrollmentState.APPROVED],
    ).exists()
    return (
        enrolled and not Run.objects.filter(partner_id=partner_id, program_id=program_id).exists()
    )
