"""The worker's part: what was taken instead of money is delivered after each month."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from commissions.choices.taking import deliver_taken
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.choices.tasks.deliver_taken")
def deliver_taken_rewards(**_future: Any) -> None:
    """Daily: queue what partners took in months that are over; a repeat queues nothing."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            deliver_taken(at=now)
