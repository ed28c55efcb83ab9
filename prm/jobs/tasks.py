"""Celery's way into long work."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from prm.jobs.parts import help_with
from prm.jobs.selectors import due_jobs, tenants_with_due_jobs
from prm.jobs.services import clear_files, run
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope


@shared_task(name="prm.jobs.tasks.run_job")
def run_job(*, tenant: int, job: str, **_future: Any) -> None:
    """Do one job."""
    run(tenant, UUID(job))


@shared_task(name="prm.jobs.tasks.help_job")
def help_job(*, tenant: int, job: str, **_future: Any) -> None:
    """Do some parts of a job that another worker leads."""
    help_with(tenant, UUID(job))


@shared_task(name="prm.jobs.tasks.sweep_jobs")
def sweep_jobs(**_future: Any) -> None:
    """Start or take over every job that waits or whose worker died."""
    for tenant_id in tenants_with_due_jobs():
        with tenant_scope(tenant_id):
            waiting = due_jobs()
        for job_id in waiting:
            # The bell of one round is stale by the next: a long queue must not fill the broker.
            run_job.apply_async(kwargs={"tenant": tenant_id, "job": str(job_id)}, expires=30)


@shared_task(name="prm.jobs.tasks.clear_job_files")
def clear_job_files(**_future: Any) -> None:
    """Remove every tenant's expired job files."""
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        with tenant_scope(tenant_id):
            clear_files(at=timezone.now())
