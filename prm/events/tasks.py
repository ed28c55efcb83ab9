"""Celery's way into the relay and the sealer."""

from typing import Any

from celery import shared_task

from prm.events.relay import relay_tenant, tenants_with_due_events
from prm.events.seals import seal_tenant, tenants_with_unsealed_events


@shared_task(name="prm.events.tasks.relay_events")
def relay_events(*, tenant: int, **_future: Any) -> None:
    """Run one tenant's due events."""
    relay_tenant(tenant)


@shared_task(name="prm.events.tasks.sweep_events")
def sweep_events(**_future: Any) -> None:
    """Run the due events of every tenant: what a lost bell or a killed worker left."""
    for tenant_id in tenants_with_due_events():
        relay_tenant(tenant_id)


@shared_task(name="prm.events.tasks.seal_events")
def seal_events(**_future: Any) -> None:
    """Lengthen the hash chain of every tenant with new events."""
    for tenant_id in tenants_with_unsealed_events():
        seal_tenant(tenant_id)
