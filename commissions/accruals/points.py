"""Places in a partner's history that are priced already: a new event prices only what lies after the last one.

A point keeps what the engine's fold came to after one event. It is a shortcut, never a source: it counts only for the
terms it was made under and while as many rows lie before it as then; an event that comes in late goes back to the point
before it, and without any the history is priced whole. Points get rarer with their distance, so that a late event costs
little more than its lateness.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import connection

from commissions.accruals.histories import ORDER, History, Place
from commissions.accruals.models import HistoryPoint
from commissions.accruals.sources import Source
from commissions.overrides.rules import Override, overridden
from commissions.plans.rules import Standing, Version

# So many of the newest events are priced anew with every event; twice as many at most.
TAIL = 32
# Each rung of points lies this many times farther apart than the one before.
SPREAD = 4
# What a point's terms are digested with: raise it when the fold or its form changes.
FORM = 1


@dataclass
class Start:
    """Where pricing goes on: after `place` (None for the beginning), `events` of them behind, in what they came to."""

    place: Place | None
    events: int
    standing: Standing


def terms_known(terms: Sequence[Version], overrides: Sequence[Override]) -> list[Version]:
    """Return every version that prices any event of a partner; where two share a rule, the plan's own is last."""
    return [*(overridden(row, one) for one in overrides for row in terms), *terms]


def digest_of(terms: Sequence[Version], overrides: Sequence[Override]) -> str:
    """Return what changes when any of the terms does."""
    return sha256(repr((FORM, list(terms), list(overrides))).encode()).hexdigest()


def points_of(history: History, digest: str) -> list[HistoryPoint]:
    """Return the points that may be gone on from, newest first; those of other terms are thrown away."""
    rows = HistoryPoint.objects.filter(
        partner_id=history.partner_id, program_id=history.program_id
    ).order_by("-at", "-rank", "-source_id")
    # What the fold came to is read of the one that is gone on from.
    found = list(rows.defer("standing"))
    if any(row.terms != digest for row in found):
        rows.delete()
        return []
    return found


def place_after(point: HistoryPoint) -> Place:
    """Return the place of a point among events."""
    return point.at, point.rank, str(point.source_id)


def still_holds(point: HistoryPoint) -> bool:
    """Tell whether as many referrals and payments lie before a point as when it was made."""
    return (point.referrals, point.payments) == _counts(
        point.partner_id, point.program_id, point.at
    )


def forget_points(partner_ids: Iterable[UUID]) -> None:
    """Throw the partners' points away: something else than a new event changed their histories."""
    HistoryPoint.objects.filter(partner_id__in=list(partner_ids)).delete()


def forget_after(history: History, place: Place | None) -> None:
    """Throw the points away that lie after a place: an event came in before them."""
    for row in HistoryPoint.objects.filter(
        partner_id=history.partner_id, program_id=history.program_id
    ):
        if place is None or place_after(row) > place:
            row.delete()


def places_to_keep(start: Start, sources: Sequence[Source], at: datetime) -> list[int]:
    """Return after how many of the events the fold is to be kept; what lies ahead of the moment is not passed."""
    total, found, step = start.events + len(sources), set(), TAIL
    while step <= total - TAIL:
        found.add((total - TAIL) // step * step - start.events)
        step *= SPREAD
    return sorted(count for count in found if count > 0 and sources[count - 1].earned_at <= at)


def keep_point(history: History, start: Start, last: Source, digest: str) -> None:
    """Keep what the fold came to after an event; of older points those stay that are still wanted."""
    referrals, payments = _counts(history.partner_id, history.program_id, last.earned_at)
    HistoryPoint.objects.create(
        partner_id=history.partner_id,
        program_id=history.program_id,
        at=last.earned_at,
        rank=ORDER[last.kind],
        source_id=last.id,
        events=start.events,
        referrals=referrals,
        payments=payments,
        terms=digest,
        standing=start.standing.as_json(),
    )


def thin_out(history: History) -> None:
    """Keep the two newest points of each rung, throw the others away."""
    rows = HistoryPoint.objects.filter(partner_id=history.partner_id, program_id=history.program_id)
    counts = sorted(rows.values_list("events", flat=True), reverse=True)
    kept: set[int] = set()
    step = TAIL
    while step <= max(counts, default=0):
        kept |= set([count for count in counts if count % step == 0][:2])
        step *= SPREAD
    rows.exclude(events__in=kept).delete()


def _counts(partner_id: UUID, program_id: UUID, at: datetime) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"partner": partner_id, "program": program_id, "at": at})
        row = cursor.fetchone()
    return row[0], row[1]


def following(history: History, place: Place) -> list[UUID]:
    """Return the history's referrals at which something happened at or after the place's moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FOLLOWING,
            {"partner": history.partner_id, "program": history.program_id, "at": place[0]},
        )
        return [row[0] for row in cursor.fetchall()]


# Whole days of payments, as the index holds them: those of the point's own day are not asked.
_COUNTS = """
select (select count(*) from referrals_referral
         where partner_id = %(partner)s and program_id = %(program)s and declined_at is null
           and registered_at <= %(at)s),
       (select count(*) from referrals_revenue_event
         where partner_id = %(partner)s and booked_on < (%(at)s at time zone 'UTC')::date - 1)
"""

_FOLLOWING = """
select r.id from referrals_referral r
 where r.partner_id = %(partner)s and r.program_id = %(program)s and r.declined_at is null
   and r.id in (
       select c.referral_id from referrals_stage_change c
        where c.to_kind in ('qualified', 'won') and c.at >= %(at)s
       union
       select e.referral_id from referrals_revenue_event e
        where e.partner_id = %(partner)s and e.booked_on >= (%(at)s at time zone 'UTC')::date - 1
          and e.booked_at >= %(at)s
       union
       select e.referral_id from referrals_cash_receipt t
         join referrals_revenue_event e on e.tenant_id = t.tenant_id and e.id = t.revenue_event_id
        where e.partner_id = %(partner)s and t.received_at >= %(at)s)
"""
