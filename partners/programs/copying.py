"""Copy a program, write it into a file, and make one out of such a file: settings only, nobody's data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from partners.programs.models import Program, SuccessMetric
from partners.programs.rules import MAX_FIELDS, checked_fields
from partners.programs.services import create_program
from partners.programs.templates import (
    Reading,
    Writing,
    parts,
    rows,
    table,
    whole,
    whole_or_none,
    words,
)
from prm.events.services import Actor
from prm.web.choices import CURRENCIES

SCHEMA = "partner-portal/program"
VERSION = 1
# What a part's service may say to data that it cannot take.
REFUSALS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, ValidationError)


class NotAProgram(ValueError):
    """The file is no program of this portal; the code says why: "schema", "version" or "program"."""


@dataclass(frozen=True)
class Line:
    """What of the file was, or would be, made of one part; `problem` says what did not fit."""

    title: Any
    text: Any = ""
    problem: Any = ""


@dataclass(frozen=True)
class Made:
    """A program made from a template, and the account of it."""

    program: Program
    lines: list[Line]

    @property
    def left_out(self) -> list[Line]:
        """What does not fit."""
        return [line for line in self.lines if line.problem]


def program_document(*, program_id: UUID, copying: bool = False) -> dict[str, Any]:
    """Return a program's settings as plain data: no partner, no person, no id.

    copying: for a copy inside the tenant, which may name files and shared courses by their ids.
    """
    program = Program.objects.get(id=program_id)
    reading = Reading(program, copying)
    found = {known.name: known.part.read(reading) for known in parts()}
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "program": {
            "name": program.name,
            "currency": program.currency,
            "summary": program.summary,
            "objective": program.objective,
            "metric": program.metric,
            "metric_target": program.metric_target,
            "protection_days": program.protection_days,
            "answer_hours": program.answer_hours,
            "questions": program.custom_fields,
        },
        "parts": {name: data for name, data in found.items() if data is not None},
    }


@transaction.atomic
def make_program(
    *,
    document: Any,
    name: str = "",
    actor: Actor,
    at: datetime,
    copying: bool = False,
) -> Made:
    """Make a program out of a document: everything as a draft, nothing published.

    name: instead of the document's. A part that cannot be taken is left out with its reason, the others are made.
    Raises NotAProgram. Emits program.created and what the parts emit.
    """
    facts = _checked(document)
    title = name.strip() or facts.pop("name")
    facts.pop("name", None)
    program = create_program(name=title, slug=_fresh_slug(title), actor=actor, at=at, **facts)
    writing = Writing(program, actor, at, copying)
    given = dict(document.get("parts") or {})
    lines: list[Line] = []
    for known in parts():
        if known.name in given:
            lines += _written(known.title, known.part, given.pop(known.name), writing)
    lines += [Line(str(unknown)[:80], problem=_unknown()) for unknown in given]
    return Made(program, lines)


def previewed(*, document: Any, name: str = "", actor: Actor, at: datetime) -> Made:
    """Return what make_program would make, by making it and taking it back: nothing is written.

    Raises NotAProgram.
    """
    with transaction.atomic():
        made = make_program(document=document, name=name, actor=actor, at=at)
        transaction.set_rollback(True)
    return made


def copy_program(*, program_id: UUID, name: str, actor: Actor, at: datetime) -> Made:
    """Make another program with the settings of one: no partner and no person in it, everything a draft."""
    document = program_document(program_id=program_id, copying=True)
    return make_program(document=document, name=name, actor=actor, at=at, copying=True)


def _written(title: Any, one: Any, data: Any, writing: Writing) -> list[Line]:
    before = len(writing.left_out)
    try:
        with transaction.atomic():
            text = one.write(data, writing)
    except (*REFUSALS, DataError, IntegrityError) as refusal:
        del writing.left_out[before:]
        return [Line(title, problem=str(refusal) or _unknown())]
    return [
        Line(title, text),
        *(Line(title, problem=problem) for problem in writing.left_out[before:]),
    ]


def _unknown() -> str:
    return _("This portal does not know this part")


def _checked(document: Any) -> dict[str, Any]:
    """Return the columns of the program. Raises NotAProgram."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotAProgram("schema")
    if document.get("version") != VERSION:
        raise NotAProgram("version")
    try:
        table(document.get("parts") or {})
        return _facts(table(document.get("program")))
    except REFUSALS as refusal:
        raise NotAProgram("program") from refusal


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    name, currency = words(given.get("name"), 120).strip(), given.get("currency")
    metric = words(given.get("metric"), 10)
    if not name or currency not in CURRENCIES or (metric and metric not in SuccessMetric.values):
        raise ValueError(name)
    return {
        "name": name,
        "currency": currency,
        "summary": words(given.get("summary"), 1000),
        "objective": words(given.get("objective"), 1000),
        "metric": metric,
        "metric_target": whole_or_none(given.get("metric_target"), 1, 10**14),
        "protection_days": whole(given.get("protection_days"), 0, 3650),
        "answer_hours": _answer_hours(given),
        "custom_fields": checked_fields(
            [dict(row) for row in rows(given.get("questions") or [], MAX_FIELDS)]
        ),
    }


def _answer_hours(given: Mapping[str, Any]) -> int:
    """Return the promise in business hours; documents of before 2026-11 say it in days of eight."""
    if "answer_hours" not in given and "answer_days" in given:
        return 8 * whole(given["answer_days"], 1, 90)
    return whole(given.get("answer_hours"), 1, 720)


def _fresh_slug(name: str) -> str:
    stem = slugify(name)[:54] or "program"
    taken = set(Program.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
