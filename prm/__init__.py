"""The ground: tenancy, accounts, events, notices, jobs and the wiring of the portal."""

from prm.celery import app as celery_app

__all__ = ["celery_app"]
