"""A run whose worker dies at any moment: the books stay exact, everybody is paid once, and the run finishes.

Two deaths here: killed, and cut off from its database. `make crash` tries two hundred, and takes PostgreSQL and Valkey
down as a power cut does.
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
from commissions.verification import faults
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, payable
from tests.conftest import NOON, World, make_world
from tests.crash import kill_stores

pytestmark = pytest.mark.slow

DEATHS = int(os.environ.get("CRASHES", "2"))
PAYEES = 6
SERVER = (
    "import django; django.setup(); from tests.commissions.payouts.crashing import serve; serve({})"
)
EACH_MINOR, FEE_MINOR = 1_000, 25


class Workers:
    """The server of workers, at the other end of two pipes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def start(self) -> int:
        """Begin a worker and return its process id."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> str:
        """Wait for it: "0" when it came to its end, "killed", or another code."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()


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
    kill_stores(Path(os.environ["CRASH_DATA"]))


DEATHS_OF = [_kill, _cut_off, *([_power_cut] if "CRASH_DATA" in os.environ else [])]


def test_a_run_survives_the_death_of_its_worker_at_any_moment(
    real_database: str, tmp_path: Path
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        actor = Actor(world.finance.id)
        save_debtor_account(iban="NL91ABNA0417164300", bic="ABNANL2A", actor=actor, at=NOON)
        partners = [a_payee(f"Partner {number:02}", 1, at=NOON).id for number in range(PAYEES)]
    moments = random.Random(20261123)
    died, fastest = 0, float("inf")
    with _workers(real_database, tmp_path, world) as workers:
        for _again in range(1 + DEATHS * 5):
            _owe(world, partners)
            begun, worker = time.monotonic(), workers.start()
            # The first shows how long a whole run takes; those that come to their end before their death do not count.
            if fastest < float("inf"):
                time.sleep(moments.uniform(0, fastest))
                DEATHS_OF[died % len(DEATHS_OF)](worker, real_database)
            if workers.ended() == "0":
                fastest = min(fastest, time.monotonic() - begun)
            else:
                died += 1
                workers.start()
                assert workers.ended() == "0"
            _check(world, partners, tmp_path)
            if died == DEATHS:
                break
    assert died == DEATHS


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
