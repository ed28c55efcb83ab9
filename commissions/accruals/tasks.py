"""The clock's work: holds that end."""

from typing import Any

from celery import shared_task
from django.db import connection
from django.utils import timezone

from commissions.accruals.services import CHUNK, release_due
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.accruals.tasks.release_holds")
def release_holds(**_future: Any) -> None:
    """Release everything due in every tenant, committing chunk by chunk."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from commissions_tenants_with_due_releases()")
        tenants = [row[0] for row in cursor.fetchall()]
    for tenant_id in tenants:
        release_tenant(tenant_id)


def release_tenant(tenant_id: int) -> int:
    """Release everything due in one tenant; return how many accruals were looked at. Outside any scope."""
    total = 0
    while True:
        now = timezone.now()
        with tenant_scope(tenant_id):
            found = release_due(until=now, at=now)
        total += found
        if found < CHUNK:
            return total
