"""Reads about uploads."""

from uuid import UUID

from django.conf import settings
from django.db import connection

from prm.tenancy.models import Counter
from prm.uploads.models import ScanState, Upload


def waiting_uploads() -> list[UUID]:
    """Return the open tenant's files that the scanner has not judged, oldest first, at most a hundred."""
    rows = Upload.objects.filter(scan=ScanState.WAITING, removed_at__isnull=True)
    return list(rows.order_by("id").values_list("id", flat=True)[:100])


def tenants_with_waiting_uploads() -> list[int]:
    """Return the tenants whose files wait for the scanner; works outside any scope."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_waiting_uploads()")
        return [row[0] for row in cursor.fetchall()]


def space() -> tuple[int, int]:
    """Return the bytes that the open tenant's files take, and how many they may take."""
    used = Counter.objects.filter(series="upload_bytes").values_list("last", flat=True).first()
    return used or 0, settings.UPLOAD_QUOTA_MB * 1_000_000
