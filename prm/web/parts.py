"""Typed shapes that components take: what a view or selector fills and templates/components/*.html write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Link:
    """One entry of a menu."""

    label: Any
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Tab:
    """One view of a page, with its own address."""

    label: Any
    url: str
    current: bool = False
    count: Any = None
    hot: bool = False


@dataclass(frozen=True)
class Stat:
    """One tile: value in the reader's form, note saying against what; tone follows good or bad, not up or down."""

    label: Any
    value: Any
    note: Any = ""
    delta: Any = ""
    tone: str = ""
    spark: Any = ""
    url: str = ""


@dataclass(frozen=True)
class Stage:
    """One step of a way: state is done, now, todo or lost; note is a date or a reason."""

    name: Any
    state: str
    note: Any = ""


@dataclass(frozen=True)
class Entry:
    """One line of a timeline; text is a sentence, note a quotation."""

    text: Any
    at: datetime
    who: Any = ""
    icon: str = "flag"
    tone: str = ""
    note: Any = ""


@dataclass(frozen=True)
class Change:
    """One line of an audit list, with what was before and after."""

    text: Any
    at: datetime
    who: Any
    about: Any = ""
    before: Any = ""
    after: Any = ""
    url: str = ""
    link: Any = ""


@dataclass(frozen=True)
class Task:
    """One thing that waits for this person."""

    title: Any
    text: Any
    url: str
    action: Any
    icon: str = "flag"
    tone: str = ""
