"""Partners move between programs and types from a day on; what they did before stays where it was."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from partners.directory.models import (
    ChangeCause,
    Enrollment,
    EnrollmentState,
    Partner,
    PartnerChange,
    PartnerState,
    PartnerType,
)
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


class NotInProgram(ValueError):
    """The partner does not take part in the program it should move from."""


class InProgramAlready(ValueError):
    """The partner takes part in the program it should move to, or did until a day that is not over."""


class DayIsPast(ValueError):
    """A change takes effect today or later: what was submitted before keeps its program."""


class PartnerIsEnded(ValueError):
    """An ended partner does not move."""


def tenant_day(at: datetime) -> date:
    """Return the day of a moment in the zone of the open tenant."""
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    return at.astimezone(ZoneInfo(zone)).date()


@transaction.atomic
def move_enrollment(
    *,
    partner_id: UUID,
    from_program_id: UUID,
    to_program_id: UUID,
    on: date,
    actor: Actor,
    at: datetime,
    cause: str = "",
    reason: str = "",
) -> Enrollment:
    """Move a partner to another program from a day on; return its place in the new one.

    on: the first day in the new program, in the tenant's zone, today or later. New referrals go to the old program
    until the evening before, to the new one from then on; referrals that exist keep program, plan version and money.
    No job is needed: who asks reads by the day. A repeat for the same day writes nothing.
    Raises DayIsPast, NotInProgram, InProgramAlready, PartnerIsEnded. Emits partner.moved, and partner.enrolled for the
    new program.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    if partner.state == PartnerState.ENDED:
        raise PartnerIsEnded(partner.name)
    today = tenant_day(at)
    if on < today:
        raise DayIsPast(on)
    from_program = Program.objects.get(id=from_program_id)
    to_program = Program.objects.get(id=to_program_id)
    programs = [from_program_id, to_program_id]
    held = Enrollment.objects.select_for_update(no_key=True)
    rows = {r.program_id: r for r in held.filter(partner_id=partner_id, program_id__in=programs)}
    old, new = rows.get(from_program_id), rows.get(to_program_id)
    last_day = on - timedelta(days=1)
    if new and old and new.starts_on == on and old.ends_on == last_day:
        return new
    if from_program_id == to_program_id:
        raise InProgramAlready(to_program.name)
    if old is None or not old.is_open_on(max(last_day, today)):
        raise NotInProgram(from_program.name)
    if _is_taken(new, today):
        raise InProgramAlready(to_program.name)
    old.ends_on = last_day
    old.save(update_fields=["ends_on"])
    if new is None:
        new = Enrollment(partner_id=partner_id, program_id=to_program_id, since=at)
    new.state, new.starts_on, new.ends_on = old.state, on, None
    new.probation_until, new.probation_referrals = old.probation_until, old.probation_referrals
    new.save()
    keep_change(
        partner_id,
        PartnerChange.Field.PROGRAM,
        (from_program.name, to_program.name),
        on=on,
        cause=cause,
        reason=reason,
        actor=actor,
        at=at,
    )
    _tell_move(partner_id, from_program, to_program, on=on, reason=reason, actor=actor, at=at)
    return new


def _is_taken(place: Enrollment | None, today: date) -> bool:
    """Tell whether the partner works in a program already, or will."""
    return (
        place is not None
        and place.state in {EnrollmentState.ACTIVE, EnrollmentState.APPROVED}
        and not (place.ends_on and place.ends_on < today)
    )


def _tell_move(
    partner_id: UUID,
    from_program: Program,
    to_program: Program,
    *,
    on: date,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    emit(
        "partner.moved",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={
            "partner_id": str(partner_id),
            "from_program_id": str(from_program.id),
            "program_id": str(to_program.id),
            "on": on.isoformat(),
        },
        changes={
            "program": [from_program.name, to_program.name],
            "from_day": ["", on.isoformat()],
            "reason": ["", reason],
        },
        at=at,
    )
    emit(
        "partner.enrolled",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"partner_id": str(partner_id), "program_id": str(to_program.id)},
        at=at,
    )


@transaction.atomic
def change_type(
    *,
    partner_id: UUID,
    to_type: str,
    on: date,
    actor: Actor,
    at: datetime,
    cause: str = "",
    reason: str = "",
) -> Partner:
    """Make a partner another type from a day on, in the tenant's zone, today or later; the same type writes nothing.

    A later day waits in the history until `take_up_types` reaches it. Raises DayIsPast, PartnerIsEnded.
    Emits partner.type_changed.
    """
    partner = Partner.objects.select_for_update(no_key=True).get(id=partner_id)
    wanted, today = PartnerType(to_type), tenant_day(at)
    if partner.state == PartnerState.ENDED:
        raise PartnerIsEnded(partner.name)
    if on < today:
        raise DayIsPast(on)
    if planned_type(partner_id, on, default=partner.type) == wanted:
        return partner
    before = planned_type(partner_id, on, default=partner.type)
    keep_change(
        partner_id,
        PartnerChange.Field.TYPE,
        (before, wanted.value),
        on=on,
        cause=cause,
        reason=reason,
        actor=actor,
        at=at,
    )
    if on == today:
        partner.type = wanted
        partner.save(update_fields=["type"])
    emit(
        "partner.type_changed",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        payload={"partner_id": str(partner_id), "on": on.isoformat()},
        changes={
            "type": [before, wanted.value],
            "from_day": ["", on.isoformat()],
            "reason": ["", reason],
        },
        at=at,
    )
    return partner


def planned_type(partner_id: UUID, day: date, *, default: str) -> str:
    """Return the type that a partner has on a day from today on, by the changes that are planned until then."""
    last = (
        PartnerChange.objects.filter(
            partner_id=partner_id, field=PartnerChange.Field.TYPE, effective_on__lte=day
        )
        .order_by("effective_on", "id")
        .last()
    )
    return last.to_value if last else default


@transaction.atomic
def take_up_types(*, at: datetime) -> int:
    """Give partners of the open tenant the types whose day has come; return how many changed. A repeat changes none."""
    today, changed = tenant_day(at), 0
    planned = (
        PartnerChange.objects.filter(field=PartnerChange.Field.TYPE, effective_on__lte=today)
        .order_by("partner_id", "-effective_on", "-id")
        .distinct("partner_id")
    )
    for row in planned:
        changed += (
            Partner.objects.filter(id=row.partner_id)
            .exclude(type=row.to_value)
            .update(type=row.to_value)
        )
    return changed


def keep_change(
    partner_id: UUID,
    field: str,
    values: tuple[str, str],
    *,
    on: date,
    actor: Actor,
    at: datetime,
    cause: str = "",
    reason: str = "",
) -> None:
    """Write a line of a partner's history of moves; values: before and after. on: day in the tenant's zone."""
    PartnerChange.objects.create(
        partner_id=partner_id,
        field=field,
        from_value=values[0][:60],
        to_value=values[1][:60],
        effective_on=on,
        cause=ChangeCause(cause) if cause else "",
        reason=reason.strip(),
        at=at,
        user_id=actor.user_id,
    )
