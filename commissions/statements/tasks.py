"""Celery's way to the PDF maker."""

from typing import Any
from uuid import UUID

from celery import shared_task

from commissions.statements.models import Statement
from commissions.statements.pdf import keep_pdf
from prm.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="commissions.statements.tasks.make_statement_pdf")
def make_statement_pdf(*, statement_id: str, language: str = "", **_future: Any) -> None:
    """Make the PDF of one statement unless it is there; in its own language unless another is named."""
    keep_pdf(Statement.objects.get(id=UUID(statement_id)), language)
