"""Reads about tiers: where partners stand, what they have to show, what would move."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from commissions.ledger.selectors import tenant_zone
from commissions.plans.periods import months_later
from commissions.tiers.models import (
    Benefit,
    NoticeState,
    Tier,
    TierNotice,
    TierRules,
    TierStanding,
)
from commissions.tiers.rules import DEFAULTS, Move, Numbers, Place, Settings, Step, move_of
from partners.directory.models import Enrollment, EnrollmentState, PartnerState
from partners.programs.models import Program

LIVE = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED, EnrollmentState.PAUSED)


@dataclass(frozen=True)
class Proposed:
    """What a recalculation does with one partner, and on what grounds."""

    partner_id: UUID
    here: Step
    there: Step
    move: Move
    numbers: Numbers


def settings_of(program_id: UUID) -> Settings:
    """Return how a program counts, its own rules or the defaults."""
    row = TierRules.objects.filter(program_id=program_id).first()
    if row is None:
        return DEFAULTS
    return Settings(
        months=row.months,
        match=row.match,
        grace_days=row.grace_days,
        notice_days=row.notice_days,
        is_automatic=row.is_automatic,
    )


def steps_of(program_id: UUID) -> list[Step]:
    """Return a program's tiers, the lowest first."""
    return [step(tier) for tier in Tier.objects.filter(program_id=program_id).order_by("position")]


def step(tier: Tier) -> Step:
    """Return a tier as the rules read it."""
    return Step(
        tier.id,
        tier.position,
        tier.name,
        Numbers(tier.entry_wins, tier.entry_minor, tier.entry_courses),
        Numbers(tier.keep_wins, tier.keep_minor, tier.keep_courses),
    )


def tiers_on(
    pairs: Iterable[tuple[UUID, UUID]], days: Sequence[date]
) -> dict[tuple[UUID, UUID], list[tuple[date, date | None, str]]]:
    """Return, for (partner, program) pairs, the spans of days with the name of the tier, that touch the days.

    Where no span covers a day, the program's lowest tier counts: see tier_of and `name_on`.
    """
    wanted = set(pairs)
    if not wanted or not days:
        return {}
    rows = TierStanding.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=min(days)),
        partner_id__in={partner for partner, _ in wanted},
        program_id__in={program for _, program in wanted},
        starts_on__lte=max(days),
    ).values_list("partner_id", "program_id", "starts_on", "ends_on", "tier__name")
    found = defaultdict(list)
    for partner_id, program_id, starts_on, ends_on, name in rows:
        found[partner_id, program_id].append((starts_on, ends_on, name))
    return dict(found)


def lowest_tiers(program_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the name of each program's lowest tier; programs without tiers are missing."""
    rows = Tier.objects.filter(program_id__in=set(program_ids)).order_by("program_id", "-position")
    return dict(rows.values_list("program_id", "name"))


def tier_of(partner_id: UUID, program_id: UUID, on: date) -> str:
    """Return the name of a partner's tier on a day of the tenant's zone; empty in a program without tiers."""
    spans = tiers_on([(partner_id, program_id)], [on]).get((partner_id, program_id), [])
    return name_on(spans, on) or lowest_tiers([program_id]).get(program_id, "")


def name_on(spans: Iterable[tuple[date, date | None, str]], on: date) -> str:
    """Return the name among the spans that covers a day, empty when none does."""
    return next(
        (name for start, end, name in spans if start <= on and (end is None or on < end)), ""
    )


def numbers_of(
    program_id: UUID, partner_ids: Sequence[UUID], settings: Settings, on: date
) -> dict[UUID, Numbers]:
    """Return what partners have to show on a day: won in the months up to it, certificates valid on it.

    A win counts on the day its referral closed, as long as it stands as won. Two statements whatever the number.
    """
    zone = tenant_zone()
    with connection.cursor() as cursor:
        cursor.execute(
            _WINS,
            [
                program_id,
                list(partner_ids),
                _midnight(months_later(on, -settings.months) + timedelta(days=1), zone),
                _midnight(on + timedelta(days=1), zone),
            ],
        )
        wins = {row[0]: (row[1], int(row[2])) for row in cursor.fetchall()}
        cursor.execute(_COURSES, [list(partner_ids), _midnight(on + timedelta(days=1), zone), on])
        courses = dict(cursor.fetchall())
    return {id_: Numbers(*wins.get(id_, (0, 0)), courses.get(id_, 0)) for id_ in partner_ids}


def enrolled(
    program_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> list[UUID]:
    """Return the partners at work in a program, by id, from beyond `after` on: those that a recalculation moves."""
    rows = Enrollment.objects.at_work().filter(program_id=program_id).order_by("partner_id")
    if after:
        rows = rows.filter(partner_id__gt=after)
    ids = rows.values_list("partner_id", flat=True)
    return list(ids[:limit] if limit else ids)


def paused_count(program_id: UUID) -> int:
    """Return how many partners of a program are paused, in it or altogether: they stay in their tiers meanwhile."""
    return (
        Enrollment.objects.filter(program_id=program_id, state__in=LIVE)
        .filter(
            Q(state=EnrollmentState.PAUSED) | Q(partner__state=PartnerState.PAUSED),
            partner__state__in=[PartnerState.ACTIVE, PartnerState.PAUSED],
        )
        .count()
    )


def places_of(program_id: UUID, partner_ids: Sequence[UUID], on: date) -> dict[UUID, Place]:
    """Return where partners stand on a day; who has no standing is in the lowest tier since ever."""
    told = dict(
        TierNotice.objects.filter(
            program_id=program_id, partner_id__in=partner_ids, state=NoticeState.OPEN
        ).values_list("partner_id", "effective_on")
    )
    rows = TierStanding.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=on),
        program_id=program_id,
        partner_id__in=partner_ids,
        starts_on__lte=on,
    ).values_list("partner_id", "tier__position", "starts_on")
    stand = {partner: (position, since) for partner, position, since in rows}
    found = {}
    for id_ in partner_ids:
        position, since = stand.get(id_, (1, None))
        found[id_] = Place(position, since, told.get(id_))
    return found


def proposed_moves(program_id: UUID, partner_ids: Sequence[UUID], on: date) -> list[Proposed]:
    """Return what a recalculation on a day does with each of the partners; writes nothing.

    Five statements whatever the number of partners; empty in a program without tiers.
    """
    steps = steps_of(program_id)
    if not steps or not partner_ids:
        return []
    settings = settings_of(program_id)
    numbers = numbers_of(program_id, partner_ids, settings, on)
    places = places_of(program_id, partner_ids, on)
    by_position = {one.position: one for one in steps}
    found = []
    for id_ in partner_ids:
        move = move_of(steps, places[id_], numbers[id_], settings, on)
        here = by_position.get(places[id_].position, steps[0])
        found.append(Proposed(id_, here, by_position[move.to], move, numbers[id_]))
    return found


def counts_of(program_id: UUID, on: date) -> dict[UUID, int]:
    """Return how many partners that work in a program and have a standing are in each tier on a day."""
    rows = (
        TierStanding.objects.filter(
            Q(ends_on=None) | Q(ends_on__gt=on), program_id=program_id, starts_on__lte=on
        )
        .filter(
            partner_id__in=Enrollment.objects.at_work()
            .filter(program_id=program_id)
            .values("partner_id")
        )
        .values("tier_id")
        .annotate(n=Count("id"))
    )
    return {row["tier_id"]: row["n"] for row in rows}


def benefits_on(program_id: UUID, on: date) -> QuerySet[Benefit]:
    """Return what comes with a program's tiers on a day, the highest tier first."""
    return (
        Benefit.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=on), program_id=program_id, starts_on__lte=on
        )
        .select_related("tier")
        .order_by("-tier__position", "starts_on", "id")
    )


def programs_with_tiers(partner_id: UUID) -> list[Program]:
    """Return the programs with tiers that a partner takes part in."""
    return list(
        Program.objects.filter(
            id__in=Enrollment.objects.filter(partner_id=partner_id, state__in=LIVE).values(
                "program_id"
            )
        )
        .filter(id__in=Tier.objects.values("program_id"))
        .order_by("name", "id")
    )


def today() -> date:
    """Return the current day in the tenant's zone."""
    return timezone.localdate(timezone.now(), tenant_zone())


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


_WINS = """
select r.partner_id, count(*), coalesce(sum(r.deal_minor), 0)
  from referrals_referral r
 where r.program_id = %s and r.partner_id = any(%s::uuid[]) and r.stage_kind = 'won'
   and r.closed_at >= %s and r.closed_at < %s
 group by r.partner_id
"""

_COURSES = """
select c.partner_id, count(distinct c.course_id)
  from partners_certificate c
 where c.partner_id = any(%s::uuid[]) and c.revoked_at is null and c.issued_at < %s
   and (c.expires_on is null or c.expires_on >= %s)
 group by c.partner_id
"""
