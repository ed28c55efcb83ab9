"""Celery's way to clicks that wait to be counted."""

from typing import Any

from celery import shared_task

from referrals.sharing.counting import fold_clicks, tenants_with_clicks


@shared_task(name="referrals.sharing.tasks.count_clicks")
def count_clicks(**_future: Any) -> None:
    """Count the clicks of every tenant."""
    for tenant_id in tenants_with_clicks():
        fold_clicks(tenant_id)
