"""Reads about jobs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from prm.accounts.members import Member
from prm.events.models import Event, QueuedEvent
from prm.jobs.models import Job, JobState
from prm.jobs.runners import kinds_open_to, runner_of
from prm.web.formats import number_text

LIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
# What runners count in their results, in words.
RESULT_WORDS = {
    "rows": gettext_lazy("Rows"),
    "ready": gettext_lazy("Ready"),
    "errors": gettext_lazy("With errors"),
    "skipped": gettext_lazy("Skipped"),
    "imported": gettext_lazy("Imported"),
    "bookable": gettext_lazy("Will be booked"),
    "sent": gettext_lazy("Sent"),
    "recorded": gettext_lazy("Recorded"),
    "there_already": gettext_lazy("There already"),
    "error": gettext_lazy("With errors"),
    "repeated": gettext_lazy("Recorded before"),
    "removed": gettext_lazy("Removed"),
    "referrals": gettext_lazy("Referrals"),
    "partners": gettext_lazy("Partners"),
    "customers": gettext_lazy("Customers"),
    "statements": gettext_lazy("Statements"),
    "without_statement": gettext_lazy("Payments without a new statement"),
    "files": gettext_lazy("Files"),
    "resumed": gettext_lazy("Interruptions, each resumed"),
    "issued": gettext_lazy("Issued"),
    "not_issued": gettext_lazy("Not issued"),
    "without_paper": gettext_lazy("Without a PDF"),
    "commissions": gettext_lazy("Commissions"),
    "accruals": gettext_lazy("Commissions"),
    "payments": gettext_lazy("Payments"),
    "events": gettext_lazy("Events"),
    "tiers_up": gettext_lazy("Moved up"),
    "tiers_down": gettext_lazy("Moved down"),
    "tiers_warned": gettext_lazy("Warned"),
    "tiers_recovered": gettext_lazy("Warnings withdrawn"),
}


@dataclass(frozen=True)
class JobView:
    """A job as its page shows it."""

    job: Job
    title: str
    running: bool
    words: str
    note: str
    total: int | None
    results: list[tuple[str, str]]
    has_file: bool
    file_gone: bool
    may_stop: bool
    may_retry: bool
    onward: str


@dataclass(frozen=True)
class StuckEvent:
    """An event whose handlers keep failing."""

    id: int
    name: str
    subject: str
    attempts: int
    error: str
    at: datetime
    given_up: bool


def tenants_with_due_jobs() -> list[int]:
    """Return the ids of tenants with work to start or take over; reads through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_due_jobs()")
        return [row[0] for row in cursor.fetchall()]


def due_jobs() -> list[UUID]:
    """Return the open tenant's jobs that wait or whose lease ran out, oldest first."""
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    live = Job.objects.filter(free, state__in=LIVE)
    return list(live.order_by("created_at", "id").values_list("id", flat=True)[:100])


def jobs_visible_to(member: Member) -> QuerySet[Job]:
    """Return the jobs the person started, and for staff those of the kinds they hold the right for."""
    own = Q(started_by_id=member.user_id, partner_id=member.partner_id)
    return Job.objects.filter(own | Q(kind__in=kinds_open_to(member)) if member.is_staff else own)


def job_view(job: Job, member: Member, *, now: datetime) -> JobView:
    """Return the job as the person sees it; a file shows until it expires or the right to it ends.

    Staff who started a job have no claim to its file once their role is lost (THREATS.md, S06).
    """
    found = runner_of(job.kind)
    may_read = not member.is_staff or (found is not None and member.may(found.capability))
    expired = job.file_expires_at is not None and job.file_expires_at < now
    return JobView(
        job=job,
        title=str(found.label) if found else job.kind,
        running=job.state in LIVE,
        words=_progress_words(job, str(found.unit) if found else ""),
        note=_time_left(job, now),
        total=job.total_count if job.state == JobState.RUNNING else None,
        results=_results(job.result),
        has_file=bool(job.file) and not expired and may_read,
        file_gone=bool(job.file_name) and (expired or not job.file),
        may_stop=job.state in LIVE
        and job.stop_asked_at is None
        and bool(found and found.stoppable),
        may_retry=job.state in {JobState.FAILED, JobState.STOPPED} and bool(found),
        onward=str(found.onward) if found and job.state == JobState.DONE else "",
    )


def stuck_events() -> list[StuckEvent]:
    """Return the open tenant's events whose handlers failed at least once, newest first, at most 100."""
    rows = QueuedEvent.objects.filter(attempts__gt=0).select_related("event").order_by("-id")[:100]
    return [_stuck(row, row.event) for row in rows]


def failed_jobs() -> list[Job]:
    """Return the open tenant's newest failed jobs, at most 100."""
    return list(Job.objects.filter(state=JobState.FAILED).order_by("-created_at", "-id")[:100])


def job_label(kind: str) -> str:
    """Return what a kind of job is called."""
    found = runner_of(kind)
    return str(found.label) if found else kind


def _stuck(row: QueuedEvent, event: Event) -> StuckEvent:
    return StuckEvent(
        row.id,
        event.name,
        event.subject,
        row.attempts,
        row.error,
        event.at,
        row.stuck_at is not None,
    )


def _progress_words(job: Job, unit: str) -> str:
    if job.state == JobState.QUEUED:
        return gettext("Waiting to start")
    done = number_text(job.done_count)
    if job.total_count is None:
        return gettext("%(done)s done") % {"done": done} if job.done_count else gettext("Started")
    facts = {"done": done, "total": number_text(job.total_count), "unit": unit}
    return (
        gettext("%(done)s of %(total)s %(unit)s") if unit else gettext("%(done)s of %(total)s")
    ) % facts


def _time_left(job: Job, now: datetime) -> str:
    if job.stop_asked_at and job.state == JobState.RUNNING:
        return gettext("Stopping after the step under way.")
    if (
        job.state != JobState.RUNNING
        or not job.started_at
        or not job.total_count
        or not job.done_count
    ):
        return ""
    left = (now - job.started_at) * (job.total_count - job.done_count) / job.done_count
    if left < timedelta(seconds=50):
        return gettext("Less than a minute left. You can leave this page.")
    minutes = round(left.total_seconds() / 60)
    words = ngettext("About %(count)s minute left.", "About %(count)s minutes left.", minutes) % {
        "count": number_text(minutes)
    }
    return words + " " + gettext("You can leave this page.")


def _results(result: dict[str, Any]) -> list[tuple[str, str]]:
    lines = []
    for name, value in result.items():
        if isinstance(value, bool) or not isinstance(value, int | str):
            continue
        label = str(RESULT_WORDS.get(name, name.replace("_", " ").capitalize()))
        lines.append((label, number_text(value) if isinstance(value, int) else value))
    return lines
