"""What the pages of contests show, gathered for their templates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from commissions.contests.models import Contest, ContestChange, Prize
from commissions.contests.rules import MANY, Standing, Uplift
from commissions.contests.selectors import (
    others_nearby,
    prizes_of,
    stand_of,
    standings_of,
    uplift_of,
)
from commissions.contests.wording import (
    FIELD_NAMES,
    STANDS,
    place_text,
    prize_text,
    rules_of,
    score_text,
    span_text,
)
from partners.directory.models import Partner
from prm.accounts.members import Member
from prm.web.formats import day_text, money_text, percent_text

SHOWN = 25


@dataclass(frozen=True)
class Line:
    """One line of the standings as a person reads it."""

    rank: int
    name: str
    is_own: bool
    score: str
    prize: str
    partner_id: UUID | None


@dataclass(frozen=True)
class ContestPage:
    """A contest for its page."""

    contest: Contest
    stand: str
    label: str
    tone: str
    span: str
    rules: list[tuple[str, str]]
    prizes: list[tuple[str, str, str]]
    lines: list[Line]
    own: Line | None
    left_out: int
    changes: list[tuple[ContestChange, list[tuple[str, str, str]]]]
    uplift: Uplift | None
    many: int

    @property
    def uplift_text(self) -> str:
        """The change as a percentage, empty where there is too little to compare."""
        if self.uplift is None or self.uplift.is_too_early or self.uplift.rate is None:
            return ""
        words = percent_text(self.uplift.rate)
        return f"+{words}" if self.uplift.rate > 0 else words


def contest_page(contest: Contest, member: Member, *, now: datetime, zone: ZoneInfo) -> ContestPage:
    """Return what a person may read of a contest; partners read other partners as a place and a score."""
    stand = stand_of(contest, now).name
    prizes = prizes_of(contest.id)
    rows = [] if stand in {"draft", "coming", "cancelled"} else standings_of(contest.id)
    won = {rank: prize_text(prize, contest.currency) for rank, prize in prizes.items()}
    names = _names(rows) if member.is_staff else {}
    lines = [
        Line(
            row.rank,
            names.get(row.partner_id, "") if row.partner_id else "",
            not member.is_staff
            and row.partner_id == member.partner_id
            and row.partner_id is not None,
            score_text(contest, row.score),
            won.get(row.rank, "") if row.score >= contest.least else "",
            row.partner_id,
        )
        for row in rows
    ]
    label, tone = STANDS[stand]
    return ContestPage(
        contest,
        stand,
        str(label),
        tone,
        span_text(contest, zone),
        rules_of(contest),
        [
            (place_text(rank), prize_text(prize, contest.currency), _cost(prize, contest))
            for rank, prize in prizes.items()
        ],
        lines[:SHOWN],
        next((line for line in lines[SHOWN:] if line.is_own), None),
        max(0, len(lines) - SHOWN),
        [(change, _changed(change, zone)) for change in _changes(contest)],
        uplift_of(contest, now)
        if member.is_staff and stand in {"running", "ended", "settled"}
        else None,
        near if member.is_staff and (near := others_nearby(contest)) >= MANY else 0,
    )


def contest_rows(contests: list[Contest], *, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return contests for a list."""
    rows = []
    for contest in contests:
        label, tone = STANDS[stand_of(contest, now).name]
        rows.append(
            {
                "contest": contest,
                "label": str(label),
                "tone": tone,
                "span": span_text(contest, zone),
            }
        )
    return rows


def _names(rows: list[Standing]) -> dict[UUID | None, str]:
    ids = [row.partner_id for row in rows[:SHOWN] if row.partner_id]
    return dict(Partner.objects.filter(id__in=ids).values_list("id", "name"))


def _cost(prize: Prize, contest: Contest) -> str:
    return money_text(prize.cost_minor, contest.currency) if prize.cost_minor else ""


def _changes(contest: Contest) -> list[ContestChange]:
    return list(ContestChange.objects.filter(contest_id=contest.id).order_by("-version"))


def _changed(change: ContestChange, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    return [
        (str(FIELD_NAMES.get(name, name)), _day(name, before, zone), _day(name, after, zone))
        for name, (before, after) in change.changes.items()
    ]


def _day(name: str, value: str, zone: ZoneInfo) -> str:
    """Return a kept moment as the day that the form asked for; everything else as it was kept."""
    if name not in {"starts_at", "ends_at"}:
        return value
    day = datetime.fromisoformat(value).astimezone(zone).date()
    return day_text(day - timedelta(days=1) if name == "ends_at" else day)
