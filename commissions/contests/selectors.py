"""Reads about contests: what is on, who stands where, what it brought."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from commissions.contests.models import Contest, Prize
from commissions.contests.rules import MANY_DAYS, PrizeTerms, Standing, Uplift
from partners.directory.models import Enrollment, EnrollmentState, PartnerState
from prm.accounts.members import Member

TAKING_PART = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED)


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


def standings_of(contest_id: UUID) -> list[Standing]:
    """Return the standings now, the first place first; a partner reads its own id only. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select rank, partner_id, score, reached_at, entries"
            "  from commissions_contest_standings(%s) order by rank",
            [contest_id],
        )
        return [Standing(*row) for row in cursor.fetchall()]


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
    and the products are asked, not whether it still stands.
    """
    end = min(contest.ends_at, until)
    length = max(end - contest.starts_at, timedelta(0))
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
            },
        )
        partners, before, during, returned = cursor.fetchone()
    eligible = Enrollment.objects.filter(
        program_id=contest.program_id,
        state__in=TAKING_PART,
        partner__state=PartnerState.ACTIVE,
    ).count()
    return Uplift(partners, eligible, before, during, returned)


def due_to_settle(now: datetime) -> list[Contest]:
    """Return contests whose days of checking are over."""
    rows = Contest.objects.filter(
        Q(ends_at__lte=now), published_at__isnull=False, settled_at=None, cancelled_at=None
    )
    return [row for row in rows if row.ends_at + timedelta(days=row.check_days) <= now]


_UPLIFT = """
with counted as (
  select r.partner_id, min(x.at) as at
    from referrals_referral r
    join referrals_stage_change x on x.tenant_id = r.tenant_id and x.referral_id = r.id and x.to_kind = %(kind)s
   where r.program_id = %(program)s
     and (cardinality(%(products)s::text[]) = 0 or lower(r.product) = any(%(products)s::text[]))
   group by r.id, r.partner_id
), sums as (
  select partner_id, count(*) filter (where at >= %(before)s and at < %(start)s) as before,
         count(*) filter (where at >= %(start)s and at < %(end)s) as during
    from counted where at >= %(before)s and at < %(end)s group by partner_id
)
select count(*) filter (where during > 0), coalesce(sum(before), 0)::bigint, coalesce(sum(during), 0)::bigint,
       count(*) filter (where during > 0 and before = 0)
  from sums
"""
