"""Run the handlers of queued events, each at most once, whatever dies in between."""

import traceback
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone

from prm.events.models import HandledEvent, QueuedEvent
from prm.events.subscriptions import handlers_of
from prm.tenancy.scope import tenant_scope

BATCH = 20
MAX_ATTEMPTS = 8
log = structlog.get_logger(__name__)


def relay_tenant(tenant_id: int, *, limit: int = 10_000) -> int:
    """Run the handlers of the tenant's due events, oldest first; return how many events were finished.

    Rows are taken with SKIP LOCKED and stay locked while their handlers run, so a killed worker
    leaves them as they were and parallel relays never share one. A failing handler is tried again
    with growing pauses and set aside as stuck after MAX_ATTEMPTS.
    """
    finished = 0
    while finished < limit:
        with tenant_scope(tenant_id):
            rows = list(
                QueuedEvent.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
                .filter(stuck_at=None, next_attempt_at__lte=timezone.now())
                .select_related("event")
                .order_by("id")[:BATCH],
            )
            if not rows:
                return finished
            for row in rows:
                _run(row)
            finished += len(rows)
    return finished


def _run(row: QueuedEvent) -> None:
    handlers = handlers_of(row.event.name)
    done = (
        set(HandledEvent.objects.filter(event_id=row.event_id).values_list("handler", flat=True))
        if handlers
        else set()
    )
    errors = []
    for name, handler in handlers.items():
        if name in done:
            continue
        try:
            with transaction.atomic():
                HandledEvent.objects.create(event_id=row.event_id, handler=name)
                handler(row.event)
        except Exception:
            errors.append(f"{name}: {traceback.format_exc(limit=4)}")
            log.exception(
                "event handler failed",
                handler=name,
                event_id=row.event_id,
                event_name=row.event.name,
            )
    if not errors:
        row.delete()
        return
    row.attempts += 1
    row.error = "\n".join(errors)[:4000]
    row.next_attempt_at = timezone.now() + timedelta(seconds=5 * 3 ** min(row.attempts, 7))
    if row.attempts >= MAX_ATTEMPTS:
        row.stuck_at = timezone.now()
    row.save(update_fields=["attempts", "error", "next_attempt_at", "stuck_at"])


def tenants_with_due_events() -> list[int]:
    """Return the ids of tenants whose queue holds due events; reads across tenants through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_due_events()")
        return [row[0] for row in cursor.fetchall()]
