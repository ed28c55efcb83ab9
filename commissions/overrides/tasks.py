"""The worker's part of exceptions: people are warned before one ends."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from commissions.overrides.telling import warn_of_expiry
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.overrides.tasks.warn_of_expiry")
def warn_of_expiring(**_future: Any) -> None:
    """Daily: warn of exceptions that end soon; a repeat tells nobody twice."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            warn_of_expiry(at=now)
