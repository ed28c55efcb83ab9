"""A burst of 10,000 clicks while the worker that counts them is killed: none is lost, none is counted twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Sum

from prm.tenancy.scope import tenant_scope
from referrals.sharing import taking
from referrals.sharing.counting import fold_clicks, tenants_with_clicks
from referrals.sharing.models import Click, ClickCount, ClickInbox
from referrals.sharing.taking import Line, take_click
from tests.builders.sharing import a_link
from tests.conftest import _admin, make_world

pytestmark = pytest.mark.slow
VISITORS, CLICKS, BATCH = 8_000, 10_000, 500
# Counts two batches, and stops in the middle of the third: counted, not yet committed.
COUNTER = f"""
import sys, time
import django
django.setup()
from referrals.sharing import counting
whole, done = counting._fold_batch, []
def stopping(batch):
    done.append(whole(batch))
    if len(done) == 3:
        print("in the middle", flush=True)
        time.sleep(600)
    return done[-1]
counting._fold_batch = stopping
counting.fold_clicks(int(sys.argv[1]), batch={BATCH})
"""


@contextmanager
def counter_of(database: str, tenant_id: int) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that counts on a test's database, until the block ends."""
    url = urlsplit(os.environ["DATABASE_URL"])
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTER, str(tenant_id)],
        env={
            **os.environ,
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{database}")),
            "DJANGO_SETTINGS_MODULE": "prm.settings",
            "PRM_ROLE": "worker",
            "DEBUG": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def click(tenant_id: int, link_id: UUID, number: int, at: datetime) -> bool:
    """Take the click of one visitor; numbers beyond the visitors are their second clicks, a minute later."""
    return take_click(
        tenant_id=tenant_id,
        link_id=link_id,
        visitor=blake2b(str(number % VISITORS).encode(), digest_size=16).digest(),
        channel="mail",
        campaign="",
        at=at + timedelta(minutes=number // VISITORS),
    )


def test_a_killed_counter_loses_and_doubles_nothing(real_database: str, at: datetime) -> None:
    world = make_world()
    tenant_id = world.acme.id
    with tenant_scope(tenant_id):
        link = a_link(at)
    taken = sum(click(tenant_id, link.id, number, at) for number in range(CLICKS // 2))
    with counter_of(real_database, tenant_id) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        taken += sum(click(tenant_id, link.id, number, at) for number in range(CLICKS // 2, CLICKS))
        process.send_signal(signal.SIGKILL)
        process.wait()
    with tenant_scope(tenant_id):
        assert ClickCount.objects.aggregate(Sum("clicks"))["clicks__sum"] == 2 * BATCH
        assert ClickInbox.objects.count() == CLICKS - 2 * BATCH
    assert tenants_with_clicks() == [tenant_id]

    fold_clicks(tenant_id)

    assert taken == CLICKS
    assert tenants_with_clicks() == []
    with tenant_scope(tenant_id):
        found = ClickCount.objects.aggregate(Sum("clicks"), Sum("doubles"))
        assert found == {"clicks__sum": VISITORS, "doubles__sum": CLICKS - VISITORS}
        assert Click.objects.count() == CLICKS


def test_a_line_that_the_database_cut_is_laid_anew(real_database: str) -> None:
    line = Line()
    mine = line.ask("select pg_backend_pid()", [])
    assert line.ask("select pg_backend_pid()", []) == mine
    with connection.cursor() as cursor:
        cursor.execute("select current_user, current_database()")
        assert cursor.fetchone() == (line.ask("select current_user", []), real_database)
    with _admin() as admin:
        admin.execute("select pg_terminate_backend(%s)", [mine])

    assert line.ask("select pg_backend_pid()", []) not in {None, mine}
    line.close()


@pytest.mark.race
def test_threads_of_a_process_share_its_line(
    real_database: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, line = make_world(), Line()
    tenant_id = world.acme.id
    with tenant_scope(tenant_id):
        link = a_link(at)
    # As in a web process, which has a pool.
    monkeypatch.setattr(taking, "LINE", line)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {})
    start = threading.Barrier(8)

    def clicks(number: int) -> list[bool]:
        start.wait()
        try:
            return [click(tenant_id, link.id, one, at) for one in range(number, 400, 8)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        taken = [is_taken for done in threads.map(clicks, range(8)) for is_taken in done]
    line.close()
    monkeypatch.undo()
    assert taken == [True] * 400
    assert line._leads_to == real_database
    with tenant_scope(tenant_id):
        assert ClickInbox.objects.values("visitor").distinct().count() == 400
