"""The clock's work on referrals: late answers, answers by the promise, alerts of what stands still."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.deadlines import CHUNK, approve_late, escalate_late, tell_stalled


@shared_task(name="referrals.pipeline.tasks.keep_promises")
def keep_promises(**_future: Any) -> None:
    """Tell of late answers in every tenant, and accept what its program lets be accepted."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        while True:
            with tenant_scope(tenant_id):
                told = escalate_late(at=timezone.now())
            if told < CHUNK:
                break
        with tenant_scope(tenant_id):
            approve_late(at=timezone.now())


@shared_task(name="referrals.pipeline.tasks.tell_all_stalled")
def tell_all_stalled(**_future: Any) -> None:
    """Tell in every tenant of referrals on which nothing happens."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            tell_stalled(at=timezone.now())
