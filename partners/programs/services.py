"""Programs open, change and close."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.programs.models import Program
from partners.programs.rules import checked_fields
from prm.events.services import Actor, emit

SETTINGS = frozenset(
    {
        "summary",
        "objective",
        "metric",
        "metric_target",
        "custom_fields",
        "protection_days",
        "answer_hours",
    }
)
# The currency is fixed once commissions are counted in it.
EDITABLE = SETTINGS | {"name"}


class ProgramSlugTaken(ValueError):
    """Another program of the tenant has this address."""


@transaction.atomic
def create_program(
    *, name: str, slug: str, currency: str, actor: Actor, at: datetime, **settings: Any
) -> Program:
    """Open a program.

    settings: summary, objective, metric, metric_target, custom_fields, protection_days,
    answer_hours.
    Raises ProgramSlugTaken, BadFields. Emits program.created.
    """
    values = _checked(settings, SETTINGS)
    program = Program(name=name.strip(), slug=slug, currency=currency, created_at=at, **values)
    try:
        with transaction.atomic():
            program.save()
    except IntegrityError as clash:
        if "program_slug_once" in str(clash):
            raise ProgramSlugTaken(slug) from clash
        raise
    emit(
        "program.created",
        subject=f"program:{program.id}",
        actor=actor,
        payload={"program_id": str(program.id)},
        changes={"name": ["", program.name], "currency": ["", currency]},
        at=at,
    )
    return program


@transaction.atomic
def edit_program(*, program_id: UUID, actor: Actor, at: datetime, **changes: Any) -> Program:
    """Change a program's settings; the same values again write nothing.

    Raises BadFields. Emits program.edited with before and after.
    """
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    values = {
        field: value
        for field, value in _checked(changes, EDITABLE).items()
        if getattr(program, field) != value
    }
    if not values:
        return program
    before = {field: getattr(program, field) for field in values}
    for field, value in values.items():
        setattr(program, field, value)
    program.save(update_fields=list(values))
    emit(
        "program.edited",
        subject=f"program:{program.id}",
        actor=actor,
        payload={"program_id": str(program.id)},
        changes={field: [before[field], value] for field, value in values.items()},
        at=at,
    )
    return program


@transaction.atomic
def close_program(*, program_id: UUID, actor: Actor, at: datetime) -> Program:
    """Take no more referrals; what is under way goes on. A repeat writes nothing. Emits program.closed."""
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    if program.closed_at is None:
        program.closed_at = at
        program.save(update_fields=["closed_at"])
        emit(
            "program.closed",
            subject=f"program:{program.id}",
            actor=actor,
            payload={"program_id": str(program.id)},
            at=at,
        )
    return program


@transaction.atomic
def reopen_program(*, program_id: UUID, actor: Actor, at: datetime) -> Program:
    """Take referrals again. A repeat writes nothing. Emits program.reopened."""
    program = Program.objects.select_for_update(no_key=True).get(id=program_id)
    if program.closed_at is not None:
        program.closed_at = None
        program.save(update_fields=["closed_at"])
        emit(
            "program.reopened",
            subject=f"program:{program.id}",
            actor=actor,
            payload={"program_id": str(program.id)},
            at=at,
        )
    return program


def _checked(values: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    if unknown := values.keys() - known:
        raise TypeError(f"a program has no {', '.join(sorted(unknown))} to set")
    if "custom_fields" in values:
        values = {**values, "custom_fields": checked_fields(values["custom_fields"])}
    return values
