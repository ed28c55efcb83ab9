"""A run whose worker dies again and again, at any moment: the books stay exact, everybody is paid once, it finishes.

Two deaths here: killed, and cut off from its database. `make crash` deals two hundred to a few larger runs, and takes
PostgreSQL and Valkey down as a power cut does with every sixth.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.commissions.payouts.crash_proof import STORES, check, owe, payees, place_of, tell
from tests.conftest import World, make_world
from tests.crash import kill_stores

pytestmark = pytest.mark.slow

DEATHS = int(os.environ.get("CRASHES", "2"))
PAYEES = 24 if STORES else 6
SERVER = (
    "import django; django.setup(); from tests.commissions.payouts.crashing import serve; serve({})"
)


class Workers:
    """The server of workers, at the other end of two pipes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def start(self, runs: int) -> int:
        """Begin a worker that sees to it that so many runs are settled; return its process id."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{runs}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> tuple[str, float]:
        """Wait for it: "0" when it came to its end, "killed", or another code; and after how many seconds."""
        assert self.process.stdout
        end, seconds = self.process.stdout.readline().split()
        return end, float(seconds)


@contextmanager
def _workers(database: str, folder: Path, world: World) -> Iterator[Workers]:
    url = urlsplit(os.environ["DATABASE_URL"])
    people = [world.acme.id, world.finance.id, world.second_finance.id]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER.format(people)],
        env={
            **os.environ,
            "DATABASE_URL": urlunsplit(url._replace(path=f"/{database}")),
            "DATA_DIR": str(folder),
            "PRM_ROLE": "worker",
            "DEBUG": "1",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Workers(process)
    finally:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def _kill(worker: int, _database: str) -> None:
    # It may have come to its end a moment ago.
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)


def _cut_off(_worker: int, database: str) -> None:
    """Take the database away from under it, as a restart of PostgreSQL does."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and pid <> pg_backend_pid()",
            [database],
        )


def _power_cut(_worker: int, _database: str) -> None:
    """Kill PostgreSQL and Valkey under it and start them again on the same data."""
    kill_stores(Path(STORES or ""))


DEATHS_OF_ONE = 7
# How a worker may end by it: "0" when it was done before.
ENDS = {_kill: {"0", "killed"}, _cut_off: {"0", "1"}, _power_cut: {"0", "1"}}
DEATHS_OF = [_kill, _cut_off, _kill, _cut_off, _kill, _power_cut] if STORES else [_kill, _cut_off]


class Fate:
    """Deals deaths at random moments of a run; how long a whole one takes the newest show that nobody disturbed."""

    def __init__(self, database: str) -> None:
        self.database, self.chance = database, random.Random(20261123)
        self.died, self.whole_seconds = 0, 0.0

    def carry(self, workers: Workers, runs: int) -> None:
        """See one run to its end, whoever dies on the way; the first one only shows how long it takes."""
        # Most of a run is booking the bank's answer; every other one begins to die before that.
        reach, is_first = self.whole_seconds / (5 if runs % 2 else 1), True
        last = self.died + DEATHS_OF_ONE
        while True:
            worker = workers.start(runs)
            if self.died in {DEATHS, last} or not self.whole_seconds:
                end, seconds = workers.ended()
                assert end == "0"
                self.whole_seconds = seconds if is_first else self.whole_seconds
                return
            time.sleep(self.chance.uniform(0, reach))
            death, place = DEATHS_OF[self.died % len(DEATHS_OF)], place_of(self.database)
            death(worker, self.database)
            end, seconds = workers.ended()
            assert end in ENDS[death]
            if end == "0":
                # Who was the first had the whole run to do.
                self.whole_seconds = seconds if is_first else self.whole_seconds
                return
            self.died += 1
            tell(death.__name__, *place)
            # Who comes after has less to do; far enough to finish one step now and then.
            reach, is_first = self.whole_seconds / 5, False


def test_a_run_survives_the_death_of_its_worker_at_any_moment(
    real_database: str, tmp_path: Path
) -> None:
    world = make_world()
    partners = payees(world, PAYEES)
    fate = Fate(real_database)
    with _workers(real_database, tmp_path, world) as workers:
        for runs in range(1, 9 + DEATHS * 3):
            owe(world, partners)
            fate.carry(workers, runs)
            check(world, partners, tmp_path)
            if fate.died == DEATHS:
                break
    assert fate.died == DEATHS
