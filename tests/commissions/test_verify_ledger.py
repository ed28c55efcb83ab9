"""verify_ledger proves healthy books and names the first bad row of planted faults."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back, release_due
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.conftest import World, make_world

pytestmark = pytest.mark.slow
FIRST = "id = (select min(id) from {})"


@pytest.fixture
def books(real_database: str, at: datetime) -> World:
    """Two accruals, one clawed in part, one released; committed."""
    world = make_world()
    with tenant_scope(world.acme.id):
        first = an_accrual(at, company="First")
        claw_back(
            accrual_id=first.id, amount_minor=500, reason="Too much", key="k", actor=SYSTEM, at=at
        )
        an_accrual(at, company="Second")
        release_due(until=at + timedelta(days=40), at=at, accrual_ids=[first.id])
    return world


def verified(**options: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it said."""
    out = StringIO()
    try:
        call_command("verify_ledger", stdout=out, **options)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def plant(table: str, change: str) -> None:
    """Change the books behind the triggers' back, as only the owner of the tables could."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(change)
        assert cursor.rowcount == 1
        cursor.execute(f"alter table {table} enable trigger user")


def test_healthy_books_are_right_and_tenants_are_named(books: World) -> None:
    code, said = verified()

    assert code == 0
    assert "acme: right (4 transfers, 2 accruals, 0 payouts, 0 statements)" in said
    assert "globex: right (0 transfers" in said


@pytest.mark.parametrize(
    ("table", "change", "row"),
    [
        pytest.param(
            "commissions_balance",
            "update commissions_balance set credits_minor = credits_minor + 1 where "
            + FIRST.format("commissions_balance"),
            "balance is the sum of its transfers",
            id="a balance off by one",
        ),
        pytest.param(
            "commissions_transfer",
            "update commissions_transfer set amount_minor = amount_minor + 1 where "
            + FIRST.format("commissions_transfer"),
            "accrual equals its transfer",
            id="a transfer rewritten",
        ),
        pytest.param(
            "commissions_accrual",
            "update commissions_accrual set amount_minor = amount_minor + 1 where "
            + FIRST.format("commissions_accrual"),
            "trace reproduces the accrual",
            id="an accrual raised",
        ),
        pytest.param(
            "commissions_accrual",
            "update commissions_accrual set clawed_minor = 0 where clawed_minor > 0",
            "clawed total is the sum of clawbacks",
            id="a clawback forgotten",
        ),
        pytest.param(
            "commissions_clawback",
            "delete from commissions_clawback",
            "every movement has its reason",
            id="a clawback deleted",
        ),
        pytest.param(
            "commissions_release",
            "update commissions_release set amount_minor = amount_minor + 1",
            "release moves what was left",
            id="a release of too much",
        ),
        pytest.param(
            "commissions_transfer",
            "update commissions_transfer set period = 202501 where kind = 'release'",
            "transfer names its partner and its period",
            id="a transfer in another period",
        ),
    ],
)
def test_a_planted_fault_is_found(books: World, table: str, change: str, row: str) -> None:
    plant(table, change)

    code, said = verified(tenant="acme")

    assert code == 1
    assert row in said


def test_an_unknown_tenant_is_an_error(books: World) -> None:
    code, said = verified(tenant="nobody")

    assert (code, said) == (1, "no tenant nobody")
    with tenant_scope(books.acme.id):
        assert Accrual.objects.count() == 2
