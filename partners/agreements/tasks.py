"""The worker's part of agreements: copies of what was signed, asking partners, reminding them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from partners.agreements.models import Acceptance, AgreementVersion
from partners.agreements.paper import keep_copy
from partners.agreements.rules import REMIND_DAYS
from partners.agreements.selectors import signed_by, signing_partners, version_in_force
from partners.agreements.telling import tell_signers
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.tenancy.tasks import TenantTask

CHUNK = 200
COPIES_A_NIGHT = 500


@shared_task(base=TenantTask, name="partners.agreements.tasks.make_agreement_pdf")
def make_agreement_pdf(*, acceptance_id: str, **_future: Any) -> None:
    """Make the copy of one signed agreement unless it is there."""
    keep_copy(UUID(acceptance_id), at=timezone.now())


@shared_task(name="partners.agreements.tasks.tell_published")
def tell_published(*, tenant: int, version_id: str, **_future: Any) -> None:
    """Ask every partner of the program for a new version."""
    tell_unsigned(tenant, UUID(version_id), kind="agreement.published", at=timezone.now())


@shared_task(name="partners.agreements.tasks.sweep_agreements")
def sweep_agreements(**_future: Any) -> None:
    """Every day: ask those whom a lost message missed, remind before a version binds, make missing copies."""
    now = timezone.now()
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        sweep_tenant(tenant_id, at=now)


def sweep_tenant(tenant_id: int, *, at: datetime) -> None:
    """Do one tenant's day. Outside any scope; a repeat tells nobody twice."""
    with tenant_scope(tenant_id):
        versions = {
            version.program_id: version
            for version in AgreementVersion.objects.filter(number__gt=0).order_by("number")
        }
        missing = list(
            Acceptance.objects.filter(pdf="")
            .order_by("id")
            .values_list("id", flat=True)[:COPIES_A_NIGHT]
        )
    for version in versions.values():
        if version.published_at and version.published_at > at - timedelta(days=3):
            tell_unsigned(tenant_id, version.id, kind="agreement.published", at=at)
        binds = version.binding_from
        if version.number > 1 and binds and binds - timedelta(days=REMIND_DAYS) <= at < binds:
            tell_unsigned(tenant_id, version.id, kind="agreement.reminded", at=at)
    for acceptance_id in missing:
        with tenant_scope(tenant_id):
            keep_copy(acceptance_id, at=at)


def tell_unsigned(tenant_id: int, version_id: UUID, *, kind: str, at: datetime) -> int:
    """Tell the signers of every partner that has not accepted the version, a chunk a transaction; return how many.

    One notice a kind, version and person, whatever the repeats. A version that is no longer the newest tells nobody.
    """
    told, after = 0, 0
    while True:
        with tenant_scope(tenant_id):
            version = AgreementVersion.objects.select_related("program").get(id=version_id)
            newest = version_in_force(version.program_id, at)
            if newest is None or newest.id != version.id:
                return told
            rows = list(
                signing_partners(version.program_id).filter(id__gt=after).order_by("id")[:CHUNK]
            )
            signed = signed_by([row.partner_id for row in rows], version.program_id)
            for row in rows:
                accepted = signed.get(row.partner_id)
                if accepted and accepted.version.number >= version.number:
                    continue
                told += tell_signers(
                    version, row.partner_id, kind=kind, key=f"{kind}:{version.id}", at=at
                )
        if len(rows) < CHUNK:
            return told
        after = rows[-1].id
