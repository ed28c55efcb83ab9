"""Celery's way into long work."""

from typing import Any

from celery import shared_task


@shared_task(name="prm.jobs.tasks.sweep_jobs")
def sweep_jobs(**_future: Any) -> None:
    """Start or take over every job that waits or whose worker died."""
