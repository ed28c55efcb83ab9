"""Reads about stages and moves."""

from uuid import UUID

from referrals.pipeline.models import Referral, Stage, StageKind, StageMove


def stages_of(program_id: UUID, *, retired: bool = False) -> list[Stage]:
    """Return the program's stages in order, without the retired ones unless asked for."""
    stages = Stage.objects.filter(program_id=program_id)
    return list((stages if retired else stages.filter(retired_at=None)).order_by("position", "id"))


def stage_of_kind(program_id: UUID, kind: str) -> Stage | None:
    """Return the program's first live stage of a kind."""
    return (
        Stage.objects.filter(program_id=program_id, kind=kind, retired_at=None)
        .order_by("position", "id")
        .first()
    )


def moves_from(referral: Referral) -> list[Stage]:
    """Return the stages the referral may go to now, in the pipeline's order; a stage of the kind won means winning it."""
    allowed = StageMove.objects.filter(from_stage_id=referral.stage_id).values("to_stage_id")
    return list(
        Stage.objects.filter(
            program_id=referral.program_id, retired_at=None, id__in=allowed
        ).order_by("position", "id")
    )


def winning_stage(referral: Referral) -> Stage | None:
    """Return the stage in which winning this referral ends, None when it cannot be won from where it stands."""
    return next((stage for stage in moves_from(referral) if stage.kind == StageKind.WON), None)
