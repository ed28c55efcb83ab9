"""Which kinds of long work exist, and what a running one may do."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import Promise

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.jobs.files import private_root, save_private
from prm.jobs.models import Job, JobState
from prm.tenancy.scope import scope_is_open, tenant_scope

LEASE = timedelta(seconds=60)
HEARTBEAT_SECONDS = 15
# Progress is written at most this often; checkpoints always are.
ADVANCE_SECONDS = 0.5
# THREATS.md, S06: what was exported lies around for a day at most; who needs it later starts the job again.
FILE_LIFE = timedelta(hours=24)
log = structlog.get_logger(__name__)


class JobFailed(Exception):
    """The work cannot be done; the text is shown to the person."""


class LeaseLost(RuntimeError):
    """Another worker has taken the job over; this one must stop and roll back."""


class JobPaused(Exception):
    """The work's turn is over; it goes on behind what else waits."""


class JobStopped(Exception):
    """The person asked to stop."""


@dataclass(frozen=True)
class Runner:
    """How one kind of work is done and who, besides its starter, may see it."""

    kind: str
    label: str | Promise
    run: Callable[["Progress"], None]
    capability: Capability
    stoppable: bool
    unit: str | Promise
    onward: str | Promise


_runners: dict[str, Runner] = {}


def runner(
    kind: str,
    *,
    label: str | Promise = "",
    capability: Capability = Capability.SEE_JOBS,
    stoppable: bool = True,
    unit: str | Promise = "",
    onward: str | Promise = "",
) -> Callable[[Callable[["Progress"], None]], Callable[["Progress"], None]]:
    """Register the function that does one kind of job; it lives in <slice>/jobs.py and runs outside any scope.

    label: what the person reads. capability: lets others than the starter see it and its file.
    unit: what is counted, "rows", "statements". onward: what the job's back_path leads to once it is done.
    """

    def register(run: Callable[["Progress"], None]) -> Callable[["Progress"], None]:
        if kind in _runners:
            raise ValueError(f"the job {kind} is registered twice")
        _runners[kind] = Runner(kind, label or kind, run, capability, stoppable, unit, onward)
        return run

    return register


def runner_of(kind: str) -> Runner | None:
    """Return how a kind of job is done, None for one the code no longer knows."""
    return _runners.get(kind)


def kinds_open_to(member: Member) -> list[str]:
    """Return the kinds of work whose results the person may see whoever started it."""
    return [found.kind for found in _runners.values() if member.may(found.capability)]


@dataclass
class Progress:
    """A running job in the runner's hands; every write raises LeaseLost once another worker owns the job."""

    job_id: UUID
    kind: str
    tenant_id: int
    partner_id: UUID | None
    started_by_id: int | None
    params: dict[str, Any]
    checkpoint: dict[str, Any]
    attempt: int
    result: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    file_name: str = ""
    done: int = 0
    _written_at: float = 0.0

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Open one transaction of the job's tenant (and partner, for a partner's job) for one chunk of work."""
        with tenant_scope(self.tenant_id, self.partner_id):
            yield

    def advance(self, done: int, total: int | None = None) -> None:
        """Say how far it is; written at most twice a second, in the open scope or one of its own.

        Raises LeaseLost.
        """
        self.done = done
        now = time.monotonic()
        if now - self._written_at < ADVANCE_SECONDS and done != total:
            return
        self._written_at = now
        changes: dict[str, Any] = {"done_count": done}
        if total is not None:
            changes["total_count"] = total
        self._write(**changes)

    def save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what is needed to go on after a kill; inside `scope()` it commits together with the chunk's rows.

        Raises LeaseLost.
        """
        self.checkpoint = checkpoint
        self._write(checkpoint=checkpoint, done_count=self.done)

    def should_stop(self) -> bool:
        """Tell whether the person asked to stop; a runner asks between chunks and returns."""
        with self._own_scope():
            return Job.objects.filter(id=self.job_id, stop_asked_at__isnull=False).exists()

    def finish(
        self, result: dict[str, Any], file: Path | str | None = None, file_name: str = ""
    ) -> None:
        """Set what the person gets: counts and texts for the page, and a file to download.

        file: a path on disk (moved into private storage) or a stored name from prm.jobs.files.
        """
        self.result = result
        if file is None:
            return
        if isinstance(file, Path):
            file = save_private(file, file_name=file_name or file.name, tenant_id=self.tenant_id)
        self.file = file
        self.file_name = file_name or Path(self.file).name

    @contextmanager
    def temporary_file(self, ending: str = "") -> Iterator[Path]:
        """Lend a file to write into; it is gone afterwards unless finish() took it."""
        root = private_root()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(
            dir=root, prefix=".job-", suffix=ending, delete=False
        ) as file:
            path = Path(file.name)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _own_scope(self) -> Iterator[None]:
        if scope_is_open():
            yield
            return
        with tenant_scope(self.tenant_id, self.partner_id):
            yield

    def _write(self, **changes: Any) -> None:
        with self._own_scope():
            mine = Job.objects.filter(id=self.job_id, state=JobState.RUNNING, attempts=self.attempt)
            if not mine.update(leased_until=timezone.now() + LEASE, **changes):
                raise LeaseLost(f"job {self.job_id} has another worker")


@contextmanager
def heartbeat(progress: Progress) -> Iterator[None]:
    """Keep the lease while the runner is busy in one long step; a killed process stops beating."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(HEARTBEAT_SECONDS):
            try:
                with tenant_scope(progress.tenant_id, progress.partner_id):
                    Job.objects.filter(
                        id=progress.job_id, state=JobState.RUNNING, attempts=progress.attempt
                    ).update(
                        leased_until=Now() + LEASE,
                    )
            except Exception:  # noqa: BLE001  a missed beat is not worth the job
                log.warning("job heartbeat missed", job_id=str(progress.job_id))
            finally:
                connections.close_all()

    thread = threading.Thread(target=beat, name=f"job-{progress.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        with contextlib.suppress(RuntimeError):
            thread.join(timeout=5)
