"""Places on a program's public page that other rooms fill: what it pays, how long a sale takes, what onboarding asks.

    from partners.applications.panels import Pays, fills

    @fills("pays")
    def pays(program: Program, at: datetime) -> Pays | None: ...

A place has one filler; without one, or when it returns None, the page leaves its section out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partners.applications.selectors import Typical
from partners.programs.models import Program


@dataclass(frozen=True)
class Pays:
    """The plan in force, in the reader's words.

    lines: [(what it is called, "20% of the first payment")]. hold, minimum: whole sentences; minimum may be empty.
    """

    lines: Sequence[tuple[str, str]]
    hold: str
    minimum: str
    version_number: int
    starts_at: datetime
    # The page with a worked example and a calculator.
    url: str = ""


@dataclass(frozen=True)
class Step:
    """One step of onboarding: its title, what kind of step it is, and days it may take (null: no limit)."""

    title: str
    kind: str
    due_days: int | None = None


@dataclass(frozen=True)
class Onboarding:
    """What onboarding asks of a new partner, and how long others took from its start to its end."""

    steps: Sequence[Step]
    finished: Typical


PLACES = {
    # (program, at) -> Pays | None
    "pays",
    # (program, at) -> Typical | None: from registration to won, of the last 365 days
    "cycle",
    # (program, at) -> Onboarding | None
    "onboarding",
}
Filler = Callable[[Program, datetime], Any]
_fillers: dict[str, Filler] = {}


def fills(place: str) -> Callable[[Filler], Filler]:
    """Register what fills a place. Raises KeyError for an unknown place, ValueError for a second filler."""
    if place not in PLACES:
        raise KeyError(place)

    def register(filler: Filler) -> Filler:
        if _fillers.get(place, filler) is not filler:
            raise ValueError(f"{place} is filled already")
        _fillers[place] = filler
        return filler

    return register


def filled(place: str, program: Program, at: datetime) -> Any:
    """Return what fills a place of the program's page, None when nothing does."""
    filler = _fillers.get(place)
    return filler(program, at) if filler else None
