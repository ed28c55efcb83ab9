"""Celery's way to the head of the audit trail."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.audit.services import publish_head
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="prm.audit.tasks.publish_heads")
def publish_heads(**_future: Any) -> None:
    """Send every tenant's chain head to its finance people."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            publish_head(at=timezone.now())
