"""Long work that several workers share: its parts are taken by lease, the last worker standing finishes it.

The job's own worker plans the parts, calls others to help, and does parts itself; nobody works longer than a turn
before other work gets its chance. A part may be begun twice, after a kill: what it does is known by a natural key.
"""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from prm.jobs.models import Job, JobPart, JobState
from prm.jobs.runners import JobPaused, LeaseLost, Progress
from prm.tenancy.scope import tenant_scope

LEASE = timedelta(seconds=60)
TURN_SECONDS = 60
WAIT_SECONDS = 0.5
# Workers called to help, besides the job's own.
HELPERS = 3
# A part whose workers died or failed this often is given up, so that the others get done.
TRIES = 3
log = structlog.get_logger(__name__)


@dataclass
class PartProgress:
    """One part in a worker's hands; every write raises LeaseLost once another worker has it."""

    part_id: int
    number: int
    attempt: int
    params: dict[str, Any]
    job_id: UUID
    job_params: dict[str, Any]
    tenant_id: int
    started_by_id: int | None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Open one transaction of the job's tenant for one piece of work."""
        with tenant_scope(self.tenant_id):
            yield

    def advance(self, done: int) -> None:
        """Count finished pieces and keep the part for another minute; inside `scope()` it commits with the piece.

        Raises LeaseLost.
        """
        mine = JobPart.objects.filter(id=self.part_id, attempts=self.attempt, done_at=None)
        if not mine.update(done_count=done, leased_until=timezone.now() + LEASE):
            raise LeaseLost(f"part {self.number} of job {self.job_id} has another worker")


PartWorker = Callable[[PartProgress], dict[str, Any]]
_workers: dict[str, PartWorker] = {}


def part_of(kind: str) -> Callable[[PartWorker], PartWorker]:
    """Register the function that does one part of a kind of job and returns its result, JSON; it opens its scopes."""

    def register(work: PartWorker) -> PartWorker:
        if kind in _workers:
            raise ValueError(f"the parts of {kind} are registered twice")
        _workers[kind] = work
        return work

    return register


def share_out(
    progress: Progress, plan: Callable[[], Sequence[tuple[dict[str, Any], int]]]
) -> list[JobPart] | None:
    """Plan the parts once, have them done by every free worker, return them in order; None when asked to stop.

    plan: what each part is to do (JSON) and how many pieces that is; called in a scope of the tenant, once a job.
    A part that was given up has "gave_up" in its result. Raises JobPaused when the turn is over: the next worker
    goes on. LeaseLost.
    """
    with progress.scope():
        _plan(progress, plan)
        _call_helpers(progress)
    end = time.monotonic() + TURN_SECONDS
    while not progress.should_stop():
        with progress.scope():
            done, total, left = _standing(progress.job_id)
            progress.advance(done, total)
        if not left:
            with progress.scope():
                return list(JobPart.objects.filter(job_id=progress.job_id).order_by("number"))
        if time.monotonic() > end:
            raise JobPaused
        if not do_next_part(progress.tenant_id, progress.job_id):
            time.sleep(WAIT_SECONDS)
    return None


def help_with(tenant_id: int, job_id: UUID) -> int:
    """Do free parts of a job for at most one turn; return how many. Outside any scope."""
    done, end = 0, time.monotonic() + TURN_SECONDS
    while time.monotonic() < end and do_next_part(tenant_id, job_id):
        done += 1
    return done


def do_next_part(tenant_id: int, job_id: UUID) -> bool:
    """Do one free part of a running job; tell whether there was one.

    A part that fails is free again for the next try; a lost database ends the turn. Outside any scope.
    """
    taken = _take(tenant_id, job_id)
    if taken is None:
        return False
    work, part = taken
    try:
        result = work(part)
    except LeaseLost:
        log.warning("part taken over by another worker", part=part.number)
        return True
    except (SoftTimeLimitExceeded, OperationalError):
        raise
    except Exception:
        log.exception("part failed", job_id=str(job_id), part=part.number)
        with part.scope():
            _mine(part).update(
                leased_until=None, result={"failed": traceback.format_exc(limit=4)[-2000:]}
            )
        return True
    with part.scope():
        _mine(part).update(done_at=timezone.now(), leased_until=None, result=result)
    return True


def _plan(progress: Progress, plan: Callable[[], Sequence[tuple[dict[str, Any], int]]]) -> None:
    if progress.checkpoint.get("planned"):
        return
    JobPart.objects.bulk_create(
        JobPart(job_id=progress.job_id, number=number, params=params, size=size)
        for number, (params, size) in enumerate(plan(), start=1)
    )
    progress.save_checkpoint({**progress.checkpoint, "planned": True})


def _call_helpers(progress: Progress) -> None:
    from prm.jobs.tasks import help_job  # noqa: PLC0415  tasks import services

    def ring() -> None:
        for _ in range(HELPERS):
            # Who comes after this turn is called by the next.
            help_job.apply_async(
                kwargs={"tenant": progress.tenant_id, "job": str(progress.job_id)},
                expires=TURN_SECONDS,
            )

    transaction.on_commit(ring, robust=True)


def _standing(job_id: UUID) -> tuple[int, int, int]:
    sums = JobPart.objects.filter(job_id=job_id).aggregate(
        done=Sum("done_count"), total=Sum("size"), left=Count("id", filter=Q(done_at=None))
    )
    return sums["done"] or 0, sums["total"] or 0, sums["left"]


def _take(tenant_id: int, job_id: UUID) -> tuple[PartWorker, PartProgress] | None:
    with tenant_scope(tenant_id):
        job = Job.objects.filter(id=job_id, state=JobState.RUNNING, stop_asked_at=None).first()
        work = _workers.get(job.kind) if job else None
        if job is None or work is None:
            return None
        free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
        part = (
            JobPart.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(free, job_id=job_id, done_at=None)
            .order_by("number")
            .first()
        )
        if part is None:
            return None
        part.attempts += 1
        part.leased_until = timezone.now() + LEASE
        if part.attempts > TRIES:
            part.done_at, part.leased_until = timezone.now(), None
            part.result = {**part.result, "gave_up": TRIES}
            work = _nothing
        part.save(update_fields=["attempts", "leased_until", "done_at", "result"])
        return work, PartProgress(
            part_id=part.id,
            number=part.number,
            attempt=part.attempts,
            params=part.params,
            job_id=job.id,
            job_params=job.params,
            tenant_id=tenant_id,
            started_by_id=job.started_by_id,
        )


def _nothing(_part: PartProgress) -> dict[str, Any]:
    """Stand in for the work of a part that was given up; it is closed already."""
    return {}


def _mine(part: PartProgress) -> Any:
    return JobPart.objects.filter(id=part.part_id, attempts=part.attempt, done_at=None)
