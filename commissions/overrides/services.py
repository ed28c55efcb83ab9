"""Ask for an exception, decide on it by another person, end it before its day."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from commissions.overrides.models import OverrideState, PlanOverride
from commissions.overrides.rules import touches
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import published_terms
from partners.directory.models import Enrollment
from prm.events.services import Actor, emit


class SamePerson(ValueError):
    """Who asked for an exception does not approve it."""


class AlreadyDecided(ValueError):
    """Somebody approved or declined it before."""


class OverrideIsOver(ValueError):
    """Its last day has passed."""


class OverridesOverlap(ValueError):
    """Another approved exception of the partner in the program counts in the same time."""


class NothingToOverride(ValueError):
    """No plan version of the time has a percentage for the event, or the version is not the program's."""


class NotInProgram(LookupError):
    """The partner is not enrolled in the program."""


@dataclass(frozen=True)
class OverrideTerms:
    """What an exception says: a rate (a fraction) for an event, or a published version's id."""

    rate: Decimal | None = None
    event: str = ""
    version_id: UUID | None = None


@transaction.atomic
def ask_override(
    *,
    program_id: UUID,
    partner_id: UUID,
    terms: OverrideTerms,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor,
    at: datetime,
) -> PlanOverride:
    """Ask for other terms for the referrals that a partner registers in [starts_at, ends_at).

    Nothing changes before another person approves. The same request again, while it waits, returns the first.
    Raises NotInProgram, NothingToOverride, OverrideIsOver. Emits plan.override_asked.
    """
    if not Enrollment.objects.filter(program_id=program_id, partner_id=partner_id).exists():
        raise NotInProgram(partner_id)
    if ends_at <= max(starts_at, at):
        raise OverrideIsOver(ends_at.isoformat())
    _must_change_something(program_id, terms, starts_at, ends_at)
    values = {
        "program_id": program_id,
        "partner_id": partner_id,
        "version_id": terms.version_id,
        "rate": terms.rate,
        "event": terms.event,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "reason": reason.strip(),
        "asked_by_id": actor.user_id,
        "state": OverrideState.ASKED,
    }
    if first := PlanOverride.objects.filter(**values).first():
        return first
    override = PlanOverride.objects.create(**values, asked_at=at)
    _tell("plan.override_asked", override, actor, at)
    return override


@transaction.atomic
def approve_override(*, override_id: UUID, note: str, actor: Actor, at: datetime) -> PlanOverride:
    """Approve an exception as another person than the one who asked; it never reaches back before now.

    A repeat by the same person does nothing. Raises SamePerson, AlreadyDecided, OverrideIsOver, OverridesOverlap.
    Emits plan.override_approved.
    """
    override = _to_decide(override_id, actor, OverrideState.APPROVED)
    if override.state == OverrideState.APPROVED:
        return override
    if actor.user_id is None or actor.user_id == override.asked_by_id:
        raise SamePerson(str(override_id))
    if override.ends_at <= at:
        raise OverrideIsOver(override.ends_at.isoformat())
    # A referral that is registered keeps the terms it was registered under.
    override.starts_at = max(override.starts_at, at)
    override.state = OverrideState.APPROVED
    override.decided_by_id, override.decided_at = actor.user_id, at
    override.decision_note = note.strip()
    try:
        with transaction.atomic():
            override.save()
    except IntegrityError as clash:
        if "plan_override_one_at_a_time" not in str(clash):
            raise
        raise OverridesOverlap(str(override_id)) from clash
    _tell("plan.override_approved", override, actor, at)
    return override


@transaction.atomic
def decline_override(*, override_id: UUID, note: str, actor: Actor, at: datetime) -> PlanOverride:
    """Decline an exception, or take back one's own request; a repeat by the same person does nothing.

    Raises AlreadyDecided. Emits plan.override_declined.
    """
    override = _to_decide(override_id, actor, OverrideState.DECLINED)
    if override.state == OverrideState.DECLINED:
        return override
    override.state = OverrideState.DECLINED
    override.decided_by_id, override.decided_at = actor.user_id, at
    override.decision_note = note.strip()
    override.save()
    _tell("plan.override_declined", override, actor, at)
    return override


@transaction.atomic
def end_override(*, override_id: UUID, actor: Actor, at: datetime) -> PlanOverride:
    """End an approved exception now: referrals registered from now on get the plan's terms. A repeat does nothing.

    Raises AlreadyDecided for one that was never approved. Emits plan.override_ended.
    """
    override = PlanOverride.objects.select_for_update(no_key=True).get(id=override_id)
    if override.state != OverrideState.APPROVED:
        raise AlreadyDecided(str(override_id))
    if override.ends_at <= at:
        return override
    # One that has not begun never counts: an empty time.
    override.ends_at = max(override.starts_at, at)
    override.ended_by_id = actor.user_id
    override.save(update_fields=["ends_at", "ended_by"])
    _tell("plan.override_ended", override, actor, at)
    return override


def _must_change_something(
    program_id: UUID, terms: OverrideTerms, starts_at: datetime, ends_at: datetime
) -> None:
    if terms.version_id:
        known = PlanVersion.objects.filter(
            id=terms.version_id, program_id=program_id, published_at__isnull=False
        )
        if not known.exists():
            raise NothingToOverride(str(terms.version_id))
        return
    during = [
        version
        for version in published_terms([program_id]).get(program_id, [])
        if version.starts_at < ends_at and (version.ends_at is None or version.ends_at > starts_at)
    ]
    if not any(touches(version, terms.event) for version in during):
        raise NothingToOverride(terms.event)


def _to_decide(override_id: UUID, actor: Actor, wanted: str) -> PlanOverride:
    override = PlanOverride.objects.select_for_update(no_key=True).get(id=override_id)
    repeated = override.state == wanted and override.decided_by_id == actor.user_id
    if override.state != OverrideState.ASKED and not repeated:
        raise AlreadyDecided(str(override_id))
    return override


def _tell(name: str, override: PlanOverride, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"partner:{override.partner_id}",
        actor=actor,
        partner_id=override.partner_id,
        payload={
            "override_id": str(override.id),
            "partner_id": str(override.partner_id),
            "program_id": str(override.program_id),
        },
        changes={
            "starts_at": ["", override.starts_at.isoformat()],
            "ends_at": ["", override.ends_at.isoformat()],
            **({"rate": ["", f"{override.rate.normalize():f}"]} if override.rate else {}),
            **({"note": ["", override.decision_note]} if override.decision_note else {}),
        },
        at=at,
    )
