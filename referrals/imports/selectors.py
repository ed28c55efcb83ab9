"""Reads of imports for their pages."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext

from partners.programs.models import Program
from prm.jobs.files import private_path
from prm.web.foreign_formats import DATE_ORDERS, guess_dates, guess_numbers, read_moment
from prm.web.formats import day_text, money_text, number_text
from prm.web.spreadsheets import headings_of, rows_of
from referrals.imports.guesses import columns_meant, person_column, stage_meant
from referrals.imports.models import Import, ImportProblem
from referrals.imports.reading import column_values, mapping_of, people_of, stage_targets
from referrals.imports.rules import UNDECIDED, Mapping, People, folded
from referrals.imports.words import SEVERITIES, problem_words
from referrals.pipeline.services import ensure_stages

# Distinct stage words that are asked about one by one.
WORDS_ASKED = 40
SAMPLES = 3


@dataclass(frozen=True)
class ColumnPreview:
    """A column of the file: its heading and the first values that are not empty, and how many are."""

    heading: str
    samples: list[str]
    filled: int


def previews(source: Import) -> list[ColumnPreview]:
    """Return the file's columns as the mapping page shows them, from its first 20,000 rows."""
    path = private_path(source.file)
    headings = headings_of(path)
    found = []
    for heading, values in zip(headings, column_values(path, headings), strict=True):
        given = [value for value in values if value.strip()]
        samples = list(dict.fromkeys(value[:60] for value in given[:50]))[:SAMPLES]
        found.append(ColumnPreview(heading, samples, len(given)))
    return found


def proposed_mapping(source: Import) -> Mapping:
    """Return the mapping as it stands, with guesses where nothing was said: columns first, formats and people then."""
    mapping = mapping_of(source) if source.mapping else Mapping(columns={})
    if not mapping.columns:
        mapping = replace(mapping, columns=columns_meant(headings_of(private_path(source.file))))
    return mapping


def with_guesses(source: Import, mapping: Mapping, today: date) -> Mapping:
    """Return a mapping of columns with formats, stage words and people guessed from the file's values."""
    values = _values(source, mapping)
    dates = [value for name in ("registered_at", "closed_at") for value in values.get(name, [])]
    amounts = values.get("deal", [])
    stages = _stage_keys(source.program_id)
    words = {
        word: stage_meant(word, stages)
        for word in dict.fromkeys(values.get("stage", []))
        if word.strip()
    }
    return replace(
        mapping,
        date_order=guess_dates(dates, today).order if dates else mapping.date_order,
        decimal=guess_numbers(amounts, source.program.currency).decimal
        if amounts
        else mapping.decimal,
        stages={word: kind for word, kind in words.items() if kind} | mapping.stages,
        people=_people(mapping, values.get("submitted_by", [])),
    )


def _values(source: Import, mapping: Mapping) -> dict[str, list[str]]:
    path = private_path(source.file)
    headings = headings_of(path)
    columns = dict(zip(headings, column_values(path, headings), strict=True))
    return {
        name: columns[heading] for name, heading in mapping.columns.items() if heading in columns
    }


def _stage_keys(program_id: UUID) -> dict[str, str]:
    return {name: str(target.id) for name, target in stage_targets(program_id).items()}


def _people(mapping: Mapping, named: Sequence[str]) -> People | None:
    if mapping.people is None or (mapping.people.person and mapping.people.partner):
        return mapping.people
    path = private_path(mapping.people.file)
    headings = headings_of(path)
    columns = dict(zip(headings, column_values(path, headings), strict=True))
    person = person_column(columns, named)
    guessed = columns_meant([heading for heading in headings if heading != person]).get("partner")
    others = [heading for heading in headings if heading != person]
    manager = next(
        (
            heading
            for heading in others
            if folded(heading) in {"manager", "partner", "company", "team"}
        ),
        None,
    )
    return replace(
        mapping.people, person=person, partner=guessed or manager or (others or headings)[0]
    )


@dataclass(frozen=True)
class ValueQuestions:
    """What the second step of a mapping asks, with what the file shows."""

    orders: list[tuple[str, str]]
    marks: list[tuple[str, str]]
    words: list[tuple[str, str]]
    stages: list[tuple[str, str]]
    people: list[str]
    hints: dict[str, str]
    initial: dict[str, Any]
    doubts: list[str]


def value_questions(source: Import, mapping: Mapping, today: date) -> ValueQuestions:
    """Return the questions of the second step; doubts are sentences about what could be read in more than one way."""
    values = _values(source, mapping)
    dates = [value for name in ("registered_at", "closed_at") for value in values.get(name, [])]
    amounts = values.get("deal", [])
    doubts: list[str] = []
    orders = _orders(dates, today, doubts)
    counts = Counter(word.strip() for word in values.get("stage", []) if word.strip())
    words = [
        (
            word,
            ngettext("%(word)s (%(count)s row)", "%(word)s (%(count)s rows)", count)
            % {"word": word, "count": number_text(count)},
        )
        for word, count in counts.most_common(WORDS_ASKED)
    ]
    people = headings_of(private_path(mapping.people.file)) if mapping.people else []
    keys = _stage_keys(source.program_id)
    initial = {
        **mapping.as_json(),
        "products": "\n".join(
            f"{found} = {meant}" for found, meant in mapping.values.get("product", {}).items()
        ),
    }
    meant = {folded(word): kind for word, kind in mapping.stages.items()}
    for place, (word, _label) in enumerate(words):
        kind = meant.get(folded(word), UNDECIDED)
        initial[f"word_{place}"] = keys.get(kind, kind)
    if mapping.people:
        initial |= {"person": mapping.people.person, "person_partner": mapping.people.partner}
    stages = [(str(stage.id), stage.label) for stage in ensure_stages(program_id=source.program_id)]
    return ValueQuestions(
        orders=orders,
        marks=_marks(amounts, source.program.currency, doubts),
        words=words,
        stages=stages,
        people=people,
        hints=_hints(mapping, values),
        initial=initial,
        doubts=doubts,
    )


def _hints(mapping: Mapping, values: dict[str, list[str]]) -> dict[str, str]:
    """Return how many of the rows each choice is about, where the columns alone tell."""
    counts = {}
    for name, field in (("no_date", "registered_at"), ("no_company", "company")):
        if field in values:
            counts[name] = sum(1 for value in values[field] if not value.strip())
    if "partner" in values:
        counts["no_partner"] = sum(1 for value in values["partner"] if not value.strip())
    elif mapping.people and mapping.people.person and "submitted_by" in values:
        known = people_of(mapping.people)
        counts["no_partner"] = sum(
            1 for value in values["submitted_by"] if folded(value) not in known
        )
    return {
        name: ngettext("%(count)s row", "%(count)s rows", count) % {"count": number_text(count)}
        for name, count in counts.items()
    }


def _orders(dates: Sequence[str], today: date, doubts: list[str]) -> list[tuple[str, str]]:
    if not any(value.strip() for value in dates):
        return []
    guess = guess_dates(dates, today)
    if not guess.sure:
        doubts.append(
            gettext("The dates can be read in more than one order. Check the one that is chosen.")
        )
    if guess.misread:
        words = gettext("%(count)s different dates fit no order and will be errors.")
        doubts.append(words % {"count": number_text(guess.misread)})
    names = {
        "dmy": gettext("Day first"),
        "mdy": gettext("Month first"),
        "ymd": gettext("Year first"),
    }
    return [(order, f"{names[order]}{_understood(guess.example, order)}") for order in DATE_ORDERS]


def _understood(example: str, order: str) -> str:
    """Return what an example means in an order: ": 20-10-16 → 20 October 2016"."""
    if not example:
        return ""
    try:
        meant = day_text(read_moment(example, order, ZoneInfo("UTC")).date(), "long")
    except ValueError:
        meant = gettext("no date")
    return f": {example} → {meant}"


def _marks(amounts: Sequence[str], currency: str, doubts: list[str]) -> list[tuple[str, str]]:
    if not any(value.strip() for value in amounts):
        return []
    guess = guess_numbers(amounts, currency)
    if not guess.sure:
        doubts.append(
            gettext("The amounts can be read in more than one way. Check the one that is chosen.")
        )
    if guess.misread:
        words = gettext("%(count)s different amounts cannot be read and will be errors.")
        doubts.append(words % {"count": number_text(guess.misread)})
    shown = (
        f": {guess.example} → {money_text(guess.meaning_minor, currency)}"
        if guess.meaning_minor is not None
        else ""
    )
    names = {
        ".": gettext("With a decimal point, like 1,234.56"),
        ",": gettext("With a decimal comma, like 1.234,56"),
    }
    return [(mark, names[mark] + (shown if mark == guess.decimal else "")) for mark in (".", ",")]


def program_choices() -> list[tuple[str, str]]:
    """Return the programs that take referrals, by name."""
    found = Program.objects.filter(closed_at=None).order_by("name", "id")
    return [(str(key), name) for key, name in found.values_list("id", "name")]


def custom_choices(program: Program) -> list[tuple[str, str]]:
    """Return the program's own questions by key."""
    return [(field["key"], field["label"]) for field in program.custom_fields]


def problems_of(source: Import, severity: str = "") -> QuerySet[ImportProblem]:
    """Return what was said about the import's rows."""
    found = ImportProblem.objects.filter(source_id=source.id)
    return found.filter(severity=severity) if severity in SEVERITIES else found


def problem_lines(source: Import, severity: str = "") -> Iterator[list[Any]]:
    """Yield the rows that something is said about, as they stand in the file, with line, what happens, and why."""
    by_line: dict[int, list[tuple[str, str, str]]] = {}
    for line, kind, code, column in (
        problems_of(source, severity).values_list("line", "severity", "code", "column").iterator()
    ):
        by_line.setdefault(line, []).append((kind, code, column))
    for line, row in rows_of(private_path(source.file)):
        if said := by_line.get(line):
            reasons = "; ".join(
                f"{column}: {problem_words(code)}" if column else problem_words(code)
                for _kind, code, column in said
            )
            yield [line, *row, str(SEVERITIES[said[0][0]]), reasons]


def problem_header(source: Import) -> list[str]:
    """Return the heading line of the file of problems."""
    return [
        gettext("Line"),
        *headings_of(private_path(source.file)),
        gettext("Result"),
        gettext("Reason"),
    ]


def plain_amount(report: dict[str, Any]) -> str:
    """Return a report's revenue in the reader's form."""
    return money_text(report.get("deal_minor", 0), report.get("currency", "EUR"))
