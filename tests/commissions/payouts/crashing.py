"""A server of workers that may be killed: it loads everything once, and forks one for each line it reads.

A line is the number of runs that there are to be. The worker looks at where the last of them stands and carries it on,
one real step after the other, until it is settled. It knows nothing of the one before it: what it needs is in the
database. Prints the worker's process id, then how it ended and after how many seconds.
"""

import os
import sys
import time
from datetime import date

from django.db import connections
from django.utils import timezone

from commissions.payouts.models import PayoutRun, RunState
from commissions.payouts.services import RunDraft, approve_run, submit_run
from commissions.results import jobs as results_jobs
from commissions.results.models import ResultFile, ResultState
from commissions.results.services import read_before
from prm.events.services import Actor
from prm.jobs.models import Job, JobState
from prm.jobs.services import run as run_job
from prm.jobs.services import start_job
from prm.tenancy.scope import tenant_scope
from tests.builders.results import read_file
from tests.commissions.payouts.crash_proof import answer_to

# Small chunks, so that a kill falls between two commits as often as inside one.
results_jobs.CHUNK = 4  # type: ignore[attr-defined]


def carry_on(runs: int, tenant_id: int, finance_id: int, approver_id: int) -> None:
    """Submit, approve, export and book the bank's answer of the last of so many runs, from wherever it stands."""
    with tenant_scope(tenant_id):
        if PayoutRun.objects.count() >= runs:
            run = PayoutRun.objects.latest("id")
        else:
            draft = RunDraft(pay_on=date(2026, 11, 30))
            run = submit_run(draft=draft, actor=Actor(finance_id), at=timezone.now())
    with tenant_scope(tenant_id):
        if run.state == RunState.PREPARED:
            approve_run(
                run_id=run.id, digest=run.digest, actor=Actor(approver_id), at=timezone.now()
            )
    _do(tenant_id, finance_id, "payouts.files", {"run_id": str(run.id)})
    with tenant_scope(tenant_id):
        file = _answer(run, finance_id)
    if file.state != ResultState.APPLIED:
        _do(tenant_id, finance_id, "payouts.results", {"file_id": str(file.id)})


def _answer(run: PayoutRun, finance_id: int) -> ResultFile:
    """Bring the bank's answer, once."""
    content = answer_to(run)
    return read_before(content) or read_file(content, user_id=finance_id)


def _do(tenant_id: int, finance_id: int, kind: str, params: dict[str, str]) -> None:
    """Do the job, or take over what a killed worker left; one that was given up is started again, as a person would."""
    why = ""
    for _again in range(2):
        with tenant_scope(tenant_id):
            job = Job.objects.filter(kind=kind, params=params).order_by("-id").first()
            if job is None or job.state in {JobState.FAILED, JobState.STOPPED}:
                actor = Actor(finance_id)
                job = start_job(kind=kind, params=params, actor=actor, at=timezone.now())
            # What a minute does: a dead worker's lease ends.
            running = Job.objects.filter(id=job.id, state=JobState.RUNNING)
            running.update(leased_until=timezone.now())
        if job.state != JobState.DONE:
            run_job(tenant_id, job.id)
        with tenant_scope(tenant_id):
            job.refresh_from_db()
        if job.state == JobState.DONE:
            return
        why = f"{job.state}: {job.error}"
        if job.state != JobState.FAILED:
            break
    raise RuntimeError(f"{kind} is {why}")


def serve(arguments: list[int]) -> None:
    """Fork a worker for each line; say its process id at once, and how it ended."""
    for line in sys.stdin:
        connections.close_all()
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                carry_on(int(line), *arguments)
            except BaseException as error:  # noqa: BLE001  the parent reads why
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        print(child, flush=True)  # noqa: T201  the protocol
        _, status = os.waitpid(child, 0)
        end = "killed" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        print(end, time.monotonic() - begun, flush=True)  # noqa: T201
