"""The demo's working time, approvals and reasons for losing: what decides when and by whom a referral is answered."""

from datetime import date, datetime, timedelta
from uuid import UUID

from prm.accounts.capabilities import Role
from prm.demo.stage import Stage
from prm.events.services import Actor
from prm.workhours.models import WorkCalendar
from prm.workhours.rules import USUAL_HOURS
from prm.workhours.services import set_calendar
from referrals.pipeline.answer_models import (
    LossReason,
    Overdue,
)
from referrals.pipeline.deadlines import escalate_late, tell_stalled
from referrals.stages.answering import add_route, set_answer_rules, set_loss_reasons

REASONS = {
    "en": ("Price", "Timing", "Chose a competitor", "No budget", "No answer any more"),
    "it": ("Prezzo", "Momento sbagliato", "Ha scelto un concorrente", "Senza budget"),
}
# The story's words to the partner, and the reason that is counted.
LOSSES = {
    "They stay with their current supplier until the contract ends.": "Timing",
    "The budget went to another project this year.": "No budget",
    "They chose a supplier with a local office.": "Chose a competitor",
    "Hanno rinnovato con il fornitore attuale.": "Ha scelto un concorrente",
    "Il consumo è troppo basso per l'offerta.": "Senza budget",
}
BIG_DEAL_MINOR = 5_000_000


def seed_answering(stage: Stage, *, now: datetime) -> None:
    """Set the calendar and each program's rules, in the open scope of the tenant; a repeat does nothing."""
    if WorkCalendar.objects.exists():
        return
    set_calendar(
        hours=USUAL_HOURS,
        country=stage.tenant.country,
        region="",
        closed=[(date(now.year, 12, 24), ""), (date(now.year, 12, 31), "")],
        actor=_admin(stage),
        at=now - timedelta(days=300),
    )
    for program in stage.programs.values():
        _rules(stage, program.id, _admin(stage), now)
    escalate_late(at=now)
    tell_stalled(at=now)


def seed_loss_reasons(stage: Stage, program_id: UUID, admin: Actor, at: datetime) -> None:
    """Name a program's reasons for losing before its first referral comes."""
    language = stage.tenant.language if stage.tenant.language in REASONS else "en"
    set_loss_reasons(program_id=program_id, names=REASONS[language], actor=admin, at=at)


def loss_reason_of(program_id: UUID, words: str) -> int | None:
    """Return the reason that stands behind the words to the partner."""
    known = LossReason.objects.filter(program_id=program_id, name=LOSSES.get(words, ""))
    return known.values_list("id", flat=True).first()


def _admin(stage: Stage) -> Actor:
    return next(
        stage.actor(person) for person in stage.story.staff if person.role == Role.PROGRAM_ADMIN
    )


def _rules(stage: Stage, program_id: UUID, admin: Actor, now: datetime) -> None:
    at = now - timedelta(days=290)
    set_answer_rules(
        program_id=program_id,
        overdue=Overdue.ESCALATE,
        escalate_to_id=None,
        approve_after_hours=8,
        stall_days=30,
        actor=admin,
        at=at,
    )
    if admin.user_id is not None:
        add_route(
            program_id=program_id,
            name={"it": "Affari grandi"}.get(stage.tenant.language, "Large deals"),
            from_minor=BIG_DEAL_MINOR,
            countries=[],
            product="",
            approvers=[admin.user_id],
            actor=admin,
            at=at,
        )
