"""Move referrals through their stages, and write down what is said about them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.money import CurrencyMismatch, Money
from referrals.pipeline.answer_models import LossReason
from referrals.pipeline.hooks import Moving, run_after_move, run_before_move
from referrals.pipeline.models import (
    CLOSED_KINDS,
    OPEN_KINDS,
    Referral,
    ReferralNote,
    Stage,
    StageChange,
    StageKind,
    StageMove,
)
from referrals.pipeline.promises import promised_at
from referrals.pipeline.rules import DEFAULT_KINDS, DEFAULT_MOVES, NEEDS_REASON


class MoveNotAllowed(ValueError):
    """The program does not allow this move from where the referral stands now."""


class ReasonRequired(ValueError):
    """The partner must be told why."""


class StageMovedMeanwhile(ValueError):
    """Somebody else moved the referral after it was looked at."""

    def __init__(self, change: StageChange) -> None:
        super().__init__(f"moved to stage {change.to_stage_id} at {change.at}")
        self.change = change


@transaction.atomic
def ensure_stages(*, program_id: UUID) -> list[Stage]:
    """Give a program the default stages and moves when it has none; return its live stages in order.

    A repeat, also at the same moment, makes nothing twice. Raises Program.DoesNotExist.
    """
    stages = _live_stages(program_id)
    if stages:
        return stages
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    stages = _live_stages(program_id)
    if stages:
        return stages
    made = Stage.objects.bulk_create(
        Stage(program_id=program_id, kind=kind, position=10 * number)
        for number, kind in enumerate(DEFAULT_KINDS, start=1)
    )
    by_kind = {stage.kind: stage.id for stage in made}
    StageMove.objects.bulk_create(
        StageMove(from_stage_id=by_kind[start], to_stage_id=by_kind[end])
        for start, ends in DEFAULT_MOVES.items()
        for end in ends
    )
    return _live_stages(program_id)


def _live_stages(program_id: UUID) -> list[Stage]:
    return list(
        Stage.objects.filter(program_id=program_id, retired_at=None).order_by("position", "id")
    )


@transaction.atomic
def change_stage(
    *,
    referral_id: UUID,
    to_stage_id: int,
    actor: Actor,
    at: datetime,
    reason: str = "",
    deal: Money | None = None,
    winning: bool = False,
    seen_stage_id: int | None = None,
    loss_reason_id: int | None = None,
) -> StageChange:
    """Take a referral to another stage of its program.

    reason: shown to the partner; lost and rejected need one. deal: value, only when winning, which
    referrals.revenue.services.win_referral says; a plain move to a stage of the kind won is refused.
    loss_reason_id: one of the program's reasons, kept when the stage means lost; another's counts as none.
    seen_stage_id: where the person saw it; another stage by now raises StageMovedMeanwhile.
    Raises Referral.DoesNotExist, MoveNotAllowed, ReasonRequired, CurrencyMismatch, and MoveRefused from a hook.
    Emits referral.stage_changed, whose `first_time` says whether the referral never was in a stage of that kind before.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if seen_stage_id is not None and referral.stage_id != seen_stage_id:
        raise StageMovedMeanwhile(_last_change(referral))
    stage = _stage_within_reach(referral, to_stage_id)
    if winning != (stage.kind == StageKind.WON):
        raise MoveNotAllowed(f"{referral.number}: a win is booked with its deal value")
    if deal is not None and deal.currency != referral.currency:
        raise CurrencyMismatch(f"{deal.currency} and {referral.currency}")
    if stage.kind in NEEDS_REASON and not reason.strip():
        raise ReasonRequired(stage.kind)
    lost_for = _loss_reason(referral, stage, loss_reason_id)
    return _move(referral, stage, actor=actor, at=at, reason=reason, deal=deal, lost_for=lost_for)


@transaction.atomic
def end_referral(
    *, referral_id: UUID, kind: StageKind, reason: str, actor: Actor, at: datetime
) -> StageChange | None:
    """Close an open referral by a right that no program's allowed moves may forbid: its sender or its person asks.

    kind: of the stage it ends in. Returns None, and writes nothing, for one that is closed already.
    Raises Referral.DoesNotExist, and MoveRefused from a hook. Emits referral.stage_changed.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    if referral.stage_kind in CLOSED_KINDS:
        return None
    stage = next(row for row in ensure_stages(program_id=referral.program_id) if row.kind == kind)
    return _move(referral, stage, actor=actor, at=at, reason=reason)


def _move(
    referral: Referral,
    stage: Stage,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
    deal: Money | None = None,
    lost_for: LossReason | None = None,
) -> StageChange:
    """Write a move that is allowed, with what follows from it. referral: locked."""
    run_before_move(Moving(referral, stage, actor, at, reason))
    first_time = not StageChange.objects.filter(
        referral_id=referral.id, to_kind=stage.kind
    ).exists()
    change = StageChange.objects.create(
        referral_id=referral.id,
        partner_id=referral.partner_id,
        from_stage_id=referral.stage_id,
        to_stage=stage,
        from_kind=referral.stage_kind,
        to_kind=stage.kind,
        at=at,
        actor_id=actor.user_id,
        reason=reason.strip(),
        deal_minor=deal.minor if deal else None,
        loss_reason=lost_for,
    )
    _stand_on(referral, stage, deal, at)
    run_after_move(referral, change, actor, at)
    _tell_change(referral, change, first_time=first_time, actor=actor, at=at)
    return change


def _loss_reason(referral: Referral, stage: Stage, reason_id: int | None) -> LossReason | None:
    if stage.kind != StageKind.LOST or reason_id is None:
        return None
    return LossReason.objects.filter(id=reason_id, program_id=referral.program_id).first()


def _last_change(referral: Referral) -> StageChange:
    return (
        StageChange.objects.filter(referral_id=referral.id)
        .select_related("to_stage", "actor")
        .latest("at", "id")
    )


def _stage_within_reach(referral: Referral, to_stage_id: int) -> Stage:
    """Return a live stage that the program allows from where the referral stands. Raises MoveNotAllowed."""
    stage = Stage.objects.filter(
        id=to_stage_id, program_id=referral.program_id, retired_at=None
    ).first()
    move = StageMove.objects.filter(from_stage_id=referral.stage_id, to_stage_id=to_stage_id)
    if stage is None or not move.exists():
        raise MoveNotAllowed(
            f"{referral.number}: {referral.stage_kind} to {stage.kind if stage else to_stage_id}"
        )
    return stage


def _tell_change(
    referral: Referral, change: StageChange, *, first_time: bool, actor: Actor, at: datetime
) -> None:
    emit(
        "referral.stage_changed",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={
            "referral_id": str(referral.id),
            "partner_id": str(referral.partner_id),
            "program_id": str(referral.program_id),
            "stage_change_id": change.id,
            "from_kind": change.from_kind,
            "to_kind": change.to_kind,
            "first_time": first_time,
        },
        at=at,
    )


def _stand_on(referral: Referral, stage: Stage, deal: Money | None, at: datetime) -> None:
    """Write what follows from standing on a stage: kind, answers, protection, closing, deal."""
    if referral.decided_at is None and stage.kind != StageKind.EXPIRED:
        referral.decided_at = at
    program = Program.objects.get(id=referral.program_id)
    if stage.kind == StageKind.SUBMITTED:
        referral.queued_at, referral.answer_due_at = at, promised_at(program, at)
        referral.escalated_at = None
    if stage.kind == StageKind.ACCEPTED:
        referral.protected_until = at + timedelta(days=program.protection_days)
    if referral.declined_at and stage.kind in OPEN_KINDS:
        # Whoever takes it up again thinks otherwise than whoever declined it after a look.
        referral.held_at, referral.declined_at, referral.declined_reason = None, None, ""
    referral.stalled_at = None
    referral.closed_at = at if stage.kind in CLOSED_KINDS else None
    if deal is not None:
        referral.deal_minor = deal.minor
    referral.stage, referral.stage_kind, referral.stage_entered_at = stage, stage.kind, at
    referral.save(
        update_fields=[
            "stage",
            "stage_kind",
            "stage_entered_at",
            "queued_at",
            "answer_due_at",
            "escalated_at",
            "stalled_at",
            "decided_at",
            "held_at",
            "declined_at",
            "declined_reason",
            "closed_at",
            "protected_until",
            "deal_minor",
        ],
    )


@transaction.atomic
def add_note(
    *, referral_id: UUID, text: str, internal: bool, actor: Actor, at: datetime
) -> ReferralNote:
    """Write a note on a referral; an internal one is for the vendor's people only.

    The text stays out of the event. Raises Referral.DoesNotExist. Emits referral.note_added, for internal notes
    referral.internal_note_added without the partner, so that no partner's history shows it.
    """
    if actor.user_id is None:
        raise ValueError("a note has an author")
    referral = Referral.objects.only("id", "partner_id").get(id=referral_id)
    note = ReferralNote.objects.create(
        referral_id=referral.id,
        partner_id=referral.partner_id,
        author_id=actor.user_id,
        text=text.strip(),
        internal=internal,
        at=at,
    )
    emit(
        "referral.internal_note_added" if internal else "referral.note_added",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=None if internal else referral.partner_id,
        payload={"referral_id": str(referral.id), "note_id": note.id},
        at=at,
    )
    return note


@transaction.atomic
def set_next_step(
    *,
    referral_id: UUID,
    text: str,
    due_on: date | None,
    owner_id: int | None,
    actor: Actor,
    at: datetime,
) -> Referral:
    """Write who of the vendor looks after a referral and what happens next; the partner sees both.

    A repeat with the same words writes nothing. Raises Referral.DoesNotExist. Emits referral.next_step_set.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    text = text.strip()
    if (referral.next_step, referral.next_step_on, referral.owner_id) == (text, due_on, owner_id):
        return referral
    changes = {"owner_id": [referral.owner_id, owner_id]} if referral.owner_id != owner_id else {}
    referral.next_step, referral.next_step_on, referral.owner_id = text, due_on, owner_id
    referral.save(update_fields=["next_step", "next_step_on", "owner"])
    emit(
        "referral.next_step_set",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={"referral_id": str(referral.id)},
        changes=changes,
        at=at,
    )
    return referral
