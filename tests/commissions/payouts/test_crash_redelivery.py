"""Real Celery workers are killed while they hold a message: the broker gives it to the next one, and all is paid once.

No clock sweeps up here: only what the broker delivers again carries a run on. `make crash CRASH=--celery` deals ten
deaths; every third falls on work that is over, and whose message was not acknowledged yet.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import Redis

from commissions.ledger.models import Transfer
from commissions.payouts.models import Payout
from commissions.payouts.services import RunDraft, approve_run, submit_run
from prm.events.services import Actor
from prm.jobs.models import Job, JobState
from prm.jobs.services import start_job
from prm.tenancy.scope import tenant_scope
from tests.builders.results import read_file
from tests.commissions.payouts.crash_proof import (
    STORES,
    answer_to,
    check,
    owe,
    payees,
    place_of,
    tell,
)
from tests.conftest import World, make_world
from tests.worker import Worker, broker_of_its_own, eventually, real_worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not STORES, reason="make crash CRASH=--celery starts a worker per death"),
]
DEATHS = int(os.environ.get("CRASHES", "10"))
PAYEES = 24
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.commissions.payouts.redelivery_settings"}
# A job is given up after five workers.
DEATHS_OF_ONE = 3


@pytest.fixture
def prefix(real_database: str) -> Iterator[str]:
    with broker_of_its_own() as prefix:
        yield prefix


class Crew:
    """One worker at a time on the broker; a killed one leaves its message there."""

    def __init__(self, database: str, folder: Path, prefix: str, stack: ExitStack) -> None:
        self.database, self.folder, self.prefix, self.stack = database, folder, prefix, stack
        self.broker = Redis.from_url(
            settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
        )
        self.worker: Worker | None = None

    def work(self) -> Worker:
        """Return the worker, a new one after a death."""
        if self.worker is None or self.worker.process.poll() is not None:
            self.worker = self.stack.enter_context(
                real_worker(
                    self.database, self.folder, self.prefix, beat=False, environment=SETTINGS
                )
            )
        return self.worker

    def undone(self) -> int:
        """Return how many messages are held by a worker or lie in a queue."""
        queues = [f"{self.prefix}{name}" for name in ("mail", "money", "bulk")]
        held: Any = self.broker.hlen(f"{self.prefix}unacked")
        waiting: Any = sum(self.broker.llen(name) for name in queues)
        return int(held) + int(waiting)


class Fate:
    """Starts long work and kills who does it, at random moments or when it is done and not yet acknowledged."""

    def __init__(self, crew: Crew, world: World) -> None:
        self.crew, self.world = crew, world
        self.chance, self.died, self.reach = random.Random(20261123), 0, 1.0

    def carry(self, kind: str, params: dict[str, str]) -> None:
        """See one job to its end, whoever dies on the way."""
        self.crew.work()
        with tenant_scope(self.world.acme.id):
            actor = Actor(self.world.finance.id)
            job = start_job(kind=kind, params=params, actor=actor, at=timezone.now())
        for attempt in range(1, DEATHS_OF_ONE + 1):
            if self.died == DEATHS:
                break
            if self._kill(job.id, attempt, when_done=self.died % 3 == 2):
                break
        self.crew.work()
        eventually(lambda: self._state(job.id)[0] == JobState.DONE, seconds=60, what=kind)
        eventually(lambda: not self.crew.undone(), seconds=60, what="the last message")

    def _kill(self, job_id: UUID, attempt: int, *, when_done: bool) -> bool:
        """Kill the worker that does a job for the n-th time; tell whether the job was over by then."""
        worker = self.crew.work()
        eventually(lambda: self._began(job_id, attempt), seconds=60, what="the delivery")
        if when_done:
            # The process that acknowledges stands still; the one that works goes on.
            os.kill(worker.process.pid, signal.SIGSTOP)
            eventually(lambda: self._state(job_id)[0] == JobState.DONE, seconds=60, what="the work")
        else:
            time.sleep(self.chance.uniform(0, self.reach))
        place = place_of(self.crew.database)
        worker.kill()
        state, _attempts = self._state(job_id)
        if not self.crew.undone():
            # It came to its end, and was acknowledged, before the kill.
            self.reach /= 2
            return True
        self.died += 1
        tell("redelivered_done" if state == JobState.DONE else "redelivered", *place)
        before = self._books()
        with tenant_scope(self.world.acme.id):
            # What a minute does: the dead worker's lease ends.
            Job.objects.filter(id=job_id, state=JobState.RUNNING).update(
                leased_until=timezone.now()
            )
        connection.close()
        if state == JobState.DONE:
            self.crew.work()
            eventually(lambda: not self.crew.undone(), seconds=60, what="the delivery again")
            assert self._books() == before
            return True
        return False

    def _began(self, job_id: UUID, attempt: int) -> bool:
        state, attempts = self._state(job_id)
        return state == JobState.DONE or (state == JobState.RUNNING and attempts >= attempt)

    def _state(self, job_id: UUID) -> tuple[str, int]:
        with tenant_scope(self.world.acme.id):
            job = Job.objects.get(id=job_id)
        connection.close()
        return job.state, job.attempts

    def _books(self) -> tuple[Any, ...]:
        """Return what a message of a finished run must not change."""
        with tenant_scope(self.world.acme.id):
            found = (
                Transfer.objects.count(),
                sorted(Payout.objects.values_list("id", "state", "settled_at")),
                sorted(Job.objects.values_list("id", "state", "attempts", "finished_at")),
            )
        connection.close()
        return found


def test_what_the_broker_delivers_again_is_paid_once(
    real_database: str, tmp_path: Path, prefix: str
) -> None:
    world = make_world()
    partners = payees(world, PAYEES)
    with ExitStack() as stack:
        fate = Fate(Crew(real_database, tmp_path, prefix, stack), world)
        for _run in range(1 + DEATHS):
            owe(world, partners)
            _pay(world, fate)
            check(world, partners, tmp_path)
            if fate.died == DEATHS:
                break
    assert fate.died == DEATHS


def _pay(world: World, fate: Fate) -> None:
    """Submit and approve a run; workers make its files and book the bank's answer."""
    with tenant_scope(world.acme.id):
        finance, second = Actor(world.finance.id), Actor(world.second_finance.id)
        draft = RunDraft(pay_on=date(2026, 11, 30))
        run = submit_run(draft=draft, actor=finance, at=timezone.now())
        approve_run(run_id=run.id, digest=run.digest, actor=second, at=timezone.now())
    fate.carry("payouts.files", {"run_id": str(run.id)})
    with tenant_scope(world.acme.id):
        file = read_file(answer_to(run), user_id=world.finance.id)
    fate.carry("payouts.results", {"file_id": str(file.id)})
