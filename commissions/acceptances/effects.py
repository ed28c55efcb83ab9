"""What other terms would have meant for a partner: its own last twelve months, priced twice by the engine."""

from collections.abc import Sequence
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
from prm.money import Money

YEAR = timedelta(days=365)


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
        changes=tuple((row.subject, row.before, row.after) for row in differences(old, new)),
        before=_earned(history, events, own_old, at),
        after=_earned(history, events, own_new, at),
        event_count=len(
            [row for row in events if row.kind != REFUND and row.earned_at > at - YEAR]
        ),
        left_out=max(len(events) - len(_fitting(events, row)) for row in (own_old, own_new)),
    )


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
