"""What has to be right after runs whose workers died: what was owed, paid and left, to the cent."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psycopg
from django.db import connection

from commissions.ledger.models import Account, Balance, Transfer
from commissions.ledger.selectors import partner_balances
from commissions.payouts.details import save_debtor_account
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
from commissions.results.models import ResultFile, ResultState
from commissions.verification import faults
from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from prm.web.formats import money_plain
from tests.builders.payouts import a_payee, payable
from tests.builders.results import a_csv
from tests.conftest import NOON, World

# Stores of the test's own, which it may take down; `make crash` says where.
STORES = os.environ.get("CRASH_DATA")
EACH_MINOR, FEE_MINOR = 1_000, 25


def payees(world: World, count: int) -> list[UUID]:
    """Make so many partners that are paid from the vendor's account, with a little owed to each."""
    with tenant_scope(world.acme.id):
        actor = Actor(world.finance.id)
        save_debtor_account(iban="NL91ABNA0417164300", bic="ABNANL2A", actor=actor, at=NOON)
        return [a_payee(f"Partner {number:02}", 1, at=NOON).id for number in range(count)]


def owe(world: World, partners: Sequence[UUID]) -> None:
    """Owe everybody a little more, each another amount."""
    with tenant_scope(world.acme.id):
        for place, partner_id in enumerate(partners):
            payable(partner_id, EACH_MINOR + place, at=NOON)
    connection.close()


def answer_to(run: PayoutRun) -> bytes:
    """Return the bank's answer: everybody is paid, with a fee, but the first comes back."""
    payouts = Payout.objects.filter(run_id=run.id).order_by("number")
    rows = []
    for place, row in enumerate(payouts):
        outcome, amount = "paid" if place else "returned", money_plain(row.amount_minor, "EUR")
        rows.append(f"{row.number},{outcome},{amount},EUR,0.25,")
    return a_csv(*rows)


def check(world: World, partners: Sequence[UUID], folder: Path) -> None:
    """Compare what was owed, paid and left, to the cent, and read the books from end to end."""
    with tenant_scope(world.acme.id):
        run = PayoutRun.objects.latest("id")
        assert run.state == RunState.SETTLED
        assert PayoutRun.objects.exclude(state=RunState.SETTLED).count() == 0
        assert ResultFile.objects.exclude(state=ResultState.APPLIED).count() == 0
        states = Counter(Payout.objects.filter(run=run).values_list("state", flat=True))
        assert states == {PayoutState.RETURNED: 1, PayoutState.SETTLED: len(partners) - 1}
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


def place_of(database: str) -> tuple[str, str]:
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


def tell(death: str, state: str, doing: str) -> None:
    """Keep what `make crash` counts at its end."""
    if STORES:
        with (Path(STORES) / "deaths").open("a") as file:
            file.write(f"{death.lstrip('_')} {state} {doing}\n")
