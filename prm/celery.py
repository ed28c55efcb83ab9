"""The Celery application; tasks live in <package>/<slice>/tasks.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")

app = Celery("prm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "prm.events",
        "prm.notices",
        "prm.jobs",
        "prm.uploads",
        "prm.audit",
        "prm.accounts",
        "prm.api",
        "partners.directory",
        "partners.agreements",
        "partners.training",
        "partners.applications",
        "partners.onboarding",
        "referrals.pipeline",
        "referrals.attribution",
        "referrals.claims",
        "referrals.sharing",
        "commissions.acceptances",
        "commissions.accruals",
        "commissions.contests",
        "commissions.choices",
        "commissions.overrides",
        "commissions.payouts",
        "commissions.statements",
        "commissions.tax",
        "commissions.tiers",
        "commissions.vat",
    ],
)


@task_prerun.connect
def heal_connections(**_: Any) -> None:
    """Check database connections before each task, as Django does only before each request."""
    from django.db import connections  # noqa: PLC0415  Django is not set up when this module loads

    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.health_check_done = False  # type: ignore[attr-defined]
            connection.close_if_unusable_or_obsolete()
