"""The clock's work: runs that are due."""

from typing import Any

from celery import shared_task
from django.db import connection
from django.utils import timezone

from commissions.payouts.clock import prepare_by_clock
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.payouts.tasks.prepare_due_runs")
def prepare_due_runs(**_future: Any) -> None:
    """Prepare what is due in every tenant that has a clock; each in a transaction of its own."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from commissions_tenants_with_payout_days()")
        tenants = [row[0] for row in cursor.fetchall()]
    for tenant_id in tenants:
        with tenant_scope(tenant_id):
            prepare_by_clock(at=timezone.now())
