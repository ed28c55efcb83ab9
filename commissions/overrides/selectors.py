"""Reads about exceptions: who gets what instead of the plan, and the terms that price a partner's referral."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from commissions.overrides.models import OverrideState, PlanOverride
from commissions.overrides.rules import EVENTS, Override, touches, version_priced
from commissions.plans.rules import Version
from commissions.plans.selectors import published_terms, version_terms

# Of a register's row: what stands at a moment.
STATES = ("asked", "active", "coming", "expired", "ended", "declined")


def overrides_of(program_ids: Iterable[UUID]) -> dict[tuple[UUID, UUID], list[Override]]:
    """Return the approved exceptions by (program, partner) as the engine takes them; one or two statements."""
    rows = list(
        PlanOverride.objects.filter(
            program_id__in=set(program_ids), state=OverrideState.APPROVED
        ).select_related("version")
    )
    found: dict[tuple[UUID, UUID], list[Override]] = defaultdict(list)
    for row in rows:
        found[row.program_id, row.partner_id].append(as_override(row))
    return found


def as_override(row: PlanOverride) -> Override:
    """Return a row as the engine takes it."""
    return Override(
        id=row.id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        rate=row.rate,
        event=row.event,
        version=version_terms(row.version) if row.version else None,
    )


def version_for(partner_id: UUID, program_id: UUID, registered_at: datetime) -> Version | None:
    """Return the terms that price a partner's referral registered at the moment, for ever; None before any plan."""
    overrides = overrides_of([program_id])[program_id, partner_id]
    return version_priced(
        published_terms([program_id]).get(program_id, []), overrides, registered_at
    )


def events_with_rates(program_ids: Collection[UUID], now: datetime) -> set[str]:
    """Return the events for which a version in force or to come pays a percentage."""
    versions = [
        version
        for rows in published_terms(program_ids).values()
        for version in rows
        if version.ends_at is None or version.ends_at > now
    ]
    return {event for event in EVENTS for version in versions if touches(version, event)}


def override_at(partner_id: UUID, program_id: UUID, registered_at: datetime) -> PlanOverride | None:
    """Return the approved exception that prices a partner's referral registered at the moment."""
    return (
        PlanOverride.objects.filter(
            partner_id=partner_id,
            program_id=program_id,
            state=OverrideState.APPROVED,
            starts_at__lte=registered_at,
            ends_at__gt=registered_at,
        )
        .select_related("version", "program")
        .first()
    )


def overrides_for_partner(partner_id: UUID, now: datetime) -> list[PlanOverride]:
    """Return a partner's exceptions that wait, count or are to come, newest first."""
    return list(
        PlanOverride.objects.filter(partner_id=partner_id, ends_at__gt=now)
        .exclude(state=OverrideState.DECLINED)
        .select_related("program", "version", "asked_by")
        .order_by("-asked_at", "id")
    )


def listed_overrides(
    *, state: str, program_id: UUID | None, words: str, now: datetime
) -> QuerySet[PlanOverride]:
    """Return the register's rows that stand in the state at the moment; empty filters filter nothing."""
    rows = PlanOverride.objects.select_related("program", "partner", "version", "asked_by")
    approved = Q(state=OverrideState.APPROVED)
    over = approved & Q(ends_at__lte=now)
    conditions = {
        "asked": Q(state=OverrideState.ASKED),
        "declined": Q(state=OverrideState.DECLINED),
        "coming": approved & Q(starts_at__gt=now, ends_at__gt=now),
        "active": approved & Q(starts_at__lte=now, ends_at__gt=now),
        "expired": over & Q(ended_by=None),
        "ended": over & Q(ended_by__isnull=False),
    }
    if state in conditions:
        rows = rows.filter(conditions[state])
    if program_id:
        rows = rows.filter(program_id=program_id)
    if words:
        rows = rows.filter(partner__name__icontains=words)
    return rows


def expiring_overrides(
    partner_ids: Collection[UUID] | None, *, since: datetime, until: datetime
) -> list[PlanOverride]:
    """Return approved exceptions that end in [since, until), by their end."""
    rows = PlanOverride.objects.filter(
        state=OverrideState.APPROVED, ends_at__gte=since, ends_at__lt=until
    ).select_related("program", "partner", "version")
    if partner_ids is not None:
        rows = rows.filter(partner_id__in=partner_ids)
    return list(rows.order_by("ends_at", "id"))
