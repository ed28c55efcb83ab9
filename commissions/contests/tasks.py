"""The worker's part of contests: prizes whose days of checking are over."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from commissions.contests.selectors import due_to_settle
from commissions.contests.services import settle_contest
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.contests.tasks.settle_contests")
def settle_contests(**_future: Any) -> None:
    """Hourly: settle every contest that is due, each in a transaction of its own; a repeat settles nothing twice."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            due = [contest.id for contest in due_to_settle(now)]
        for contest_id in due:
            with tenant_scope(tenant_id):
                settle_contest(contest_id=contest_id, actor=SYSTEM, at=now)
