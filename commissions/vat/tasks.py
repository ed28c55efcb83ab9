"""Celery's way to the papers about VAT."""

from typing import Any
from uuid import UUID

from celery import shared_task

from commissions.tax.paper import keep_sheet
from commissions.vat.models import SelfBill
from commissions.vat.paper import bill_sheet
from prm.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="commissions.vat.tasks.make_bill_pdf")
def make_bill_pdf(*, bill_id: str, language: str, **_future: Any) -> None:
    """Make the PDF of one note in a language unless it is there."""
    keep_sheet(bill_sheet(SelfBill.objects.get(id=UUID(bill_id)), language))
