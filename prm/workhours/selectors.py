"""Reads of the tenant's working time."""

from zoneinfo import ZoneInfo

from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.workhours.models import ClosedDay, WorkCalendar
from prm.workhours.rules import USUAL_HOURS, Calendar


def calendar_of_tenant() -> Calendar:
    """Return the working time of the open tenant, in its zone; the usual week where nothing was set."""
    zone = ZoneInfo(Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone)
    found = WorkCalendar.objects.first()
    if found is None:
        return Calendar(zone, USUAL_HOURS)
    closed = frozenset(ClosedDay.objects.values_list("day", flat=True))
    return Calendar(
        zone,
        tuple((day[0], day[1]) if day else None for day in found.hours),
        found.country,
        found.region,
        closed,
    )


def closed_days() -> list[ClosedDay]:
    """Return the tenant's own closed days, in order."""
    return list(ClosedDay.objects.order_by("day"))
