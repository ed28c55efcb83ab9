"""A worker killed in the middle of a run's archive: the next one finishes it, states everybody once and says so."""

import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from commissions.payouts.services import settle_all
from commissions.statements.models import Statement
from prm.events.services import Actor
from prm.jobs.models import Job, JobState
from prm.jobs.services import start_job
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, exported_run
from tests.conftest import World, make_world
from tests.worker import broker_of_its_own, eventually, real_worker

pytestmark = pytest.mark.slow
PAYEES = 12


@pytest.fixture
def prefix(real_database: str) -> Iterator[str]:
    with broker_of_its_own() as prefix:
        yield prefix


def _started(at: datetime) -> World:
    world = make_world()
    with tenant_scope(world.acme.id):
        for number in range(PAYEES):
            a_payee(f"Partner {number:02}", 1_000 + number, at=at)
        run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
        settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)
        start_job(
            kind="payouts.statements",
            params={"run_id": str(run.id), "until_on": at.date().isoformat()},
            actor=Actor(world.finance.id),
            at=at,
        )
    return world


def _now(world: World) -> Job:
    with tenant_scope(world.acme.id):
        return Job.objects.get(kind="payouts.statements")


def _stated(world: World) -> int:
    with tenant_scope(world.acme.id):
        return Statement.objects.count()


def test_kill_9_in_the_archive_loses_and_doubles_nothing(
    tmp_path: Path, prefix: str, real_database: str, at: datetime
) -> None:
    world = _started(at)
    with real_worker(real_database, tmp_path, prefix, beat=False) as worker:
        eventually(lambda: _stated(world) >= 3, seconds=90, what="the first statements")
        worker.kill()
    assert 3 <= _stated(world) < PAYEES
    assert _now(world).state == JobState.RUNNING
    with tenant_scope(world.acme.id):
        # What a minute does: the dead worker's lease ends.
        Job.objects.update(leased_until=timezone.now())

    with real_worker(real_database, tmp_path, prefix):
        eventually(lambda: _now(world).state == JobState.DONE, seconds=120, what="the take-over")

    job = _now(world)
    assert job.result == {"statements": PAYEES, "without_statement": 0, "resumed": 1}
    with tenant_scope(world.acme.id):
        numbers = sorted(Statement.objects.values_list("number", flat=True))
    assert numbers == [f"ST-2026-11-{number:04}" for number in range(1, PAYEES + 1)]
    (packed,) = tmp_path.rglob(f"*{Path(job.file).name}")
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        papers = sorted(name for name in archive.namelist() if name.endswith(".pdf"))
    assert papers == [f"{number}.pdf" for number in numbers]
