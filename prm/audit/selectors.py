"""The audit trail as it is searched, shown and exported."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from prm.accounts.models import Membership, User
from prm.audit.subjects import Named, named_subjects
from prm.audit.values import value_words
from prm.audit.words import AREAS, field_words, sentence
from prm.events.models import Event
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text, moment_text
from prm.web.parts import Entry

VALUE_SHOWN = 200
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*[+-]\d\d:\d\d\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
# Changed fields that hold a person.
PEOPLE_FIELDS = frozenset({"manager_id", "owner_id", "user_id"})
CHUNK = 2_000
EXPORT_HEADER = (
    "id",
    "at",
    "event",
    "subject",
    "who",
    "actor_kind",
    "request",
    "changes",
    "payload",
)


@dataclass(frozen=True)
class AuditFilter:
    """What to look for: words in name, subject or person; an area; days in the reader's zone, both included."""

    words: str = ""
    area: str = ""
    since_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True)
class FieldChange:
    """One field before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class AuditLine:
    """One event as a line of the audit list."""

    id: int
    name: str
    text: str
    subject: str
    named: Named
    who: str
    at: datetime
    changes: list[FieldChange]


def audit_events(wanted: AuditFilter) -> QuerySet[Event]:
    """Return the open tenant's events that fit."""
    events = Event.objects.all()
    if wanted.area in dict(AREAS):
        events = events.filter(name__startswith=wanted.area)
    if wanted.words:
        fits = Q(name__startswith=wanted.words.lower()) | Q(
            subject__startswith=wanted.words.lower()
        )
        fits |= Q(subject__endswith=f":{wanted.words.lower()}")
        events = events.filter(fits | Q(actor_id__in=_people_named(wanted.words)))
    if wanted.since_on:
        events = events.filter(at__gte=_midnight(wanted.since_on))
    if wanted.until_on:
        events = events.filter(at__lt=_midnight(wanted.until_on + timedelta(days=1)))
    return events


def audit_lines(events: Sequence[Event]) -> list[AuditLine]:
    """Return events as they are shown; one query for all names."""
    names = _names_of(events)
    subjects = named_subjects(event.subject for event in events)
    return [
        AuditLine(
            id=event.id,
            name=event.name,
            text=sentence(event.name),
            subject=event.subject,
            named=subjects.get(event.subject) or Named(event.subject),
            who=_who(event, names),
            at=event.at,
            changes=[
                FieldChange(
                    field_words(field),
                    _shown(pair[0], field, event, names),
                    _shown(pair[1], field, event, names),
                )
                for field, pair in event.changes.items()
                if isinstance(pair, list) and len(pair) == 2
            ],
        )
        for event in events
    ]


def export_rows(
    wanted: AuditFilter, *, before_id: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Return the next rows of the export, newest first, and where to go on; None at the end."""
    events = audit_events(wanted)
    if before_id is not None:
        events = events.filter(id__lt=before_id)
    chunk = list(events.order_by("-id")[:CHUNK])
    names = _names_of(chunk)
    rows = [
        (
            event.id,
            event.at,
            event.name,
            event.subject,
            _who(event, names),
            event.actor_kind,
            event.request_id,
            "; ".join(f"{field}: {pair}" for field, pair in event.changes.items()),
            str(event.payload or ""),
        )
        for event in chunk
    ]
    return rows, chunk[-1].id if len(chunk) == CHUNK else None


def history_of(subject: str, *, limit: int = 10) -> list[Entry]:
    """Return what happened to one thing, newest first; also where some of it was written down later."""
    events = list(Event.objects.filter(subject=subject).order_by("-id")[:limit])
    events.sort(key=lambda event: (event.at, event.id), reverse=True)
    return [
        Entry(text=_capital(line.text), at=line.at, who=line.who, icon="history", note=_note(line))
        for line in audit_lines(events)
    ]


def _note(line: AuditLine) -> str:
    return "\n".join(
        _change_words(change) for change in line.changes if change.before or change.after
    )


def _change_words(change: FieldChange) -> str:
    """Say one change; what was empty before is said without an arrow."""
    if not change.before:
        return f"{_capital(change.field)}: {change.after}"
    return f"{_capital(change.field)}: {change.before} → {change.after or '–'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _people_named(words: str) -> Iterator[int]:
    members = Membership.objects.filter(tenant_id=current_scope().tenant_id)
    found = members.filter(Q(user__name__icontains=words) | Q(user__email__istartswith=words))
    return iter(found.values_list("user_id", flat=True)[:100])


def _names_of(events: Sequence[Event]) -> dict[int, str]:
    ids = {event.actor_id for event in events if event.actor_id}
    for event in events:
        people = (
            pair
            for field, pair in event.changes.items()
            if field in PEOPLE_FIELDS and isinstance(pair, list)
        )
        ids |= {value for pair in people for value in pair if isinstance(value, int)}
    return (
        {user.id: user.get_full_name() for user in User.objects.filter(id__in=ids)} if ids else {}
    )


def _who(event: Event, names: dict[int, str]) -> str:
    if event.actor_id:
        return names.get(event.actor_id, f"#{event.actor_id}")
    return gettext("The portal")


def _shown(value: Any, field: str, event: Event, names: dict[int, str]) -> str:
    if field in PEOPLE_FIELDS and isinstance(value, int):
        return names.get(value, f"#{value}")
    text = value_words(event.subject.partition(":")[0], field, value)
    if moment := _moment(text):
        return moment_text(moment, "short")
    if day := _day(text):
        return day_text(day, "medium")
    return text if len(text) <= VALUE_SHOWN else text[:VALUE_SHOWN] + "…"


def _moment(text: str) -> datetime | None:
    """Return the moment a value says in ISO 8601 with a zone, as events keep it."""
    if not _MOMENT.match(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    """Return the day a value says in ISO 8601."""
    if not _DAY.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
