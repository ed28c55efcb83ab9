"""Write many facts of one name in one statement: what a batch did, in the transaction in which it did it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from prm.events.services import Actor, nudge_relay

_EMIT = """
with written as (
  insert into prm_event (name, subject, partner_id, actor_id, actor_kind, at, payload, changes, request_id)
  select %s, w.subject, w.partner_id, %s, %s, %s, w.payload::jsonb, '{}', ''
    from unnest(%s::text[], %s::uuid[], %s::text[]) w (subject, partner_id, payload)
  returning id
)
insert into prm_queued_event (event_id, attempts, error) select id, 0, '' from written where %s
"""


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
    with connection.cursor() as cursor:
        cursor.execute(
            _EMIT,
            [
                name,
                actor.user_id,
                actor.kind,
                at,
                [fact.subject for fact in facts],
                [fact.partner_id for fact in facts],
                [json.dumps(fact.payload, separators=(",", ":")) for fact in facts],
                queue,
            ],
        )
    if queue:
        nudge_relay()
