"""The worker's part of tiers: programs that move their partners by themselves, once a night."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from commissions.tiers.models import TierRules
from commissions.tiers.selectors import today
from prm.events.services import SYSTEM
from prm.jobs.services import start_job
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="commissions.tiers.tasks.recalculate_tiers")
def recalculate_tiers(**_future: Any) -> None:
    """Start a recalculation for each program that asks for it; a second one on a day moves nobody."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            for program_id in TierRules.objects.filter(is_automatic=True).values_list(
                "program_id", flat=True
            ):
                start_job(
                    kind="tiers.recalculate",
                    params={"program_id": str(program_id), "on": today().isoformat()},
                    actor=SYSTEM,
                    at=timezone.now(),
                )
