"""Start long work, take it over, end it."""

import traceback
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone, translation

from prm.accounts.models import User
from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM, Actor, emit, nudge_relay
from prm.jobs.files import remove_private
from prm.jobs.models import Job, JobState
from prm.jobs.runners import (
    FILE_LIFE,
    LEASE,
    JobFailed,
    JobPaused,
    JobStopped,
    LeaseLost,
    Progress,
    heartbeat,
    runner_of,
)
from prm.notices.services import notify
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope, tenant_scope

# A job whose workers died this often is given up: it probably kills them.
MAX_ATTEMPTS = 5
ENDED: dict[str, str] = {
    JobState.DONE: "job.done",
    JobState.FAILED: "job.failed",
    JobState.STOPPED: "job.stopped",
}
log = structlog.get_logger(__name__)


class UnknownJob(ValueError):
    """No runner is registered for the kind."""


def start_job(
    *,
    kind: str,
    params: dict[str, Any],
    actor: Actor,
    at: datetime,
    back_path: str = "",
    partner_id: UUID | None = None,
) -> Job:
    """Queue long work; the worker starts it after the commit, a sweep catches what the bell missed.

    params: JSON the runner needs; ids rather than rows.
    back_path: page inside the tenant to return to, without its slug.
    partner_id: set for a partner's own work; its people then see it and the runner's scope is theirs.
    Raises UnknownJob. Emits job.started.
    """
    if runner_of(kind) is None:
        raise UnknownJob(kind)
    job = Job.objects.create(
        kind=kind,
        params=params,
        back_path=back_path,
        partner_id=partner_id,
        started_by_id=actor.user_id,
        created_at=at,
    )
    emit(
        "job.started",
        subject=f"job:{job.id}",
        actor=actor,
        partner_id=partner_id,
        payload={"kind": kind},
        at=at,
        queue=False,
    )
    ring(job.id)
    return job


def ask_stop(*, job_id: UUID, actor: Actor, at: datetime) -> bool:
    """Ask a live job to stop: a waiting one stops at once, a running one after its chunk. Tell whether it was live.

    Emits job.stop_asked.
    """
    job = Job.objects.select_for_update(no_key=True).get(id=job_id)
    if job.state == JobState.QUEUED:
        job.state, job.finished_at = JobState.STOPPED, at
    elif job.state != JobState.RUNNING:
        return False
    job.stop_asked_at = job.stop_asked_at or at
    job.save(update_fields=["state", "finished_at", "stop_asked_at"])
    emit(
        "job.stop_asked",
        subject=f"job:{job.id}",
        actor=actor,
        partner_id=job.partner_id,
        at=at,
        queue=False,
    )
    return True


def retry_job(*, job_id: UUID, actor: Actor, at: datetime) -> bool:
    """Queue a failed or stopped job again, from its checkpoint; tell whether it was one. Emits job.retried."""
    changed = Job.objects.filter(id=job_id, state__in=[JobState.FAILED, JobState.STOPPED]).update(
        state=JobState.QUEUED,
        attempts=0,
        leased_until=None,
        error="",
        stop_asked_at=None,
        finished_at=None,
    )
    if changed:
        emit("job.retried", subject=f"job:{job_id}", actor=actor, at=at, queue=False)
        ring(job_id)
    return bool(changed)


def note_download(*, job_id: UUID, actor: Actor, at: datetime) -> None:
    """Record that somebody took the file of a job. Emits job.file_downloaded."""
    job = Job.objects.get(id=job_id)
    emit(
        "job.file_downloaded",
        subject=f"job:{job_id}",
        actor=actor,
        partner_id=job.partner_id,
        payload={"kind": job.kind},
        at=at,
        queue=False,
    )


def retry_event(*, queued_id: int, actor: Actor, at: datetime) -> bool:
    """Let the handlers of a stuck event try again; tell whether there was one. Emits event.retried."""
    row = QueuedEvent.objects.select_for_update(no_key=True).filter(id=queued_id).first()
    if row is None:
        return False
    row.attempts, row.stuck_at, row.next_attempt_at = 0, None, at
    row.save(update_fields=["attempts", "stuck_at", "next_attempt_at"])
    emit("event.retried", subject=f"event:{row.event_id}", actor=actor, at=at, queue=False)
    nudge_relay()
    return True


def clear_files(*, at: datetime) -> int:
    """Remove the open tenant's job files that have expired; return how many. A repeat removes nothing."""
    expired = list(
        Job.objects.filter(file_expires_at__lt=at).exclude(file="").order_by("id")[:1000]
    )
    for job in expired:
        remove_private(job.file)
    Job.objects.filter(id__in=[job.id for job in expired]).update(file="", file_expires_at=None)
    return len(expired)


def ring(job_id: UUID) -> None:
    """Ring the worker's bell for a job of the open tenant after the commit; a dead broker loses nothing."""
    from prm.jobs.tasks import run_job  # noqa: PLC0415  tasks import services

    tenant_id = current_scope().tenant_id
    transaction.on_commit(lambda: run_job.delay(tenant=tenant_id, job=str(job_id)), robust=True)


def run(tenant_id: int, job_id: UUID) -> bool:
    """Do a job that waits, or whose worker died; return False when it is another's or over.

    Two workers never share one: the lease is taken under a row lock and counts the attempt, and every later write
    names that attempt. Outside any scope.
    """
    progress = _take(tenant_id, job_id)
    if progress is None:
        return False
    structlog.contextvars.bind_contextvars(tenant_id=tenant_id, job_id=str(job_id))
    found = runner_of(progress.kind)
    if found is None:
        _end(
            progress, JobState.FAILED, error="This kind of work is unknown to the running version."
        )
        return True
    try:
        with heartbeat(progress), translation.override(_language_of(progress)):
            found.run(progress)
    except LeaseLost:
        log.warning("job taken over by another worker")
    except JobPaused:
        _hand_on(progress)
    except JobStopped:
        _end(progress, JobState.STOPPED)
    except JobFailed as problem:
        _end(progress, JobState.FAILED, error=str(problem))
    except (SoftTimeLimitExceeded, OperationalError):
        # Out of time, or the database went away: go on from the checkpoint with a fresh worker.
        log.warning("job interrupted", exc_info=True)
        _release(progress)
    except Exception:
        log.exception("job failed")
        _end(progress, JobState.FAILED, error=traceback.format_exc(limit=6), unexpected=True)
    else:
        stopped = not progress.result and progress.should_stop()
        _end(progress, JobState.STOPPED if stopped else JobState.DONE)
    return True


def _language_of(progress: Progress) -> str:
    """Return the language of whoever asked for the work, else the tenant's: its files and faults are read by people."""
    person = User.objects.filter(id=progress.started_by_id or 0).only("language").first()
    tenant = Tenant.objects.only("language").get(id=progress.tenant_id)
    return (person.language if person else "") or tenant.language


def _take(tenant_id: int, job_id: UUID) -> Progress | None:
    with tenant_scope(tenant_id):
        job = (
            Job.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING), id=job_id)
            .filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))
            .first()
        )
        if job is None:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            _write_end(
                job,
                JobState.FAILED,
                error=f"The worker died {job.attempts} times while doing this.",
            )
            return None
        job.state, job.attempts = JobState.RUNNING, job.attempts + 1
        job.started_at = job.started_at or timezone.now()
        job.leased_until = timezone.now() + LEASE
        job.save(update_fields=["state", "attempts", "started_at", "leased_until"])
    return Progress(
        job_id=job.id,
        kind=job.kind,
        tenant_id=tenant_id,
        partner_id=job.partner_id,
        started_by_id=job.started_by_id,
        params=job.params,
        checkpoint=job.checkpoint,
        attempt=job.attempts,
        done=job.done_count,
    )


def _release(progress: Progress) -> None:
    with tenant_scope(progress.tenant_id):
        Job.objects.filter(
            id=progress.job_id, state=JobState.RUNNING, attempts=progress.attempt
        ).update(leased_until=None)
        ring(progress.job_id)


def _hand_on(progress: Progress) -> None:
    """Queue the job behind what else waits; a turn that ended in good order is no attempt that failed."""
    with tenant_scope(progress.tenant_id):
        mine = Job.objects.filter(
            id=progress.job_id, state=JobState.RUNNING, attempts=progress.attempt
        )
        mine.update(leased_until=None, attempts=progress.attempt - 1)
        ring(progress.job_id)


def _end(progress: Progress, state: str, *, error: str = "", unexpected: bool = False) -> None:
    with tenant_scope(progress.tenant_id):
        job = Job.objects.select_for_update(no_key=True).get(id=progress.job_id)
        if job.state != JobState.RUNNING or job.attempts != progress.attempt:
            return
        job.result = progress.result
        if progress.file:
            job.file, job.file_name = progress.file, progress.file_name
            job.file_expires_at = timezone.now() + FILE_LIFE
        if state == JobState.DONE and job.total_count is not None:
            job.done_count = max(progress.done, job.done_count)
        _write_end(job, state, error=error, unexpected=unexpected)


def _write_end(job: Job, state: str, *, error: str = "", unexpected: bool = False) -> None:
    job.state, job.error, job.leased_until, job.finished_at = (
        state,
        error[:4000],
        None,
        timezone.now(),
    )
    job.save()
    emit(
        ENDED[state],
        subject=f"job:{job.id}",
        actor=SYSTEM,
        partner_id=job.partner_id,
        payload={"kind": job.kind, "unexpected": unexpected},
        at=timezone.now(),
        queue=False,
    )
    if job.started_by_id and state in {JobState.DONE, JobState.FAILED}:
        _tell(job, state, job.started_by_id)


def _tell(job: Job, state: str, user_id: int) -> None:
    notify(
        kind="job.done" if state == JobState.DONE else "job.failed",
        key=f"job:{job.id}:{job.attempts}",
        user_id=user_id,
        facts={"kind": job.kind},
        path=f"jobs/{job.id}/",
        partner_id=job.partner_id,
        at=timezone.now(),
    )
