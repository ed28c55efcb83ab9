"""The clock's work about tax: reminders; and Celery's way to certificates."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from commissions.tax.certificate_paper import certificate_sheet
from commissions.tax.models import YearCertificate
from commissions.tax.paper import keep_sheet
from commissions.tax.reminding import remind
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.tenancy.tasks import TenantTask


@shared_task(name="commissions.tax.tasks.remind_of_forms")
def remind_of_forms(**_future: Any) -> None:
    """Remind partners of forms that are missing or end soon; each tenant in a transaction of its own."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            remind(at=timezone.now())


@shared_task(base=TenantTask, name="commissions.tax.tasks.make_certificate_pdf")
def make_certificate_pdf(*, certificate_id: str, language: str, **_future: Any) -> None:
    """Make the PDF of one certificate in a language unless it is there."""
    row = YearCertificate.objects.get(id=UUID(certificate_id))
    keep_sheet(certificate_sheet(row, language))
