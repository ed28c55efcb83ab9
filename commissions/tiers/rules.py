"""Who stands in which tier: pure, on days of the tenant's zone; sums in minor units of the program's currency."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Numbers:
    """What a partner has to show, or what a tier asks for: wins, their deal values, valid certificates."""

    wins: int = 0
    minor: int = 0
    courses: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        return asdict(self)


NOTHING = Numbers()


@dataclass(frozen=True)
class Step:
    """A tier as the rules read it; `position` 1 is the lowest and asks for nothing."""

    id: UUID
    position: int
    name: str
    entry: Numbers
    keep: Numbers


@dataclass(frozen=True)
class Settings:
    """How a program counts: months up to the day, all or any of what is asked, days of grace and of notice."""

    months: int = 12
    match: str = "all"
    grace_days: int = 90
    notice_days: int = 30
    is_automatic: bool = False


DEFAULTS = Settings()


@dataclass(frozen=True)
class Place:
    """Where a partner stands: since when (None: always), and until when it was told that it may stay."""

    position: int = 1
    since: date | None = None
    notice_until: date | None = None


@dataclass(frozen=True)
class Move:
    """What a recalculation does with a partner.

    kind: up, down (at once), stays, grace (below what the tier asks, within the grace), warned (told now, moves on
    `on`), waits (told before, moves on `on`), recovered (told before, earned the tier again).
    to: the position after the move; for warned and waits the position it will have.
    """

    kind: str
    to: int
    on: date | None = None


def meets(needed: Numbers, numbers: Numbers, match: str) -> bool:
    """Tell whether the numbers reach what is asked; what asks for nothing is always met."""
    asked = [
        (want, have)
        for want, have in zip(asdict(needed).values(), asdict(numbers).values(), strict=True)
        if want > 0
    ]
    reached = [have >= want for want, have in asked]
    return not asked or (any(reached) if match == "any" else all(reached))


def missing(needed: Numbers, numbers: Numbers) -> Numbers:
    """Return what is still missing of each thing asked for, never less than nothing."""
    return Numbers(
        *(
            max(0, want - have)
            for want, have in zip(asdict(needed).values(), asdict(numbers).values(), strict=True)
        )
    )


def move_of(
    steps: Sequence[Step], place: Place, numbers: Numbers, settings: Settings, on: date
) -> Move:
    """Return what happens to a partner on a day.

    A partner moves up to the highest tier that it reaches, at once. It moves down when it has not what its tier asks
    to stay, its grace is over and it was told notice_days before; then to the highest tier below that it reaches or
    may keep. steps: by position, not empty.
    """
    best = _highest(steps, numbers, settings, keeps_below=0)
    if best > place.position:
        return Move("up", best)
    here = next((step for step in steps if step.position == place.position), steps[0])
    if best == place.position or meets(here.keep, numbers, settings.match):
        return Move("recovered" if place.notice_until else "stays", place.position)
    below = _highest(steps, numbers, settings, keeps_below=place.position)
    if place.notice_until:
        if place.notice_until <= on:
            return Move("down", below, on)
        return Move("waits", below, place.notice_until)
    grace_until = place.since + timedelta(days=settings.grace_days) if place.since else on
    if grace_until > on:
        return Move("grace", place.position, grace_until)
    if settings.notice_days == 0:
        return Move("down", below, on)
    return Move("warned", below, on + timedelta(days=settings.notice_days))


def _highest(
    steps: Sequence[Step], numbers: Numbers, settings: Settings, *, keeps_below: int
) -> int:
    """Return the highest position that is reached, or below `keeps_below` may be kept; 1 at least."""
    return max(
        (
            step.position
            for step in steps
            if (keeps_below == 0 or step.position < keeps_below)
            and (
                meets(step.entry, numbers, settings.match)
                or (keeps_below and meets(step.keep, numbers, settings.match))
            )
        ),
        default=steps[0].position,
    )
