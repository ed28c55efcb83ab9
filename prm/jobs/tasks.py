"""Celery's way into long work."""

from typing import Any
from uuid import UUID

from celery import shared_task

from prm.jobs.selectors import due_jobs, tenants_with_due_jobs
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope


@shared_task(name="prm.jobs.tasks.run_job")
def run_job(*, tenant: int, job: str, **_future: Any) -> None:
    """Do one job."""
    run(tenant, UUID(job))


@shared_task(name="prm.jobs.tasks.sweep_jobs")
def sweep_jobs(**_future: Any) -> None:
    """Start or take over every job that waits or whose worker died."""
    for tenant_id in tenants_with_due_jobs():
        with tenant_scope(tenant_id):
            waiting = due_jobs()
        for job_id in waiting:
            # The bell of one round is stale by the next: a long queue must not fill the broker.
            run_job.apply_async(kwargs={"tenant": tenant_id, "job": str(job_id)}, expires=30)
