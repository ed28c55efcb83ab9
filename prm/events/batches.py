"""Write many facts of one name in one statement: what a batch did, in the transaction in which it did it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prm.events.services import Actor, emit, nudge_relay, request_id
from prm.tenancy.staging import staged

_EMIT = """
with written as (
  insert into prm_event (name, subject, partner_id, actor_id, actor_kind, at, payload, changes, request_id)
  select %s, w.subject, w.partner_id, %s, %s, %s, w.payload::jsonb, '{}', %s from /*facts*/ w
  returning id
)
insert into prm_queued_event (event_id, attempts, error) select id, 0, '' from written where %s
"""
_COLUMNS = {"subject": "text", "partner_id": "uuid", "payload": "text"}
FEW = 20


@dataclass(frozen=True)
class Fact:
    """One fact of a batch: subject "<noun>:<id>", payload of ids, integers and codes."""

    subject: str
    partner_id: UUID | None = None
    payload: dict[str, Any] = field(default_factory=dict)


def emit_batch(
    name: str, facts: Sequence[Fact], *, actor: Actor, at: datetime, queue: bool
) -> None:
    """Record many facts of one name; with queue=False for the audit trail only, without handlers."""
    if not facts:
        return
    if len(facts) < FEW:
        for fact in facts:
            emit(
                name,
                subject=fact.subject,
                actor=actor,
                at=at,
                partner_id=fact.partner_id,
                payload=fact.payload,
                queue=queue,
            )
        return
    rows = (
        (fact.subject, fact.partner_id, json.dumps(fact.payload, separators=(",", ":")))
        for fact in facts
    )
    with staged("event_staged", _COLUMNS, rows), connection.cursor() as cursor:
        cursor.execute(
            _EMIT.replace("/*facts*/", "event_staged"),
            [name, actor.user_id, actor.kind, at, request_id(), queue],
        )
    if queue:
        nudge_relay()


def emit_selected(
    name: str, facts: str, params: Sequence[Any], *, actor: Actor, at: datetime, queue: bool
) -> None:
    """Record a fact per row of a statement over what was just written; otherwise as emit_batch.

    facts: SELECT of the columns subject, partner_id, payload; a constant of the code, never input.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _EMIT.replace("/*facts*/", f"({facts})"),
            [name, actor.user_id, actor.kind, at, request_id(), *params, queue],
        )
    if queue:
        nudge_relay()
