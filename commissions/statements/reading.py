"""Who of a partner took note of a statement, when, and how: by opening it, by taking a file, or by saying so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from commissions.statements.models import ReadingWay, Statement, StatementReading
from prm.accounts.members import Member
from prm.events.services import Actor, emit

_FIRST = """
insert into commissions_statement_reading (statement_id, partner_id, way, user_id, at)
values (%s, %s, %s, %s, %s) on conflict do nothing returning id
"""


@dataclass(frozen=True)
class Readings:
    """What is known of a statement's readers; None where there was none."""

    seen_at: datetime | None = None
    seen_by: str = ""
    confirmed_at: datetime | None = None
    confirmed_by: str = ""


@transaction.atomic
def note_reading(*, statement: Statement, way: ReadingWay, reader: Member, at: datetime) -> bool:
    """Keep the first time that the partner's people read a statement in a way; tell whether this was it.

    The vendor's own people, and those who look as a partner, leave no trace.
    Emits statement.seen when nobody had read it in any way before.
    """
    if reader.is_staff or reader.viewing:
        return False
    known = StatementReading.objects.filter(statement=statement).exists()
    if not _keep(statement.id, way, reader, at):
        return False
    if not known:
        _emit("statement.seen", statement, reader, at, {"way": str(way)})
    return True


@transaction.atomic
def confirm_reading(*, statement: Statement, reader: Member, at: datetime) -> bool:
    """Record that the partner's people say they have read a statement; a repeat keeps the first.

    Emits statement.confirmed.
    """
    if (
        reader.is_staff
        or reader.viewing
        or not _keep(statement.id, ReadingWay.CONFIRMED, reader, at)
    ):
        return False
    _emit("statement.confirmed", statement, reader, at, {})
    return True


def readings_of(statement: Statement) -> Readings:
    """Return who saw a statement first, and who confirmed it."""
    rows = list(
        StatementReading.objects.filter(statement=statement)
        .select_related("user")
        .order_by("at", "id")
    )
    confirmed = next((row for row in rows if row.way == ReadingWay.CONFIRMED), None)
    return Readings(
        seen_at=rows[0].at if rows else None,
        seen_by=rows[0].user.get_full_name() if rows else "",
        confirmed_at=confirmed.at if confirmed else None,
        confirmed_by=confirmed.user.get_full_name() if confirmed else "",
    )


def _keep(statement_id: UUID, way: ReadingWay, reader: Member, at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [statement_id, reader.own_partner_id, str(way), reader.user_id, at])
        return cursor.fetchone() is not None


def _emit(
    name: str, statement: Statement, reader: Member, at: datetime, payload: dict[str, str]
) -> None:
    emit(
        name,
        subject=f"statement:{statement.id}",
        actor=Actor(reader.user_id, name=reader.name),
        partner_id=reader.own_partner_id,
        payload=payload,
        at=at,
        queue=False,
    )
