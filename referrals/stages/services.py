"""Change a program's pipeline without losing a referral on the way."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Stage, StageMove
from referrals.pipeline.rules import REPEATABLE_KINDS, move_is_possible
from referrals.stages.rules import may_swap

MAX_STAGES = 16


class StageNeeded(ValueError):
    """A program keeps at least one stage of every kind."""


class TargetNeeded(ValueError):
    """Referrals stand in the stage; they need another stage of the same kind to go to."""


class StageNotAllowed(ValueError):
    """A program cannot have this stage, this place or this move."""


@transaction.atomic
def rename_stage(*, stage_id: int, name: str, actor: Actor, at: datetime) -> Stage:
    """Give a stage a name of its own; an empty one is the kind's word in the reader's language.

    The same name writes nothing. Raises Stage.DoesNotExist. Emits stage.renamed.
    """
    stage = _locked(stage_id)
    name = name.strip()
    if stage.name == name:
        return stage
    before, stage.name = stage.name, name
    stage.save(update_fields=["name"])
    _tell("stage.renamed", stage, actor, at, changes={"name": [before, name]})
    return stage


@transaction.atomic
def add_stage(*, program_id: UUID, kind: str, name: str, actor: Actor, at: datetime) -> Stage:
    """Add a further stage of a kind after the last of that kind, with that one's moves and a move from it.

    Raises StageNotAllowed for kinds that exist once and beyond 16 stages. Emits stage.added.
    """
    stages = _live(program_id)
    sibling = next((stage for stage in reversed(stages) if stage.kind == kind), None)
    if kind not in REPEATABLE_KINDS or sibling is None or len(stages) >= MAX_STAGES:
        raise StageNotAllowed(kind)
    order = [stage.id for stage in stages]
    made = Stage.objects.create(program_id=program_id, kind=kind, name=name.strip(), position=0)
    order.insert(order.index(sibling.id) + 1, made.id)
    _order(order)
    pairs = {(sibling.id, made.id)}
    for move in StageMove.objects.filter(from_stage_id=sibling.id):
        pairs.add((made.id, move.to_stage_id))
    for move in StageMove.objects.filter(to_stage_id=sibling.id):
        pairs.add((move.from_stage_id, made.id))
    pairs = {(start, end) for start, end in pairs if start != end}
    StageMove.objects.bulk_create(
        StageMove(from_stage_id=start, to_stage_id=end) for start, end in sorted(pairs)
    )
    made.refresh_from_db()
    _tell("stage.added", made, actor, at, changes={"name": ["", made.name]})
    return made


@transaction.atomic
def shift_stage(*, stage_id: int, up: bool, actor: Actor, at: datetime) -> Stage:
    """Swap a stage with its neighbour above or below.

    Raises StageNotAllowed where it would leave its part of the way. Emits stage.shifted.
    """
    stage = _locked(stage_id)
    stages = _live(stage.program_id)
    place = next((number for number, row in enumerate(stages) if row.id == stage.id), -1)
    other = place - 1 if up else place + 1
    if place < 0 or not 0 <= other < len(stages) or not may_swap(stage.kind, stages[other].kind):
        raise StageNotAllowed(stage.kind)
    order = [row.id for row in stages]
    order[place], order[other] = order[other], order[place]
    _order(order)
    stage.refresh_from_db()
    _tell("stage.shifted", stage, actor, at, changes={"position": [place + 1, other + 1]})
    return stage


@transaction.atomic
def retire_stage(*, stage_id: int, target_id: int | None, actor: Actor, at: datetime) -> int:
    """Take a stage out of use and its referrals to another of the same kind; return how many went.

    They stand where they stood in meaning, so nobody is mailed and nothing is earned; their timelines show the step.
    Retiring it again writes nothing. Raises StageNeeded for the last of its kind, TargetNeeded, StageNotAllowed.
    Emits stage.retired.
    """
    stage = _locked(stage_id)
    if stage.retired_at is not None:
        return 0
    siblings = [
        row for row in _live(stage.program_id) if row.kind == stage.kind and row.id != stage.id
    ]
    if not siblings:
        raise StageNeeded(stage.kind)
    target = next((row for row in siblings if row.id == target_id), None)
    if target_id is not None and target is None:
        raise StageNotAllowed(str(target_id))
    moved = _take_over(stage, target, actor, at) if target else 0
    if target is None and _is_used(stage):
        raise TargetNeeded(stage.kind)
    StageMove.objects.filter(from_stage_id=stage.id).delete()
    StageMove.objects.filter(to_stage_id=stage.id).delete()
    stage.retired_at = at
    stage.save(update_fields=["retired_at"])
    _tell(
        "stage.retired", stage, actor, at, payload={"target_id": target_id, "referral_count": moved}
    )
    return moved


@transaction.atomic
def set_moves(
    *, program_id: UUID, pairs: Collection[tuple[int, int]], actor: Actor, at: datetime
) -> int:
    """Allow exactly these moves (from stage, to stage) in a program; return how many changed.

    Raises StageNotAllowed for stages of another program and for moves that no program may allow.
    Emits stage_moves.changed with what was added and taken away, unless nothing was.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    kinds = {stage.id: stage.kind for stage in _live(program_id)}
    wanted = set(pairs)
    for start, end in wanted:
        if (
            start == end
            or start not in kinds
            or end not in kinds
            or not move_is_possible(kinds[start], kinds[end])
        ):
            raise StageNotAllowed(f"{start} to {end}")
    rows = {
        (row.from_stage_id, row.to_stage_id): row.id
        for row in StageMove.objects.filter(from_stage_id__in=kinds)
    }
    added, dropped = wanted - rows.keys(), rows.keys() - wanted
    if not added and not dropped:
        return 0
    StageMove.objects.filter(id__in=[rows[pair] for pair in dropped]).delete()
    StageMove.objects.bulk_create(
        StageMove(from_stage_id=start, to_stage_id=end) for start, end in sorted(added)
    )
    emit(
        "stage_moves.changed",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes={
            "added": [[], [list(pair) for pair in sorted(added)]],
            "dropped": [[list(pair) for pair in sorted(dropped)], []],
        },
        at=at,
    )
    return len(added) + len(dropped)


def _locked(stage_id: int) -> Stage:
    return Stage.objects.select_for_update(no_key=True).get(id=stage_id)


def _live(program_id: UUID) -> list[Stage]:
    return list(
        Stage.objects.filter(program_id=program_id, retired_at=None).order_by("position", "id")
    )


def _order(stage_ids: list[int]) -> None:
    for number, stage_id in enumerate(stage_ids, start=1):
        Stage.objects.filter(id=stage_id).update(position=10 * number)


_TAKE_OVER = """
with moved as (
  update referrals_referral set stage_id = %(target)s, stage_entered_at = %(at)s
   where stage_kind = %(kind)s and stage_id = %(stage)s
  returning tenant_id, id, partner_id
)
insert into referrals_stage_change
  (tenant_id, referral_id, partner_id, from_stage_id, to_stage_id, from_kind, to_kind, at, actor_id, reason)
select tenant_id, id, partner_id, %(stage)s, %(target)s, %(kind)s, %(kind)s, %(at)s, %(actor)s, '' from moved
"""


def _take_over(stage: Stage, target: Stage, actor: Actor, at: datetime) -> int:
    given: dict[str, Any] = {
        "stage": stage.id,
        "target": target.id,
        "kind": stage.kind,
        "at": at,
        "actor": actor.user_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OVER, given)
        return int(cursor.rowcount)


def _is_used(stage: Stage) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from referrals_referral where tenant_id = %s and stage_kind = %s and stage_id = %s)",
            [current_scope().tenant_id, stage.kind, stage.id],
        )
        return bool(cursor.fetchone()[0])


def _tell(name: str, stage: Stage, actor: Actor, at: datetime, **facts: Any) -> None:
    ids = {"program_id": str(stage.program_id), "stage_id": stage.id, **facts.pop("payload", {})}
    emit(name, subject=f"program:{stage.program_id}", actor=actor, payload=ids, at=at, **facts)
