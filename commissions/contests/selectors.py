"""Reads about contests: what is on, who stands where, who won what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from commissions.accruals.reps import policies_of
from commissions.contests.models import Competes, Contest, ContestPlace, Prize
from commissions.contests.rules import MANY_DAYS, PrizeTerms, Standing
from partners.directory.models import Enrollment, EnrollmentState
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


def lacking_of(contest: Contest, at: datetime) -> list[str]:
    """Return what keeps a draft from being published: "prizes", "past" (its first day has begun), or nothing."""
    lacking = [] if Prize.objects.filter(contest_id=contest.id).exists() else ["prizes"]
    if contest.starts_at < at:
        # Nobody can win by what was done before it was announced.
        lacking.append("past")
    return lacking


def contests_visible_to(member: Member) -> QuerySet[Contest]:
    """All for staff; for a partner's people those of its programs that were published, called off since or not."""
    rows = Contest.objects.select_related("program")
    if member.is_staff:
        return rows
    mine = Enrollment.objects.filter(
        partner_id=member.own_partner_id, state__in=TAKING_PART
    ).values("program_id")
    return rows.filter(published_at__isnull=False, program_id__in=mine)


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


def contests_of_people() -> QuerySet[Contest]:
    """Return the published contests in which people of partners compete, or did."""
    return Contest.objects.filter(published_at__isnull=False, competes=Competes.PEOPLE)


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


def due_to_settle(now: datetime) -> list[Contest]:
    """Return contests whose days of checking are over."""
    rows = Contest.objects.filter(
        Q(ends_at__lte=now), published_at__isnull=False, settled_at=None, cancelled_at=None
    )
    return [row for row in rows if row.gives_at <= now]
