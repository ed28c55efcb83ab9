"""The publish checklist of a program: every room says what it still lacks, and where that is mended.

from partners.programs.checklist import Finding, checks

@checks("stages", order=30, title=_("Stages"), page="referrals:stage-list")
def stages_check(program: Program, at: datetime) -> Finding:
    return Finding(problem=_("A referral cannot be won: add a move to a won stage"))
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from partners.programs.models import Program


@dataclass(frozen=True)
class Finding:
    """What a room found: a problem in words, empty when the part is there; then `note` says how it stands."""

    problem: Any = ""
    note: Any = ""


Check = Callable[[Program, datetime], Finding]


@dataclass(frozen=True)
class _Known:
    order: int
    key: str
    title: Any
    page: str
    fragment: str
    check: Check


@dataclass(frozen=True)
class Item:
    """One line of the checklist; url leads to where it is mended, empty while that page is not there."""

    key: str
    title: Any
    problem: Any
    note: Any
    url: str

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing."""
        return not self.problem


_known: dict[str, _Known] = {}
_published: list[Callable[[UUID], datetime | None]] = []


def tells_published(
    teller: Callable[[UUID], datetime | None],
) -> Callable[[UUID], datetime | None]:
    """Register what knows since when a program's public page is up. Raises ValueError for a second one."""
    if _published and _published != [teller]:
        raise ValueError("publishing is known already")
    _published[:] = [teller]
    return teller


def published_since(program_id: UUID) -> datetime | None:
    """Return since when the program's public page is up; None while it is not."""
    return _published[0](program_id) if _published else None


def checks(
    key: str, *, order: int, title: Any, page: str, fragment: str = ""
) -> Callable[[Check], Check]:
    """Register a line. page: a URL name, with program_id where it takes one. Raises ValueError for a second one."""

    def register(check: Check) -> Check:
        if key in _known and _known[key].check is not check:
            raise ValueError(f"{key} is checked already")
        _known[key] = _Known(order, key, title, page, fragment, check)
        return check

    return register


def checklist(program: Program, at: datetime) -> list[Item]:
    """Return what a public program needs, in the order in which it is made; each with what it lacks."""
    lines = []
    for known in sorted(_known.values(), key=lambda row: (row.order, row.key)):
        found = known.check(program, at)
        url = page_of(known.page, program)
        lines.append(
            Item(known.key, known.title, found.problem, found.note, url and url + known.fragment)
        )
    return lines


def missing(program: Program, at: datetime) -> list[Item]:
    """Return the lines that keep a program from being published."""
    return [item for item in checklist(program, at) if not item.is_done]


def page_of(name: str, program: Program) -> str:
    """Return the address of a page, with the program in it where the page takes one; empty while it is not built."""
    for kwargs in (
        {"program_id": program.id},
        {"program": program.slug},
        {"slug": program.slug},
        {},
    ):
        try:
            return reverse(name, kwargs=kwargs)
        except NoReverseMatch:
            continue
    return ""
