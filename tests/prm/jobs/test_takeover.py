"""A job whose worker is killed is taken over from its checkpoint; no step is lost, none is done twice."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from prm.events.services import Actor
from prm.jobs import runners
from prm.jobs.models import Job, JobState
from prm.jobs.services import ask_stop, start_job
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from tests.conftest import World, make_world
from tests.worker import broker_of_its_own, eventually, real_worker

pytestmark = pytest.mark.slow
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "tests.prm.jobs.worker_settings"}


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    before = dict(runners._runners)
    runners.runner("test.slow", label="Slow work")(
        lambda progress: None
    )  # this process only starts it
    yield
    runners._runners.clear()
    runners._runners.update(before)


@pytest.fixture
def prefix(real_database: str) -> Iterator[str]:
    with broker_of_its_own() as prefix:
        yield prefix


def started(at: datetime, pause: float) -> tuple[World, Job]:
    world = make_world()
    with tenant_scope(world.acme.id):
        return world, start_job(
            kind="test.slow", params={"pause": pause}, actor=Actor(world.manager.id), at=at
        )


def now(world: World) -> Job:
    with tenant_scope(world.acme.id):
        return Job.objects.get()


def rows(world: World) -> int:
    with tenant_scope(world.acme.id):
        return Notice.objects.filter(kind="test.row").count()


def test_goes_on_after_kill_9(
    tmp_path: Path, prefix: str, real_database: str, at: datetime
) -> None:
    world, _ = started(at, 0.3)
    with real_worker(real_database, tmp_path, prefix, environment=ENVIRONMENT) as worker:
        eventually(lambda: rows(world) >= 3, what="the first steps")
        worker.kill()
    left = rows(world)
    assert now(world).state == JobState.RUNNING
    assert 3 <= left < 20
    with tenant_scope(world.acme.id):
        # What a minute does: the dead worker's lease ends.
        Job.objects.update(leased_until=timezone.now(), params={"pause": 0})

    with real_worker(real_database, tmp_path, prefix, environment=ENVIRONMENT):
        eventually(lambda: now(world).state == JobState.DONE, seconds=60, what="the take-over")

    job = now(world)
    assert (rows(world), job.attempts, job.done_count, job.result) == (20, 2, 20, {"rows": 20})


def test_stops_when_asked(tmp_path: Path, prefix: str, real_database: str, at: datetime) -> None:
    world, job = started(at, 0.2)
    with real_worker(real_database, tmp_path, prefix, environment=ENVIRONMENT):
        eventually(lambda: rows(world) >= 2, what="the first steps")
        with tenant_scope(world.acme.id):
            ask_stop(job_id=job.id, actor=Actor(world.manager.id), at=at)
        eventually(lambda: now(world).state == JobState.STOPPED, what="stopping")

    assert rows(world) < 20
