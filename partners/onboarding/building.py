"""Program admins build tracks: steps in an order, published, changed while partners are on them."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from partners.directory.models import PartnerType
from partners.onboarding import rules
from partners.onboarding.models import (
    Fact,
    RewardKind,
    Run,
    Step,
    StepDone,
    StepKind,
    Track,
)
from partners.onboarding.selectors import tenant_zone
from partners.training.models import Course
from prm.events.services import Actor, emit

MAX_STEPS = 30


class TrackIncomplete(ValueError):
    """A track without a step cannot be published."""


class TooManySteps(ValueError):
    """A track has at most 30 steps."""


class StepNotPossible(ValueError):
    """The parts of the step do not fit, such as a fact step without a fact or a credit without an amount."""


@dataclass(frozen=True)
class StepDraft:
    """One step as an admin describes it; texts per language, amounts in minor units, days after the start."""

    kind: str
    title: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)
    fact: str = ""
    course_id: UUID | None = None
    due_days: int | None = None
    blocks_next: bool = False
    may_skip: bool = False
    needs_approval: bool = False
    milestone: dict[str, str] = field(default_factory=dict)
    reward_kind: str = ""
    reward_minor: int | None = None
    reward_currency: str = ""
    reward_text: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def create_track(
    *,
    program_id: UUID,
    name: dict[str, str],
    partner_type: str,
    finish_days: int | None,
    actor: Actor,
    at: datetime,
) -> Track:
    """Begin a track of a program; nobody starts on it before it is published. Emits track.created."""
    last = Track.objects.filter(program_id=program_id).aggregate(last=Max("position"))["last"]
    track = Track.objects.create(
        program_id=program_id,
        name=name,
        partner_type=PartnerType(partner_type).value if partner_type else "",
        finish_days=finish_days,
        position=(last or 0) + 1,
        created_at=at,
    )
    _tell("track.created", track, actor, at)
    return track


@transaction.atomic
def edit_track(
    *,
    track_id: UUID,
    name: dict[str, str],
    partner_type: str,
    finish_days: int | None,
    actor: Actor,
    at: datetime,
) -> Track:
    """Change a track's name, segment and deadline; runs that have begun keep the deadline they were promised.

    The same values again write nothing. Emits track.edited.
    """
    track = _locked(track_id)
    wanted = {
        "name": name,
        "partner_type": PartnerType(partner_type).value if partner_type else "",
        "finish_days": finish_days,
    }
    changes = {
        column: [getattr(track, column), value]
        for column, value in wanted.items()
        if getattr(track, column) != value
    }
    if not changes:
        return track
    for column in changes:
        setattr(track, column, wanted[column])
    track.save(update_fields=list(changes))
    _tell("track.edited", track, actor, at, changes)
    return track


@transaction.atomic
def publish_track(*, track_id: UUID, actor: Actor, at: datetime) -> Track:
    """Let new partners start on a track; a repeat changes nothing, an archived one opens again.

    Raises TrackIncomplete. Emits track.published.
    """
    track = _locked(track_id)
    if not Step.objects.filter(track_id=track_id, removed_at=None).exists():
        raise TrackIncomplete(track_id)
    if track.published_at and not track.archived_at:
        return track
    track.published_at, track.archived_at = track.published_at or at, None
    track.save(update_fields=["published_at", "archived_at"])
    _tell("track.published", track, actor, at)
    return track


@transaction.atomic
def archive_track(*, track_id: UUID, actor: Actor, at: datetime) -> Track:
    """Let nobody new start on a track; who is on it goes on. A repeat changes nothing. Emits track.archived."""
    track = _locked(track_id)
    if track.archived_at is None:
        track.archived_at = at
        track.save(update_fields=["archived_at"])
        _tell("track.archived", track, actor, at)
    return track


@transaction.atomic
def add_step(*, track_id: UUID, draft: StepDraft, actor: Actor, at: datetime) -> Step:
    """Put a step at the end of a track; partners that are on their way get it too.

    For them its days count from now, since the start may be long ago. Raises TooManySteps, StepNotPossible.
    Emits track.step_added; a handler settles it where its fact is true already.
    """
    track = _locked(track_id)
    live = Step.objects.filter(track_id=track_id, removed_at=None)
    if live.count() >= MAX_STEPS:
        raise TooManySteps(track_id)
    last = live.aggregate(last=Max("position"))["last"]
    step = Step.objects.create(track=track, position=(last or 0) + 1, **_checked(draft))
    due_at = (
        rules.end_of_day(at, step.due_days, tenant_zone()) if step.due_days is not None else None
    )
    StepDone.objects.bulk_create(
        (
            StepDone(run_id=run_id, step=step, partner_id=partner_id, due_at=due_at, changed_at=at)
            for run_id, partner_id in Run.objects.filter(
                track_id=track_id, finished_at=None, left_at=None
            ).values_list("id", "partner_id")
        ),
        batch_size=2000,
    )
    _tell_step("track.step_added", step, actor, at)
    return step


@transaction.atomic
def edit_step(*, step_id: int, draft: StepDraft, actor: Actor, at: datetime) -> Step:
    """Change a step; what partners have done stays done, and deadlines that were told stay.

    How it is done (kind, fact, course) cannot change: remove it and add another, so that history stays true.
    Raises StepNotPossible. Emits track.step_edited.
    """
    step = Step.objects.select_for_update(no_key=True).get(id=step_id, removed_at=None)
    wanted = _checked(draft)
    if any(wanted[name] != getattr(step, name) for name in ("kind", "fact", "course_id")):
        raise StepNotPossible("kind")
    changed = [name for name, value in wanted.items() if getattr(step, name) != value]
    if not changed:
        return step
    for name in changed:
        setattr(step, name, wanted[name])
    step.save(update_fields=changed)
    _tell_step("track.step_edited", step, actor, at)
    return step


@transaction.atomic
def shift_step(*, step_id: int, up: bool, actor: Actor, at: datetime) -> Step:
    """Move a step one place up or down; at the end nothing changes. Emits track.step_shifted."""
    step = Step.objects.get(id=step_id, removed_at=None)
    _locked(step.track_id)
    order = list(
        Step.objects.filter(track_id=step.track_id, removed_at=None)
        .order_by("position", "id")
        .values_list("id", flat=True)
    )
    place = order.index(step.id)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return step
    order[place], order[other] = order[other], order[place]
    for position, each in enumerate(order, 1):
        Step.objects.filter(id=each).exclude(position=position).update(position=position)
    _tell_step("track.step_shifted", step, actor, at)
    return step


@transaction.atomic
def remove_step(*, step_id: int, actor: Actor, at: datetime) -> Step:
    """Take a step out of its track; nobody has to do it any more, what was done and earned stays.

    A repeat changes nothing. Emits track.step_removed; a handler finishes runs that have nothing left.
    """
    step = Step.objects.select_for_update(no_key=True).get(id=step_id)
    if step.removed_at is None:
        step.removed_at = at
        step.save(update_fields=["removed_at"])
        _tell_step("track.step_removed", step, actor, at)
    return step


def _checked(draft: StepDraft) -> dict[str, Any]:
    """Return the columns of a step, without what its kind does not have. Raises StepNotPossible."""
    values = asdict(draft)
    kind = StepKind(draft.kind)
    values["fact"] = draft.fact if kind == StepKind.FACT else ""
    values["course_id"] = draft.course_id if kind == StepKind.COURSE else None
    values["needs_approval"] = draft.needs_approval and kind == StepKind.UPLOAD
    if kind == StepKind.FACT and draft.fact not in Fact.values:
        raise StepNotPossible("fact")
    if kind == StepKind.COURSE and not (
        draft.course_id and Course.objects.filter(id=draft.course_id).exists()
    ):
        raise StepNotPossible("course")
    if kind not in {StepKind.FACT, StepKind.COURSE} and not any(draft.title.values()):
        raise StepNotPossible("title")
    if draft.reward_kind in {RewardKind.CREDIT, RewardKind.GIFT_CARD} and not draft.reward_minor:
        raise StepNotPossible("reward")
    if draft.reward_kind not in {RewardKind.CREDIT, RewardKind.GIFT_CARD}:
        values["reward_minor"], values["reward_currency"] = None, ""
    if not draft.reward_kind:
        values["reward_text"] = {}
    return values


def _locked(track_id: UUID) -> Track:
    return Track.objects.select_for_update(no_key=True).get(id=track_id)


def _tell(
    name: str,
    track: Track,
    actor: Actor,
    at: datetime,
    changes: dict[str, list[Any]] | None = None,
) -> None:
    emit(
        name,
        subject=f"track:{track.id}",
        actor=actor,
        payload={"track_id": str(track.id), "program_id": str(track.program_id)},
        changes=changes or {},
        at=at,
    )


def _tell_step(name: str, step: Step, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"track:{step.track_id}",
        actor=actor,
        payload={"track_id": str(step.track_id), "step_id": step.id},
        at=at,
    )
