"""Reads about jobs."""

from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from prm.jobs.models import Job, JobState


def tenants_with_due_jobs() -> list[int]:
    """Return the ids of tenants with work to start or take over; reads through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_due_jobs()")
        return [row[0] for row in cursor.fetchall()]


def due_jobs() -> list[UUID]:
    """Return the open tenant's jobs that wait or whose lease ran out, oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    live = Job.objects.filter(free, state__in=[JobState.QUEUED, JobState.RUNNING])
    return list(live.order_by("created_at", "id").values_list("id", flat=True)[:100])
