"""The worker's part of claims: ends, warnings, and claims that nobody works on."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.claims.services import expire_claims, sweep_idle, warn_of_ends


@shared_task(name="referrals.claims.tasks.sweep_claims")
def sweep_claims(**_future: Any) -> None:
    """Every minute: end what has ended, warn of what will, release what nobody works on."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        sweep_tenant(tenant_id, at=now)


def sweep_tenant(tenant_id: int, *, at: datetime) -> None:
    """Do one tenant's sweep. Outside any scope; a repeat at the same moment changes nothing."""
    with tenant_scope(tenant_id):
        expire_claims(at=at)
        warn_of_ends(at=at)
        sweep_idle(at=at)
