"""Celery's way to the makers of certificates."""

from typing import Any
from uuid import UUID

from celery import shared_task

from partners.training.models import Certificate
from partners.training.paper import keep_pdf
from prm.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="partners.training.tasks.make_certificate_pdf")
def make_certificate_pdf(*, certificate_id: str, **_future: Any) -> None:
    """Make the PDF of one certificate unless it is there."""
    keep_pdf(Certificate.objects.get(id=UUID(certificate_id)))
