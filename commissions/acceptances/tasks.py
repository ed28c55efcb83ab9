"""The worker's part of new terms: asking partners, reminding them before the terms take effect."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from commissions.acceptances.rules import REMIND_DAYS
from commissions.acceptances.selectors import asked, newest_change
from commissions.acceptances.telling import tell_people
from commissions.plans.models import PlanVersion
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope

CHUNK = 200


@shared_task(name="commissions.acceptances.tasks.tell_published")
def tell_published(*, tenant: int, version_id: str, **_future: Any) -> None:
    """Ask every partner of the program for its answer to new terms."""
    tell_asked(tenant, UUID(version_id), kind="plan.published", at=timezone.now())


@shared_task(name="commissions.acceptances.tasks.sweep_terms")
def sweep_terms(**_future: Any) -> None:
    """Every day: ask those whom a lost message missed, remind before terms take effect."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        sweep_tenant(tenant_id, at=now)


def sweep_tenant(tenant_id: int, *, at: datetime) -> None:
    """Do one tenant's day. Outside any scope; a repeat tells nobody twice."""
    with tenant_scope(tenant_id):
        coming = list(PlanVersion.objects.filter(published_at__isnull=False, starts_at__gt=at))
    for version in coming:
        if version.published_at and version.published_at > at - timedelta(days=3):
            tell_asked(tenant_id, version.id, kind="plan.published", at=at)
        if version.starts_at - timedelta(days=REMIND_DAYS) <= at:
            tell_asked(tenant_id, version.id, kind="plan.reminded", at=at)


def tell_asked(tenant_id: int, version_id: UUID, *, kind: str, at: datetime) -> int:
    """Tell the people of every partner that has not answered, a chunk a transaction; return how many.

    One notice a kind, version and person, whatever the repeats. A first version, and one that is no longer the newest,
    tells nobody.
    """
    told, after = 0, 0
    while True:
        with tenant_scope(tenant_id):
            version = PlanVersion.objects.select_related("program").get(id=version_id)
            change = newest_change(version.program_id, at)
            if change is None or change.version.id != version.id:
                return told
            rows = list(asked(version).filter(id__gt=after).order_by("id")[:CHUNK])
            for row in rows:
                told += tell_people(
                    version, row.partner_id, kind=kind, key=f"{kind}:{version.id}", at=at
                )
        if len(rows) < CHUNK:
            return told
        after = rows[-1].id
