"""The clock's work: cases that nobody decided in time, and decisions that nobody appealed."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import escalate_overdue


@shared_task(name="referrals.attribution.tasks.sweep_cases")
def sweep_cases(**_future: Any) -> None:
    """Escalate what is overdue in every tenant, one scope each."""
    for tenant_id in list(Tenant.objects.order_by("id").values_list("id", flat=True)):
        with tenant_scope(tenant_id):
            escalate_overdue(at=timezone.now())
