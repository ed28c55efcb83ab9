"""The worker's part of partners: changes whose day has come."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from partners.directory.moves import take_up_types
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="partners.directory.tasks.take_up_changes")
def take_up_changes(**_future: Any) -> None:
    """Every hour: give partners the type that was planned for today, in each tenant's zone."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            take_up_types(at=now)
