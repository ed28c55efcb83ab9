"""The clock's work: holds that end."""

from typing import Any

from celery import shared_task
from django.db import connection
from django.utils import timezone

from commissions.accruals.budgets import still_waiting
from commissions.accruals.lapses import warn_of_lapses
from commissions.accruals.queueing import book_waiting
from commissions.accruals.services import CHUNK, release_due
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.accruals.tasks.release_holds")
def release_holds(**_future: Any) -> None:
    """Release everything due in every tenant, committing chunk by chunk."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from commissions_tenants_with_due_releases()")
        tenants = [row[0] for row in cursor.fetchall()]
    for tenant_id in tenants:
        release_tenant(tenant_id)


@shared_task(name="commissions.accruals.tasks.book_waiting_rewards")
def book_waiting_rewards(**_future: Any) -> None:
    """Book what waits for a budget in every tenant, where a new period or a refund made room."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            programs = set(still_waiting().values_list("program_id", flat=True))
            for program_id in sorted(programs):
                book_waiting(program_id=program_id, actor=SYSTEM, at=now)


@shared_task(name="commissions.accruals.tasks.warn_of_lapses")
def warn_partners(**_future: Any) -> None:
    """Tell the partners of every tenant what ends soon; each once."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            warn_of_lapses(at=now)


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
