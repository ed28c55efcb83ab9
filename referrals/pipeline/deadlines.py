"""What the clock does with referrals: late answers, answers given by the promise, standing still."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from partners.programs.models import Program
from prm.events.services import SYSTEM, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.pipeline.answer_models import (
    AnswerRules,
    Overdue,
)
from referrals.pipeline.approvals import approvals_of, next_approval
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import (
    Referral,
    ReferralNote,
    StageKind,
)
from referrals.pipeline.promises import promised_at
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import MoveNotAllowed, change_stage

# Stages in which the vendor or the partner should be doing something.
WORKED = (StageKind.ACCEPTED, StageKind.QUALIFIED, StageKind.OPPORTUNITY)
CHUNK = 200


def rules_of(program_id: UUID) -> AnswerRules:
    """Return a program's rules for answers; the defaults, unsaved, when it has none."""
    return AnswerRules.objects.filter(program_id=program_id).first() or AnswerRules(
        program_id=program_id
    )


@transaction.atomic
def escalate_late(*, at: datetime, limit: int = CHUNK) -> int:
    """Mark referrals whose promised moment has passed, so that somebody hears of each once; return how many.

    A repeat marks nothing twice; a new promise (sent again, answered question) may be broken anew.
    Emits referral.answer_late.
    """
    late = (
        Referral.objects.waiting()
        .filter(answer_due_at__lt=at, escalated_at=None)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("answer_due_at", "id")[:limit]
    )
    return _mark(late, "escalated_at", "referral.answer_late", at)


def approve_late(*, at: datetime, limit: int = CHUNK) -> int:
    """Accept what nobody answered, where the program chose so and the time after its promise is up too.

    What a person must look at (a hold, a duplicate's claim, named approvers) is never accepted by itself.
    Returns how many were accepted. Emits what change_stage emits.
    """
    accepted = 0
    for rules in AnswerRules.objects.filter(overdue=Overdue.APPROVE):
        program = Program.objects.get(id=rules.program_id)
        waiting = (
            Referral.objects.waiting()
            .filter(program_id=program.id, held_at=None, escalated_at__lt=at)
            .order_by("answer_due_at", "id")[:limit]
        )
        rows = list(waiting)
        asked = approvals_of([row.id for row in rows])
        for row in rows:
            if next_approval(asked.get(row.id, [])) or row.answer_due_at is None:
                continue
            if promised_at(program, row.answer_due_at, hours=rules.approve_after_hours) <= at:
                accepted += _accept_by_promise(row, at)
    return accepted


def _accept_by_promise(referral: Referral, at: datetime) -> int:
    stage = stage_of_kind(referral.program_id, StageKind.ACCEPTED)
    language = Tenant.objects.only("language").get(id=current_scope().tenant_id).language
    if stage is None:
        return 0
    with translation.override(language):
        reason = gettext("Nobody answered by the promised time, so it was accepted.")
        try:
            change_stage(
                referral_id=referral.id,
                to_stage_id=stage.id,
                actor=SYSTEM,
                at=at,
                reason=reason,
                seen_stage_id=referral.stage_id,
            )
        except (MoveRefused, MoveNotAllowed):
            # Somebody has to look: the referral stays late and stays told.
            return 0
    return 1


def standing_still(program_id: UUID, *, at: datetime, days: int) -> QuerySet[Referral]:
    """Return accepted, still open referrals on which nothing happened for so many days, longest first.

    Nothing: no move, no note, no next step whose day is still ahead. What an import brought counts from its first move.
    """
    since = at - timedelta(days=days)
    noted = ReferralNote.objects.filter(referral_id=OuterRef("id"), at__gt=since)
    return (
        Referral.objects.filter(
            program_id=program_id, stage_kind__in=WORKED, stage_entered_at__lt=since, closed_at=None
        )
        .filter(Q(next_step_on=None) | Q(next_step_on__lt=at.date()))
        .filter(Q(import_id=None) | Q(stage_entered_at__gt=F("created_at")))
        .exclude(Exists(noted))
        .order_by("stage_entered_at", "id")
    )


@transaction.atomic
def tell_stalled(*, at: datetime, limit: int = CHUNK) -> int:
    """Mark referrals that stand still, so that partner and owner hear of each once; return how many.

    Whatever moves one on takes its mark away. Emits referral.stalled.
    """
    told = 0
    for program in Program.objects.filter(closed_at=None):
        days = rules_of(program.id).stall_days
        if days:
            still = standing_still(program.id, at=at, days=days).filter(stalled_at=None)
            locked = still.select_for_update(no_key=True, skip_locked=True, of=("self",))[:limit]
            told += _mark(locked, "stalled_at", "referral.stalled", at)
    return told


def _mark(referrals: QuerySet[Referral], column: str, event: str, at: datetime) -> int:
    rows = list(referrals)
    Referral.objects.filter(id__in=[row.id for row in rows]).update(**{column: at})
    for row in rows:
        emit(
            event,
            subject=f"referral:{row.id}",
            actor=SYSTEM,
            partner_id=row.partner_id,
            payload={"referral_id": str(row.id), "partner_id": str(row.partner_id)},
            at=at,
        )
    return len(rows)
