"""Programs as templates: every room reads its part of a program into plain data, and writes it into a fresh program.

    from partners.programs.templates import Made, Reading, Writing, part

    @part("stages", order=10, title=_("Stages"))
    class Stages:
        @staticmethod
        def read(reading: Reading) -> Any: ...
        @staticmethod
        def write(data: Any, writing: Writing) -> str: ...

Data holds words, numbers and settings only: no person, no partner, no id of a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from partners.programs.models import Program
from prm.events.services import Actor


class BadPart(ValueError):
    """The data cannot be read; the text says why."""


@dataclass
class Reading:
    """A program being read; rows that others name, such as courses, get a name of the file: "course-1".

    copying: the copy stays in the tenant, so files may be named by their ids and tenant-wide rows stay what they are.
    """

    program: Program
    copying: bool = False
    names: dict[str, str] = field(default_factory=dict)

    def named(self, kind: str, row_id: object) -> str:
        """Return the name of a row in the file, given at its first mention."""
        key = f"{kind}:{row_id}"
        if key not in self.names:
            count = sum(known.startswith(f"{kind}:") for known in self.names)
            self.names[key] = f"{kind}-{count + 1}"
        return self.names[key]


@dataclass
class Writing:
    """A fresh program being filled; `ids` leads from names of the file to the rows made for them."""

    program: Program
    actor: Actor
    at: datetime
    copying: bool = False
    ids: dict[str, UUID] = field(default_factory=dict)
    left_out: list[Any] = field(default_factory=list)

    def id_of(self, name: str) -> UUID | None:
        """Return the row made for a name, None when it was not made."""
        return self.ids.get(name)

    def leave_out(self, words: Any) -> None:
        """Say what of the file does not fit."""
        self.left_out.append(words)


class Part(Protocol):
    """One room's part of a program."""

    def read(self, reading: Reading) -> Any:
        """Return the part as plain data, None when the program has none of it."""

    def write(self, data: Any, writing: Writing) -> Any:
        """Make the part in the fresh program and say in words what was made. Raises ValueError and its kin."""


@dataclass(frozen=True)
class Known:
    """A part with its place in the order; parts that others name come first."""

    order: int
    name: str
    title: Any
    part: Part


_known: dict[str, Known] = {}


def part(name: str, *, order: int, title: Any) -> Callable[[type[Part]], type[Part]]:
    """Register a part. Raises ValueError for a second one of that name."""

    def register(made: type[Part]) -> type[Part]:
        if name in _known and type(_known[name].part).__qualname__ != made.__qualname__:
            raise ValueError(f"{name} is a part already")
        _known[name] = Known(order, name, title, made())
        return made

    return register


def parts() -> list[Known]:
    """Return every part in the order in which they are written."""
    return sorted(_known.values(), key=lambda known: (known.order, known.name))


def table(data: Any) -> Mapping[str, Any]:
    """Return the data when it is an object. Raises BadPart."""
    if not isinstance(data, dict):
        raise BadPart(_("an object is missing"))
    return data


def rows(data: Any, most: int) -> list[Mapping[str, Any]]:
    """Return a list of at most so many objects. Raises BadPart."""
    if not isinstance(data, list) or len(data) > most:
        raise BadPart(_("a list of at most %(count)s is expected") % {"count": most})
    return [table(row) for row in data]


def texts(data: Any, length: int = 100_000) -> dict[str, str]:
    """Return texts per language; languages that the portal does not speak are left out. Raises BadPart."""
    known = dict(settings.LANGUAGES)
    found = {code: words(text, length) for code, text in table(data or {}).items() if code in known}
    return {code: text for code, text in found.items() if text}


def words(data: Any, length: int) -> str:
    """Return a text of at most so many characters. Raises BadPart."""
    if data is None:
        return ""
    if not isinstance(data, str) or len(data) > length or "\x00" in data:
        raise BadPart(_("a text of at most %(count)s characters is expected") % {"count": length})
    return data


def whole(data: Any, least: int, most: int) -> int:
    """Return a whole number within bounds. Raises BadPart."""
    if isinstance(data, bool) or not isinstance(data, int) or not least <= data <= most:
        raise BadPart(
            _("a number from %(least)s to %(most)s is expected") % {"least": least, "most": most}
        )
    return data


def whole_or_none(data: Any, least: int, most: int) -> int | None:
    """Return a whole number within bounds, or nothing. Raises BadPart."""
    return None if data is None else whole(data, least, most)
