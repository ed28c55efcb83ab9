"""Celery's way to the mail server."""

from typing import Any

from celery import shared_task


@shared_task(name="prm.notices.tasks.send_account_mail")
def send_account_mail(*, mail: int, **_future: Any) -> None:
    """Send one mail about signing in."""


@shared_task(name="prm.notices.tasks.sweep_mail")
def sweep_mail(**_future: Any) -> None:
    """Send every mail that is due: what a lost bell or a killed worker left."""
