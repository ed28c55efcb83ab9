"""What other terms would have meant for a partner: its own last twelve months, priced twice by the engine."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from commissions.accruals.histories import REFUND, History, events_of
from commissions.accruals.sources import Source
from commissions.overrides.models import OverrideState, PlanOverride
from commissions.overrides.rules import overridden
from commissions.overrides.selectors import as_override
from commissions.plans.rules import Happening, Version, priced_history
from commissions.plans.wording_changes import differences
from partners.agreements.panels import Effect
from prm.money import Money
from referrals.revenue.models import RevenueEvent

YEAR = timedelta(days=365)


def effect_between(
    partner_id: UUID, program_id: UUID, old: Version, new: Version, at: datetime
) -> Effect:
    """Price what happened to the partner in the program under each of two versions, as if all came under it.

    The whole history counts towards bands and bonuses; what the last twelve months earned is told. Refunds are taken
    off their payments, an exception that the partner has is kept. Events in another currency are left out and counted.
    Nothing is booked; amounts in minor units.
    """
    if old.id == new.id:
        return Effect(is_same=True, from_number=old.number, to_number=new.number)
    events = _without_refunds(events_of(History(partner_id, program_id, frozenset()), whole=True))
    events = [event for event in events if event.earned_at <= at]
    recent = [event for event in events if event.earned_at > at - YEAR]
    own_old, own_new = (
        _with_exception(version, partner_id, program_id, at) for version in (old, new)
    )
    before, left_before = _earned(events, own_old, at)
    after, left_after = _earned(events, own_new, at)
    return Effect(
        is_same=False,
        from_number=old.number,
        to_number=new.number,
        changes=tuple((row.subject, row.before, row.after) for row in differences(old, new)),
        before=before,
        after=after,
        event_count=len(recent),
        left_out=max(left_before, left_after),
    )


def _earned(events: Sequence[Source], version: Version, at: datetime) -> tuple[Money, int]:
    fitting = [event for event in events if event.facts.base.currency == version.currency]
    told = [Happening(event.facts, version, event.earned_at > at - YEAR) for event in fitting]
    total = sum(
        draft.amount.minor
        for happening, drafts in priced_history(told)
        for draft in drafts
        if happening.name and not draft.payee
    )
    return Money(total, version.currency), len(events) - len(fitting)


def _without_refunds(events: Sequence[Source]) -> list[Source]:
    """Return the events with what was given back taken off their payments; payments given back whole are left out."""
    refunded = dict(
        RevenueEvent.objects.filter(
            id__in=[event.id for event in events if event.is_refunded]
        ).values_list("id", "refunded_minor")
    )
    found = []
    for event in events:
        if event.kind == REFUND:
            continue
        minor = event.facts.base.minor - refunded.get(event.id, 0)
        if event.id in refunded and minor <= 0:
            continue
        base = Money(minor, event.facts.base.currency)
        found.append(replace(event, facts=replace(event.facts, base=base)))
    return found


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
