"""Celery's way to the answers that no retry asks for any more."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.api.services import clear_answers
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="prm.api.tasks.clear_old_answers")
def clear_old_answers(**_future: Any) -> None:
    """Delete every tenant's answers of more than three days ago."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            clear_answers(at=timezone.now())
