"""The clock's work on invitations."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.accounts.invitations import remind_invited
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="prm.accounts.tasks.remind_all_invited")
def remind_all_invited(**_future: Any) -> None:
    """Remind in every tenant who was invited three days ago and has not answered; each once a sending."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            remind_invited(at=timezone.now())
