"""Reads about contests: what is on, who stands where, what it brought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from commissions.accruals.models import RepRewards
from commissions.accruals.reps import policies_of
from commissions.contests.models import Contest, ContestPlace, Prize
from commissions.contests.rules import MANY_DAYS, PrizeTerms, Standing, Uplift
from partners.directory.models import Enrollment, EnrollmentState
from prm.accounts.members import Member
from prm.accounts.models import Membership
from prm.tenancy.scope import current_scope

# Partners that a page names one by one.
NAMED = 10
TAKING_PART = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED)


@dataclass(frozen=True)
class Employers:
    """What the partners of a program let their people receive: how many allow money, how many things only, who nothing.

    refusing: names, in order.
    """

    money: int
    things: int
    refusing: list[str]

    @property
    def named_refusing(self) -> str:
        """The first of those that allow nothing."""
        rest = len(self.refusing) - NAMED
        return ", ".join(self.refusing[:NAMED]) + (f" + {rest}" if rest > 0 else "")


@dataclass(frozen=True)
class Stand:
    """A contest's state at a moment: draft, coming, running, ended (not settled yet), settled or cancelled."""

    name: str

    @property
    def is_open(self) -> bool:
        """Whether places may still change."""
        return self.name in {"running", "ended"}


def stand_of(contest: Contest, now: datetime) -> Stand:
    """Return the contest's state at the moment."""
    if contest.cancelled_at:
        return Stand("cancelled")
    if contest.settled_at:
        return Stand("settled")
    if contest.published_at is None:
        return Stand("draft")
    if now < contest.starts_at:
        return Stand("coming")
    return Stand("running" if now < contest.ends_at else "ended")


def contests_visible_to(member: Member) -> QuerySet[Contest]:
    """All for staff; published ones of the programs it takes part in for a partner's people."""
    rows = Contest.objects.select_related("program")
    if member.is_staff:
        return rows
    mine = Enrollment.objects.filter(
        partner_id=member.own_partner_id, state__in=TAKING_PART
    ).values("program_id")
    return rows.filter(published_at__isnull=False, cancelled_at=None, program_id__in=mine)


def standings_of(contest_id: UUID, at: datetime) -> list[Standing]:
    """Return the standings, the first place first; a partner reads its own ids only. One statement.

    at: the moment at which employers are asked what they let their people receive. What settled is as it was settled.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select rank, partner_id, score, reached_at, entries, person_id"
            "  from commissions_contest_standings(%s, %s) order by rank",
            [contest_id, at],
        )
        return [Standing(*row) for row in cursor.fetchall()]


def ways_allowed(rows: Iterable[Standing], at: datetime) -> dict[UUID, str]:
    """Return by partner what people in the standings may receive at a moment; empty where partners compete."""
    ids = {row.partner_id for row in rows if row.partner_id and row.person_id}
    return policies_of(ids, at) if ids else {}


def employers_of(program_id: UUID, at: datetime) -> Employers:
    """Return what the partners at work in a program let their people receive at a moment. For staff."""
    names = dict(
        Enrollment.objects.at_work()
        .filter(program_id=program_id)
        .order_by("partner__name", "partner_id")
        .values_list("partner_id", "partner__name")
    )
    said = policies_of(names, at)
    return Employers(
        sum(word == RepRewards.CASH for word in said.values()),
        sum(word == RepRewards.NON_CASH for word in said.values()),
        [name for key, name in names.items() if said[key] == RepRewards.NONE],
    )


def prizes_won_by(member: Member) -> QuerySet[ContestPlace]:
    """Return the places with which a partner's person won money for themselves, the newest first; none for staff."""
    if member.partner_id is None:
        return ContestPlace.objects.none()
    return (
        ContestPlace.objects.filter(
            partner_id=member.partner_id, person_id=member.user_id, transfer__isnull=False
        )
        .select_related("contest", "prize")
        .order_by("-at", "-id")
    )


def prizes_of(contest_id: UUID) -> dict[int, Prize]:
    """Return a contest's prizes by rank."""
    return {row.rank: row for row in Prize.objects.filter(contest_id=contest_id).order_by("rank")}


def prize_terms(prize: Prize) -> PrizeTerms:
    """Return a prize as the rules read it."""
    return PrizeTerms(prize.rank, prize.amount_minor, prize.goods, prize.cost_minor)


def others_nearby(contest: Contest) -> int:
    """Return how many other published contests of the program begin within three months of this one."""
    span = timedelta(days=MANY_DAYS)
    return (
        Contest.objects.filter(
            program_id=contest.program_id,
            published_at__isnull=False,
            cancelled_at=None,
            starts_at__gt=contest.starts_at - span,
            starts_at__lt=contest.starts_at + span,
        )
        .exclude(id=contest.id)
        .count()
    )


def uplift_of(contest: Contest, until: datetime) -> Uplift:
    """Return what counted before and during a contest; until: the moment to count to while it runs.

    The time before is as long as the time counted, and ends where the contest begins. Of what counts only the event
    and the products are asked, not whether it still stands. Where people compete, counted are those who may take part
    at `until`.
    """
    end = min(contest.ends_at, until)
    length = max(end - contest.starts_at, timedelta(0))
    at_work = Enrollment.objects.at_work().filter(program_id=contest.program_id)
    partner_ids = list(at_work.values_list("partner_id", flat=True))
    if contest.is_for_people:
        said = policies_of(partner_ids, until)
        partner_ids = [key for key in partner_ids if said[key] != RepRewards.NONE]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPLIFT,
            {
                "program": contest.program_id,
                "kind": "qualified" if contest.metric == "qualified" else "won",
                "products": [name.lower() for name in contest.products],
                "before": contest.starts_at - length,
                "start": contest.starts_at,
                "end": end,
                "people": contest.is_for_people,
                "allowing": partner_ids if contest.is_for_people else [],
                "tenant": current_scope().tenant_id,
            },
        )
        took_part, before, during, returned = cursor.fetchone()
    eligible = (
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id__in=partner_ids, ended_at=None
        ).count()
        if contest.is_for_people
        else len(partner_ids)
    )
    return Uplift(took_part, eligible, before, during, returned)


def due_to_settle(now: datetime) -> list[Contest]:
    """Return contests whose days of checking are over."""
    rows = Contest.objects.filter(
        Q(ends_at__lte=now), published_at__isnull=False, settled_at=None, cancelled_at=None
    )
    return [row for row in rows if row.ends_at + timedelta(days=row.check_days) <= now]


_UPLIFT = """
with counted as (
  select r.partner_id, case when %(people)s then r.submitted_by_id end as person_id, min(x.at) as at
    from referrals_referral r
    join referrals_stage_change x on x.tenant_id = r.tenant_id and x.referral_id = r.id and x.to_kind = %(kind)s
   where r.program_id = %(program)s
     and (cardinality(%(products)s::text[]) = 0 or lower(r.product) = any(%(products)s::text[]))
     and (not %(people)s or (r.partner_id = any(%(allowing)s::uuid[]) and exists (
           select from prm_membership m
            where m.tenant_id = %(tenant)s and m.partner_id = r.partner_id and m.user_id = r.submitted_by_id
              and m.ended_at is null)))
   group by r.id, r.partner_id, 2
), sums as (
  select partner_id, person_id, count(*) filter (where at >= %(before)s and at < %(start)s) as before,
         count(*) filter (where at >= %(start)s and at < %(end)s) as during
    from counted where at >= %(before)s and at < %(end)s group by partner_id, person_id
)
select count(*) filter (where during > 0), coalesce(sum(before), 0)::bigint, coalesce(sum(during), 0)::bigint,
       count(*) filter (where during > 0 and before = 0)
  from sums
"""
