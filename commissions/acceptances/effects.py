"""What other terms would have meant for a partner: its own last twelve months, priced twice by the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from commissions.accruals.histories import REFUND, History, events_of
from commissions.accruals.pinning import known_around
from commissions.accruals.repricing import less_refunds, lines_under
from commissions.accruals.sources import Source
from commissions.overrides.models import OverrideState, PlanOverride
from commissions.overrides.rules import overridden
from commissions.overrides.selectors import as_override
from commissions.plans.rules import Version
from commissions.plans.wording_changes import differences
from partners.agreements.panels import Effect
from prm.jobs.models import Job, JobState
from prm.money import Money
from referrals.pipeline.models import Referral
from referrals.revenue.models import RevenueEvent

YEAR = timedelta(days=365)
# Histories of more events than this are priced by the worker.
MANY = 2_000
JOB = "terms.effect"


@dataclass(frozen=True)
class Kept:
    """An effect that the worker computed, and when."""

    effect: Effect
    at: datetime


def is_long(partner_id: UUID, program_id: UUID) -> bool:
    """Tell whether a partner has so much history in a program that pricing it takes longer than a page may."""
    payments = RevenueEvent.objects.filter(partner_id=partner_id).order_by()
    referrals = Referral.objects.filter(partner_id=partner_id, program_id=program_id).order_by()
    return payments[: MANY + 1].count() > MANY or referrals[: MANY + 1].count() > MANY


def kept_effect(partner_id: UUID, old: Version, new: Version) -> Kept | None:
    """Return what the worker found last for a partner between two versions, None before it has."""
    job = (
        Job.objects.filter(
            kind=JOB,
            partner_id=partner_id,
            state=JobState.DONE,
            params__old=str(old.id),
            params__new=str(new.id),
        )
        .order_by("-finished_at")
        .first()
    )
    if job is None or job.finished_at is None:
        return None
    found = job.result
    effect = Effect(
        is_same=False,
        from_number=old.number,
        to_number=new.number,
        changes=_changes(old, new),
        before=Money(found["before_minor"], found["before_currency"]),
        after=Money(found["after_minor"], found["after_currency"]),
        event_count=found["events"],
        left_out=found["left_out"],
    )
    return Kept(effect, job.finished_at)


def effect_between(
    partner_id: UUID, program_id: UUID, old: Version, new: Version, at: datetime
) -> Effect:
    """Price what happened to the partner in the program under each of two versions, as if all came under it.

    The whole history counts towards bands and bonuses; what the last twelve months earned is told, less what refunds
    take back; an exception that the partner has is kept. Events in another currency are left out and counted.
    Nothing is booked; amounts in minor units.
    """
    if old.id == new.id:
        return Effect(is_same=True, from_number=old.number, to_number=new.number)
    history = History(partner_id, program_id, frozenset())
    events = [event for event in events_of(history, whole=True) if event.earned_at <= at]
    own_old, own_new = (
        _with_exception(version, partner_id, program_id, at) for version in (old, new)
    )
    return Effect(
        is_same=False,
        from_number=old.number,
        to_number=new.number,
        changes=_changes(old, new),
        before=_earned(history, events, own_old, at),
        after=_earned(history, events, own_new, at),
        event_count=len(
            [row for row in events if row.kind != REFUND and row.earned_at > at - YEAR]
        ),
        left_out=max(len(events) - len(_fitting(events, row)) for row in (own_old, own_new)),
    )


def _changes(old: Version, new: Version) -> tuple[tuple[str, str, str], ...]:
    return tuple((row.subject, row.before, row.after) for row in differences(old, new))


def _earned(history: History, events: Sequence[Source], version: Version, at: datetime) -> Money:
    """Return what the last twelve months earn the partner itself under a version, less what was given back."""
    fitting = _fitting(events, version)
    versions = {event.referral_id: version for event in fitting}
    lines = lines_under(known_around(history, fitting, versions), versions)
    recent = [row for row in lines if row.source.earned_at > at - YEAR and not row.draft.payee]
    return Money(sum(minor for _, minor in less_refunds(recent)), version.currency)


def _fitting(events: Sequence[Source], version: Version) -> list[Source]:
    return [event for event in events if event.facts.base.currency == version.currency]


def _with_exception(version: Version, partner_id: UUID, program_id: UUID, at: datetime) -> Version:
    """Return a version as it counts for the partner: a rate of its own replaces the plan's under both versions."""
    row = PlanOverride.objects.filter(
        partner_id=partner_id,
        program_id=program_id,
        state=OverrideState.APPROVED,
        version=None,
        starts_at__lte=at,
        ends_at__gt=at,
    ).first()
    return overridden(version, as_override(row)) if row else version
