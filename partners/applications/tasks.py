"""Celery's way to drafts that nobody finished."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from partners.applications.services import forget_drafts
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="partners.applications.tasks.clear_drafts")
def clear_drafts(**_future: Any) -> None:
    """Remove drafts that lay untouched for 30 days, tenant by tenant."""
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            forget_drafts(at=timezone.now())
