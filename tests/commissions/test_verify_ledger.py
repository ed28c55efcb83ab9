"""verify_ledger proves healthy books and names the first bad row of planted faults."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back, release_due
from commissions.closing.services import close_month
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.conftest import NOON, Built, World, built_once, make_world

pytestmark = pytest.mark.slow
FIRST = "id = (select min(id) from {})"


@pytest.fixture(scope="module")
def built(django_db_setup: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[Built[World]]:
    with built_once(django_db_setup, django_db_blocker, _books) as built:
        yield built


@pytest.fixture
def books(built: Built[World], real_database: str) -> World:
    return built.made


def _books(at: datetime = NOON) -> World:
    """Two accruals, one clawed in part, one released, in a closed month; committed."""
    world = make_world()
    with tenant_scope(world.acme.id):
        first = an_accrual(at, company="First")
        claw_back(
            accrual_id=first.id, amount_minor=500, reason="Too much", key="k", actor=SYSTEM, at=at
        )
        an_accrual(at, company="Second")
        release_due(until=at + timedelta(days=40), at=at, accrual_ids=[first.id])
    relay_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        close_month(period=202611, actor=SYSTEM, at=at + timedelta(days=30))
    return world


def verified(**options: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it said."""
    out = StringIO()
    try:
        call_command("verify_ledger", stdout=out, **options)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def plant(database: str, change: str) -> None:
    """Change the books behind the back of triggers and keys, as only a superuser could."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], dbname=database) as superuser:
        superuser.execute("set session_replication_role = replica")
        assert superuser.execute(change).rowcount == 1


def test_healthy_books_are_right_and_tenants_are_named(books: World) -> None:
    code, said = verified()

    assert code == 0
    assert "acme: right (4 transfers, 2 accruals, 0 payouts, 0 statements)" in said
    assert "globex: right (0 transfers" in said


@pytest.mark.parametrize(
    ("change", "row"),
    [
        pytest.param(
            "update commissions_balance set credits_minor = credits_minor + 1 where "
            + FIRST.format("commissions_balance"),
            "balance is the sum of its transfers",
            id="a balance off by one",
        ),
        pytest.param(
            "update commissions_transfer set amount_minor = amount_minor + 1 where "
            + FIRST.format("commissions_transfer"),
            "accrual equals its transfer",
            id="a transfer rewritten",
        ),
        pytest.param(
            "update commissions_accrual set amount_minor = amount_minor + 1 where "
            + FIRST.format("commissions_accrual"),
            "trace reproduces the accrual",
            id="an accrual raised",
        ),
        pytest.param(
            "update commissions_accrual set clawed_minor = 0 where clawed_minor > 0",
            "clawed total is the sum of clawbacks",
            id="a clawback forgotten",
        ),
        pytest.param(
            "delete from commissions_clawback",
            "every movement has its reason",
            id="a clawback deleted",
        ),
        pytest.param(
            "update commissions_release set amount_minor = amount_minor + 1",
            "release moves what was left",
            id="a release of too much",
        ),
        pytest.param(
            "update commissions_transfer set booked_at = booked_at - interval '1 second', recorded_at = now() where "
            + FIRST.format("commissions_transfer"),
            "month 202611, 2026-11-18: one of its 4 transfers is another",
            id="a transfer whose sums stay right",
        ),
        pytest.param(
            "with gone as (delete from commissions_transfer where kind = 'release' returning *),"
            " one as (update commissions_balance b set debits_minor = debits_minor - g.amount_minor"
            "  from gone g where b.tenant_id = g.tenant_id and b.id = g.debit_account_id),"
            " two as (update commissions_balance b set credits_minor = credits_minor - g.amount_minor"
            "  from gone g where b.tenant_id = g.tenant_id and b.id = g.credit_account_id)"
            " update commissions_release set transfer_id = null, amount_minor = 0",
            "month 202611, 2026-11-18: closed with 4 transfers, there are 3",
            id="a transfer taken out, its balances mended",
        ),
        pytest.param(
            "insert into commissions_transfer (tenant_id, kind, key, journal, debit_account_id, credit_account_id,"
            " amount_minor, currency, partner_id, booked_at, booked_on, period)"
            " select tenant_id, 'accrual', 'planted', journal, debit_account_id, credit_account_id, 5, currency,"
            " partner_id, booked_at, booked_on, period from commissions_transfer where kind = 'accrual' limit 1",
            "no accrual names it",
            id="a transfer put in",
        ),
        pytest.param(
            "update commissions_accrual set trace = jsonb_set(trace, '{rate}', '\"0.21\"') where "
            + FIRST.format("commissions_accrual"),
            "trace reproduces the accrual",
            id="a trace changed",
        ),
        pytest.param(
            "update commissions_accrual set replaced_at = now() where clawed_minor = 0",
            "a replaced reward is wholly taken back",
            id="a reward replaced and still owed",
        ),
        pytest.param(
            "delete from prm_event where id = (select min(id) from prm_event where name = 'commission.earned')",
            "no event tells of it",
            id="an accrual nobody was told of",
        ),
        pytest.param(
            "update commissions_period set totals = jsonb_set(totals, '{EUR,earned}', '1')",
            "closed month keeps its totals",
            id="a closed month's totals changed",
        ),
        pytest.param(
            "update commissions_period set frozen = jsonb_set(frozen, '{language}', '\"it\"')",
            "closed month keeps its digest",
            id="a closed month's words changed",
        ),
        pytest.param(
            "delete from commissions_period",
            "was closed, and its row is gone",
            id="a closed month opened again",
        ),
        pytest.param(
            "update commissions_transfer set period = 202501 where kind = 'release'",
            "transfer names its partner and its period",
            id="a transfer in another period",
        ),
    ],
)
def test_a_planted_fault_is_found(books: World, real_database: str, change: str, row: str) -> None:
    plant(real_database, change)

    code, said = verified(tenant="acme")

    assert code == 1
    assert row in said


def test_an_unknown_tenant_is_an_error(books: World) -> None:
    code, said = verified(tenant="nobody")

    assert (code, said) == (1, "no tenant nobody")
    with tenant_scope(books.acme.id):
        assert Accrual.objects.count() == 2
