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
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from commissions.ledger.models import Account, Balance, Transfer
from commissions.ledger.selectors import partner_balances
from commissions.payouts.details import save_debtor_account
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
from commissions.results.models import ResultFile, ResultState
from commissions.verification import faults
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, payable
from tests.conftest import NOON, World, make_world
from tests.crash import kill_stores

pytestmark = pytest.mark.slow

DEATHS = int(os.environ.get("CRASHES", "2"))
# Stores of the test's own, which it may take down; `make crash` says where.
STORES = os.environ.get("CRASH_DATA")
PAYEES = 24 if STORES else 6
SERVER = (
    "import django; django.setup(); from tests.commissions.payouts.crashing import serve; serve({})"
)
EACH_MINOR, FEE_MINOR = 1_000, 25


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
            death, place = DEATHS_OF[self.died % len(DEATHS_OF)], _place(self.database)
            death(worker, self.database)
            end, seconds = workers.ended()
            assert end in ENDS[death]
            if end == "0":
                # Who was the first had the whole run to do.
                self.whole_seconds = seconds if is_first else self.whole_seconds
                return
            self.died += 1
            _tell(death.__name__, *place)
            # Who comes after has less to do; far enough to finish one step now and then.
            reach, is_first = self.whole_seconds / 5, False


def _place(database: str) -> tuple[str, str]:
    """Return where the newest run stands, and whether somebody is writing right now."""
    admin_url = os.environ["DATABASE_ADMIN_URL"]
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as admin:
        found = admin.execute(
            "select coalesce((select state from commissions_payout_run order by id desc limit 1), 'none'),"
            " case when exists (select from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_xid is not null) then 'writing' else 'between' end"
        ).fetchone()
    assert found
    return found[0], found[1]


def _tell(death: str, state: str, doing: str) -> None:
    """Keep what `make crash` counts at its end."""
    if STORES:
        with (Path(STORES) / "deaths").open("a") as file:
            file.write(f"{death.lstrip('_')} {state} {doing}\n")


def test_a_run_survives_the_death_of_its_worker_at_any_moment(
    real_database: str, tmp_path: Path
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        actor = Actor(world.finance.id)
        save_debtor_account(iban="NL91ABNA0417164300", bic="ABNANL2A", actor=actor, at=NOON)
        partners = [a_payee(f"Partner {number:02}", 1, at=NOON).id for number in range(PAYEES)]
    fate = Fate(real_database)
    with _workers(real_database, tmp_path, world) as workers:
        for runs in range(1, 9 + DEATHS * 3):
            _owe(world, partners)
            fate.carry(workers, runs)
            _check(world, partners, tmp_path)
            if fate.died == DEATHS:
                break
    assert fate.died == DEATHS


def _owe(world: World, partners: Sequence[UUID]) -> None:
    with tenant_scope(world.acme.id):
        for place, partner_id in enumerate(partners):
            payable(partner_id, EACH_MINOR + place, at=NOON)
    connection.close()


def _check(world: World, partners: Sequence[UUID], folder: Path) -> None:
    """Compare what was owed, paid and left, to the cent, and read the books from end to end."""
    with tenant_scope(world.acme.id):
        run = PayoutRun.objects.latest("id")
        assert run.state == RunState.SETTLED
        assert PayoutRun.objects.exclude(state=RunState.SETTLED).count() == 0
        assert ResultFile.objects.exclude(state=ResultState.APPLIED).count() == 0
        states = Counter(Payout.objects.filter(run=run).values_list("state", flat=True))
        assert states == {PayoutState.RETURNED: 1, PayoutState.SETTLED: PAYEES - 1}
        came_back = Payout.objects.get(run=run, state=PayoutState.RETURNED)
        for partner_id in partners:
            (left,) = partner_balances(partner_id)
            expected = came_back.amount_minor if partner_id == came_back.partner_id else 0
            assert (left.payable, left.in_payout) == (expected, 0)
            assert _owed(partner_id) == _paid(partner_id) + left.payable
        fees = FEE_MINOR * Payout.objects.count()
        assert _moved("fees") == fees
        assert _moved("cash") == -sum(_paid(partner_id) for partner_id in partners) - fees
        # The builder's amounts are owed without a reward behind them.
        wrong = [fault for fault in faults() if fault.check != "every movement has its reason"]
        assert wrong == []
        assert len(list(folder.rglob(f"{run.number}-payments.csv"))) == 1
    connection.close()


def _owed(partner_id: UUID) -> int:
    rows = Transfer.objects.filter(partner_id=partner_id, kind="accrual")
    return sum(rows.values_list("amount_minor", flat=True))


def _paid(partner_id: UUID) -> int:
    rows = Payout.objects.filter(partner_id=partner_id, state=PayoutState.SETTLED)
    return sum(rows.values_list("amount_minor", flat=True))


def _moved(kind: str) -> int:
    ids = Account.objects.filter(kind=kind).values("id")
    return sum(row.debits_minor - row.credits_minor for row in Balance.objects.filter(id__in=ids))
