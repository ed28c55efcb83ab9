"""The clock's work: what a lost event or a broken handler left open is settled at night."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from partners.onboarding.mending import open_run_ids, runs_to_mend
from partners.onboarding.services import look_again
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope

CHUNK = 500


@shared_task(name="partners.onboarding.tasks.mend_runs")
def mend_runs(**_future: Any) -> None:
    """Settle in every tenant what is true by now, committing chunk by chunk."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        mend_tenant(tenant_id)


def mend_tenant(tenant_id: int) -> int:
    """Settle one tenant's open runs; return how many runs were looked at more closely. Outside any scope."""
    after: UUID | None = None
    mended = 0
    while True:
        with tenant_scope(tenant_id):
            run_ids = open_run_ids(after=after, size=CHUNK)
            for run_id in runs_to_mend(run_ids):
                look_again(run_id=run_id, at=timezone.now())
                mended += 1
        if len(run_ids) < CHUNK:
            return mended
        after = run_ids[-1]
