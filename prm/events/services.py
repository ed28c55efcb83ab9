"""Write what happened, in the transaction in which it happens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from prm.events.models import Event, QueuedEvent
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class Actor:
    """Who did it: a person, or the system itself."""

    user_id: int | None
    kind: str = "person"
    name: str = ""


SYSTEM = Actor(user_id=None, kind="system")


def emit(
    name: str,
    *,
    subject: str,
    actor: Actor,
    at: datetime,
    partner_id: UUID | None = None,
    payload: dict[str, Any] | None = None,
    changes: dict[str, list[Any]] | None = None,
    queue: bool = True,
) -> Event:
    """Record a fact and queue it for its handlers.

    name: permanent dotted name in the past tense. subject: "<noun>:<id>".
    payload: ids, integers and codes, no personal data. changes: {"field": [before, after]}.
    queue=False records for the audit trail only. The relay is nudged after the commit.
    """
    event = Event.objects.create(
        name=name,
        subject=subject,
        actor_id=actor.user_id,
        actor_kind=actor.kind,
        at=at,
        partner_id=partner_id,
        payload=payload or {},
        changes=changes or {},
        request_id=request_id(),
    )
    if queue:
        QueuedEvent.objects.create(event=event)
        nudge_relay()
    return event


def request_id() -> str:
    """Return the id of the request that is served, empty outside one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]


def nudge_relay() -> None:
    """Ring the relay's bell for the open tenant after the commit; a dead broker loses nothing."""
    from prm.events.tasks import relay_events  # noqa: PLC0415  tasks import services

    tenant_id = current_scope().tenant_id
    transaction.on_commit(lambda: relay_events.delay(tenant=tenant_id), robust=True)
