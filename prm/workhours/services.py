"""How the working week changes."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from prm.workhours.models import ClosedDay, WorkCalendar
from prm.workhours.rules import DAY, USUAL_HOURS, Hours

MOST_CLOSED_DAYS = 200


class NotHours(ValueError):
    """A working week that ends before it starts, or has no day."""


@transaction.atomic
def set_calendar(
    *,
    hours: Hours,
    country: str,
    region: str,
    closed: Sequence[tuple[date, str]],
    actor: Actor,
    at: datetime,
) -> WorkCalendar:
    """Write the tenant's working time; promises made before keep their moment.

    hours: seven entries in minutes after midnight. closed: days with a name each, at most 200; a day twice counts once.
    Equal values write nothing. Raises NotHours. Emits workhours.changed with what was before.
    """
    _check(hours)
    found = WorkCalendar.objects.select_for_update().first() or WorkCalendar(
        hours=[list(day) if day else None for day in USUAL_HOURS]
    )
    before = _told(found, _days_of(found))
    found.hours = [list(day) if day else None for day in hours]
    found.country, found.region = country, region if country else ""
    wanted = dict(sorted(closed)[:MOST_CLOSED_DAYS])
    after = _told(found, wanted)
    if found.pk and before == after:
        return found
    found.save()
    ClosedDay.objects.exclude(day__in=wanted).delete()
    for day, name in wanted.items():
        ClosedDay.objects.update_or_create(day=day, defaults={"name": name, "calendar": found})
    emit(
        "workhours.changed",
        subject=f"tenant:{current_scope().tenant_id}",
        actor=actor,
        changes={
            name: [before[name], after[name]] for name in after if before[name] != after[name]
        },
        at=at,
    )
    return found


def _check(hours: Hours) -> None:
    days = [day for day in hours if day]
    if len(hours) != 7 or not days:
        raise NotHours("a week has seven days and one of them is worked")
    if any(not 0 <= start < end <= DAY for start, end in days):
        raise NotHours("a day ends after it starts")


def _days_of(calendar: WorkCalendar) -> dict[date, str]:
    if not calendar.pk:
        return {}
    return dict(ClosedDay.objects.order_by("day").values_list("day", "name"))


def _told(calendar: WorkCalendar, days: dict[date, str]) -> dict[str, object]:
    return {
        "work_hours": calendar.hours,
        "holidays_of": f"{calendar.country} {calendar.region}".strip(),
        "closed_days": [f"{day} {name}".strip() for day, name in days.items()],
    }
