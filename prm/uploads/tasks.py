"""Celery's way to the malware scanner."""

from typing import Any
from uuid import UUID

from celery import shared_task

from prm.tenancy.scope import tenant_scope
from prm.uploads.selectors import tenants_with_waiting_uploads, waiting_uploads
from prm.uploads.services import scan_upload


@shared_task(name="prm.uploads.tasks.scan_one")
def scan_one(*, tenant: int, upload: str, **_future: Any) -> None:
    """Have one file checked."""
    with tenant_scope(tenant):
        scan_upload(upload_id=UUID(upload))


@shared_task(name="prm.uploads.tasks.sweep_scans")
def sweep_scans(**_future: Any) -> None:
    """Have every waiting file checked: what a lost bell or an absent scanner left."""
    for tenant_id in tenants_with_waiting_uploads():
        with tenant_scope(tenant_id):
            waiting = waiting_uploads()
        for upload_id in waiting:
            scan_one.apply_async(kwargs={"tenant": tenant_id, "upload": str(upload_id)}, expires=60)
