"""What the pages of contests show, gathered for their templates."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy

from commissions.accruals.reps import policy_of
from commissions.contests.forms import FIELDS_LACKING
from commissions.contests.models import Contest, ContestChange, ContestPlace, Prize
from commissions.contests.participation import Employers, employers_of, uplift_of
from commissions.contests.rules import MANY, Standing, Uplift, way_given
from commissions.contests.selectors import (
    lacking_of,
    others_nearby,
    prize_terms,
    prizes_of,
    stand_of,
    standings_of,
    ways_allowed,
)
from commissions.contests.wording import (
    CHOICES,
    FIELD_NAMES,
    STANDS,
    instead_text,
    lacking_text,
    place_text,
    prize_text,
    rules_of,
    score_text,
    span_text,
    won_text,
)
from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.accounts.models import User
from prm.web.formats import day_text, money_text, percent_text

SHOWN = 25


@dataclass(frozen=True)
class Line:
    """One line of the standings as a person reads it: name "" for whom the reader may not know.

    company: where a person works, for staff.
    """

    rank: int
    name: str
    is_own: bool
    score: str
    prize: str
    partner_id: UUID | None
    company: str = ""


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
    own: list[Line]
    left_out: int
    changes: list[tuple[ContestChange, list[tuple[str, str, str]]]]
    uplift: Uplift | None
    many: int
    # Where people compete: what partners let their own receive, for staff; and what the reader's company does.
    employers: Employers | None = None
    allows: str = ""
    may_allow: bool = False
    # The day from which prizes are given, while wins are being checked; empty otherwise.
    checked_until: str = ""
    # Of a draft: what keeps it from being published, in words, and the id of the field that mends the first of it.
    lacking: tuple[str, ...] = ()
    mends: str = ""

    @property
    def uplift_text(self) -> str:
        """The change as a percentage, empty where there is too little to compare."""
        if self.uplift is None or self.uplift.is_too_early or self.uplift.rate is None:
            return ""
        words = percent_text(self.uplift.rate)
        return f"+{words}" if self.uplift.rate > 0 else words


def contest_page(contest: Contest, member: Member, *, now: datetime, zone: ZoneInfo) -> ContestPage:
    """Return what a person may read of a contest; partners read others as a place and a score."""
    stand = stand_of(contest, now).name
    prizes = prizes_of(contest.id)
    lines = (
        []
        if stand in {"draft", "coming", "cancelled"}
        else _lines(contest, member, prizes, standings_of(contest.id, now), now)
    )
    words, tone = STANDS[stand]
    if stand == "settled" and not any(line.prize for line in lines):
        words = gettext_lazy("Ended without a winner")
    is_judged = member.is_staff and stand in {"running", "ended", "settled"}
    return ContestPage(
        contest,
        stand,
        str(words),
        tone,
        span_text(contest, zone),
        rules_of(contest),
        [
            (place_text(rank), prize_text(prize, contest.currency), _cost(prize, contest))
            for rank, prize in prizes.items()
        ],
        lines[:SHOWN],
        [line for line in lines[SHOWN:] if not member.is_staff and line.name],
        max(0, len(lines) - SHOWN),
        [(change, _changed(change, zone)) for change in _changes(contest)],
        uplift_of(contest, now) if is_judged else None,
        near if _may_be_too_many(member, stand) and (near := others_nearby(contest)) >= MANY else 0,
        checked_until=day_text(contest.gives_at.astimezone(zone).date())
        if stand == "ended" and now < contest.gives_at
        else "",
        **_allowed(contest, member, stand, now),
        **_lacking(contest, stand, now),
    )


def _lacking(contest: Contest, stand: str, now: datetime) -> dict[str, Any]:
    found = lacking_of(contest, now) if stand == "draft" else []
    if not found:
        return {}
    return {
        "lacking": tuple(lacking_text(why) for why in found),
        "mends": f"id_{FIELDS_LACKING[found[0]]}",
    }


def _may_be_too_many(member: Member, stand: str) -> bool:
    """Whether a warning of many contests can still change something."""
    return member.is_staff and stand in {"draft", "coming", "running"}


def _lines(
    contest: Contest, member: Member, prizes: dict[int, Prize], rows: list[Standing], now: datetime
) -> list[Line]:
    """Return the standings as the reader may see them; names of the lines that are shown only."""
    shown = [
        row
        for place, row in enumerate(rows)
        if row.partner_id and (place < SHOWN or not member.is_staff)
    ]
    names, people = _names(shown), _people(shown)
    won = _prize_texts(contest, prizes, rows, now)
    found = []
    for row in rows:
        is_own = _is_own(row, member)
        name = people.get(row.person_id, "") if row.person_id else names.get(row.partner_id, "")
        is_open = is_own or member.is_staff or member.may(Capability.MANAGE_TEAM)
        found.append(
            Line(
                row.rank,
                name if is_open else "",
                is_own,
                score_text(contest, row.score),
                won.get(row.rank, ""),
                row.partner_id,
                names.get(row.partner_id, "") if row.person_id and member.is_staff else "",
            )
        )
    return found


def _is_own(row: Standing, member: Member) -> bool:
    """Whether the line is the reader's own: the person's where people compete, else the partner's."""
    if member.is_staff or row.partner_id is None or row.partner_id != member.partner_id:
        return False
    return row.person_id in {None, member.user_id}


def _prize_texts(
    contest: Contest, prizes: dict[int, Prize], rows: list[Standing], now: datetime
) -> dict[int, str]:
    """Return what each place wins, or won, as far as the reader may know what the winner's employer allows."""
    if contest.settled_at:
        places = ContestPlace.objects.filter(contest_id=contest.id).select_related("prize")
        given = {place.rank: won_text(place, contest.currency) for place in places}
    else:
        given = {}
    allowed = {} if contest.settled_at else ways_allowed(rows, now)
    found = {}
    for row in rows:
        prize = prizes.get(row.rank)
        if prize is None or row.score < contest.least:
            continue
        allows = allowed.get(row.partner_id) if row.person_id and row.partner_id else None
        words = instead_text if way_given(prize_terms(prize), allows) == "kind" else prize_text
        found[row.rank] = given.get(row.rank, words(prize, contest.currency))
    return found


def _allowed(contest: Contest, member: Member, stand: str, now: datetime) -> dict[str, Any]:
    """Return who may take part where people compete, while that may still change."""
    if not contest.is_for_people or stand in {"settled", "cancelled"}:
        return {}
    if member.is_staff:
        return {"employers": employers_of(contest, now)}
    return {
        "allows": policy_of(member.own_partner_id, now),
        "may_allow": member.may(Capability.MANAGE_TEAM),
    }


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
    ids = {row.partner_id for row in rows if row.partner_id}
    return dict(Partner.objects.filter(id__in=ids).values_list("id", "name"))


def _people(rows: list[Standing]) -> dict[int | None, str]:
    users = User.objects.filter(id__in={row.person_id for row in rows if row.person_id})
    return {user.id: user.get_full_name() for user in users}


def _cost(prize: Prize, contest: Contest) -> str:
    return money_text(prize.cost_minor, contest.currency) if prize.cost_minor else ""


def _changes(contest: Contest) -> list[ContestChange]:
    return list(ContestChange.objects.filter(contest_id=contest.id).order_by("-version"))


def _changed(change: ContestChange, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    return [
        (str(label), _said(name, before, zone), _said(name, after, zone))
        for name, label in FIELD_NAMES.items()
        if name in change.changes
        for before, after in [change.changes[name]]
    ]


def _said(name: str, value: str, zone: ZoneInfo) -> str:
    """Return a kept condition in words: a moment as the day that the form asked for, a choice by its label."""
    if name in CHOICES:
        return str(CHOICES[name].get(value, value))
    if name not in {"starts_at", "ends_at"}:
        return value
    day = datetime.fromisoformat(value).astimezone(zone).date()
    return day_text(day - timedelta(days=1) if name == "ends_at" else day)
