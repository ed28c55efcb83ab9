"""Celery's way to the mail server."""

from typing import Any

from celery import shared_task

from prm.notices.sending import send_due, tenants_with_due_mail


@shared_task(name="prm.notices.tasks.send_mail")
def send_mail(*, tenant: int, **_future: Any) -> None:
    """Send one tenant's due mails."""
    send_due(tenant)


@shared_task(name="prm.notices.tasks.send_account_mail")
def send_account_mail(**_future: Any) -> None:
    """Send the due mails about signing in."""
    send_due(None)


@shared_task(name="prm.notices.tasks.sweep_mail")
def sweep_mail(**_future: Any) -> None:
    """Send every mail that is due: what a lost bell or a killed worker left."""
    send_due(None)
    for tenant_id in tenants_with_due_mail():
        send_due(tenant_id)
