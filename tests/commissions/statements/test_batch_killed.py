"""Workers that share a batch are killed in the middle: everybody has exactly one statement, numbers have no gaps."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from commissions.statements.batches import start_batch
from commissions.statements.models import Statement
from prm.events.services import Actor
from prm.jobs.models import Job, JobPart, JobState
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.conftest import World, make_world
from tests.worker import broker_of_its_own, eventually, real_worker

pytestmark = pytest.mark.slow
PARTNERS = 160


@pytest.fixture
def prefix(real_database: str) -> Iterator[str]:
    with broker_of_its_own() as prefix:
        yield prefix


def _started(at: datetime) -> World:
    world = make_world()
    with tenant_scope(world.acme.id):
        for number in range(PARTNERS):
            payable(a_partner(name=f"Partner {number:03}").id, 1_000 + number, at=at)
        start_batch(until_on=at.date(), actor=Actor(world.finance.id), at=at)
    return world


def _now(world: World) -> Job:
    with tenant_scope(world.acme.id):
        return Job.objects.get()


def _stated(world: World) -> int:
    with tenant_scope(world.acme.id):
        return Statement.objects.count()


def test_kill_9_of_both_workers_loses_and_doubles_nothing(
    tmp_path: Path, prefix: str, real_database: str, at: datetime
) -> None:
    world = _started(at)
    with (
        real_worker(real_database, tmp_path, prefix, beat=False) as first,
        real_worker(real_database, tmp_path, prefix, beat=False) as second,
    ):
        eventually(lambda: _stated(world) >= 10, seconds=120, what="the first statements")
        first.kill()
        second.kill()
    issued = _stated(world)
    assert 10 <= issued < PARTNERS
    assert _now(world).state == JobState.RUNNING
    with tenant_scope(world.acme.id):
        left = JobPart.objects.filter(done_at=None)
        assert left.exclude(leased_until=None).exists()
        # What a minute does: the leases of the dead end.
        left.update(leased_until=timezone.now())
        Job.objects.update(leased_until=timezone.now())

    with real_worker(real_database, tmp_path, prefix):
        eventually(lambda: _now(world).state == JobState.DONE, seconds=180, what="the take-over")

    assert _now(world).result == {"issued": PARTNERS, "resumed": 1}
    with tenant_scope(world.acme.id):
        rows = list(Statement.objects.values_list("number", "partner_id", "run_id"))
        tried = list(JobPart.objects.order_by("number").values_list("done_count", "size"))
    assert sorted(row[0] for row in rows) == [
        f"ST-2026-11-{number:04}" for number in range(1, PARTNERS + 1)
    ]
    assert len({row[1] for row in rows}) == PARTNERS
    assert {row[2] for row in rows} == {_now(world).id}
    assert tried == [(50, 50), (50, 50), (50, 50), (10, 10)]
