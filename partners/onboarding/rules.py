"""Pure rules of onboarding: deadlines by the tenant's days, which steps are closed, what a condition may be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

# Features that a program can put behind conditions; permanent names.
SUBMIT, EARNINGS, COURSES, TEAM, LINKS = (
    "referral.submit",
    "earnings.see",
    "courses",
    "team.invite",
    "links",
)
FEATURES = (SUBMIT, EARNINGS, COURSES, TEAM, LINKS)
CONDITION_KINDS = frozenset({"agreement", "fact", "course", "track"})
# What could never come true while the feature is locked.
IMPOSSIBLE = {
    SUBMIT: frozenset({"fact:referral", "fact:accepted", "fact:won"}),
    TEAM: frozenset({"fact:team"}),
    COURSES: frozenset(),
    EARNINGS: frozenset(),
    LINKS: frozenset(),
}
# Days between two nudges of one partner.
NUDGE_DAYS = 7
# Days without a movement after which somebody stands still.
STUCK_DAYS = (7, 14, 30)


class BadConditions(ValueError):
    """A condition is of no known kind, or could never hold."""


def end_of_day(started_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the first moment after a deadline: the end of the day that many days after the start, in the zone.

    started_at: aware; its day in the zone is day 0, so with days=14 the whole of day 14 is in time and day 15 is not.
    A midnight that a change of the clocks leaves out is the moment of the change. Returns aware UTC, exclusive.
    """
    last = started_at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def last_day(deadline: datetime, zone: ZoneInfo) -> date:
    """Return the last day in the zone that is still in time; deadline is exclusive, as end_of_day makes it."""
    return (deadline - timedelta(microseconds=1)).astimezone(zone).date()


@dataclass(frozen=True)
class Way:
    """What decides whether later steps are open: a step's id, whether it holds them back, whether it is settled."""

    step_id: int
    holds_back: bool
    settled: bool


def closed_by(way: Sequence[Way]) -> dict[int, int]:
    """Return for each closed step the id of the unsettled earlier step that holds it back; way is in order."""
    found: dict[int, int] = {}
    blocker: int | None = None
    for step in way:
        if blocker is not None:
            found[step.step_id] = blocker
        elif step.holds_back and not step.settled:
            blocker = step.step_id
    return found


def in_time(moments: Iterable[datetime], finish_by: datetime | None) -> bool:
    """Tell whether the last step was done before the deadline; without a deadline nothing is promised."""
    return finish_by is not None and max(moments, default=finish_by) < finish_by


def condition_key(condition: dict[str, Any]) -> str:
    """Return a condition as one word: "agreement", "fact:profile", "course:0190…", "track:0190…"."""
    kind = condition["kind"]
    if kind == "agreement":
        return "agreement"
    return f"{kind}:{condition['fact'] if kind == 'fact' else condition['id']}"


def condition_of(key: str) -> dict[str, Any]:
    """Return the condition that a word stands for. Raises BadConditions."""
    kind, _, value = key.partition(":")
    if kind == "agreement" and not value:
        return {"kind": "agreement"}
    if kind not in CONDITION_KINDS or not value or kind == "agreement":
        raise BadConditions(key)
    return {"kind": kind, "fact" if kind == "fact" else "id": value}


def checked_conditions(feature: str, keys: Iterable[str]) -> list[dict[str, Any]]:
    """Return the conditions of a feature in a fixed order, each once. Raises BadConditions."""
    if feature not in FEATURES:
        raise BadConditions(feature)
    wanted = sorted(set(keys))
    if impossible := IMPOSSIBLE[feature].intersection(wanted):
        raise BadConditions(", ".join(sorted(impossible)))
    if feature == COURSES and any(key.startswith("course:") for key in wanted):
        raise BadConditions(feature)
    return [condition_of(key) for key in wanted]
