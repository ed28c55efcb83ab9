"""A statement of June comes out the same in December: figures, CSV and PDF; whoever changed it is told on."""

import os
from contextlib import suppress
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from commissions.closing.liability import AsOf, liability
from commissions.statements.keeping import keep_csv, kept_file
from commissions.statements.models import Statement, StatementFile
from commissions.statements.pdf import keep_pdf
from commissions.statements.proving import statement_faults
from commissions.statements.services import issue_statement
from commissions.tax.keeping import FileDiffers
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.brands import PNG, brand_with
from tests.builders.commissions import an_accrual
from tests.builders.payouts import payable
from tests.conftest import make_world

_BINDS = "statement says what its digest binds"
JUNE = datetime.fromisoformat("2026-06-30T20:00:00+00:00")


def _stated_in_june() -> Statement:
    accrual = an_accrual(JUNE - timedelta(days=20), company="Kestrel", deal_minor=105_401)
    payable(accrual.partner_id, 4_000, at=JUNE - timedelta(days=10))
    statement = issue_statement(
        partner_id=accrual.partner_id,
        currency="EUR",
        until_on=date(2026, 6, 30),
        actor=SYSTEM,
        at=JUNE,
    )
    return Statement.objects.get(id=statement.id)


def test_whatever_happens_until_december_the_papers_are_the_same_bytes(acme: Tenant) -> None:
    brand_with(PNG, "#0b6b75")
    statement = _stated_in_june()
    pdf, csv = keep_pdf(statement), keep_csv(statement)
    june = pdf.read_bytes(), csv.read_bytes()
    Partner.objects.filter(id=statement.partner_id).update(name="Renamed", legal_name="Renamed")
    Tenant.objects.filter(slug="acme").update(legal_name="Other Inc", language="it")
    brand_with(b"", "#aa0000")
    # A late fact of June, and one of July: lines of the next statement.
    payable(statement.partner_id, 77, at=JUNE - timedelta(days=1))
    payable(statement.partner_id, 88, at=JUNE + timedelta(days=9))
    pdf.unlink()
    csv.unlink()

    again = Statement.objects.get(id=statement.id)
    december = keep_pdf(again).read_bytes(), keep_csv(again).read_bytes()

    assert december == june
    assert list(statement_faults(print_again=True)) == []
    assert again.closing_minor == 25_080


def test_a_touched_file_is_made_again_and_a_different_one_never_handed_out(acme: Tenant) -> None:
    statement = _stated_in_june()
    path = keep_csv(statement)
    june = path.read_bytes()

    path.write_bytes(june.replace(b"210.80", b"910.80"))
    assert kept_file(statement, "csv") is None
    assert len(list(statement_faults())) == 1
    assert keep_csv(statement).read_bytes() == june

    path.unlink()
    statement.parties["language"] = "it"
    StatementFile.objects.bulk_create(
        [
            StatementFile(
                statement=statement,
                partner_id=statement.partner_id,
                kind="csv",
                language="it",
                sha256="0" * 64,
                byte_count=1,
                made_at=JUNE,
            )
        ]
    )
    with pytest.raises(FileDiffers):
        keep_csv(statement)
    assert kept_file(statement, "csv") is None


def _verified() -> str:
    out = StringIO()
    with suppress(CommandError):
        call_command("verify_statements", stdout=out)
    return out.getvalue()


def _owed(statement: Statement, known_at: datetime) -> int:
    rows = liability(AsOf(statement.period_end, known_at=known_at)).rows
    return sum(row.balance.owed for row in rows if row.partner_id == statement.partner_id)


@pytest.mark.slow
def test_the_books_of_then_still_say_what_the_statement_says(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        statement = _stated_in_june()
    issued = timezone.now()
    with tenant_scope(world.acme.id):
        payable(statement.partner_id, 77, at=JUNE - timedelta(days=1))

    with tenant_scope(world.acme.id):
        assert _owed(statement, issued) == statement.closing_minor == 25_080
        assert _owed(statement, timezone.now()) == 25_157


@pytest.mark.slow
def test_a_superusers_change_is_named(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        statement = _stated_in_june()
        keep_csv(statement)
    assert "acme: right (1 statements, 1 files)" in _verified()

    changes: dict[str, Any] = {
        "the name on the paper": (
            """update commissions_statement set parties = jsonb_set(parties, '{to,name}', '"Somebody"')""",
            """update commissions_statement set parties = jsonb_set(parties, '{to,name}', to_jsonb(%s::text))""",
            [statement.parties["to"]["name"]],
        ),
        "a figure that the old digest left out": (
            "update commissions_statement set on_hold_minor = on_hold_minor + 1",
            "update commissions_statement set on_hold_minor = on_hold_minor - %s",
            [1],
        ),
        "what a line was for": (
            """update commissions_statement_line set detail = detail || '{"person": "Nobody"}' where position = 2""",
            "update commissions_statement_line set detail = detail - %s where position = 2",
            ["person"],
        ),
    }
    with psycopg.connect(
        os.environ["DATABASE_ADMIN_URL"], dbname=real_database, autocommit=True
    ) as superuser:
        superuser.execute("set session_replication_role = replica")
        for change, back, values in changes.values():
            assert superuser.execute(change).rowcount == 1
            assert (
                f"acme: statement {statement.number}: says {statement.digest[:12]}" in _verified()
            )
            with tenant_scope(world.acme.id):
                assert _BINDS in [fault.check for fault in faults()]
            superuser.execute(back, values)
        assert "acme: right" in _verified()
        with tenant_scope(world.acme.id):
            assert _BINDS not in [fault.check for fault in faults()]
        superuser.execute("update commissions_statement_file set sha256 = repeat('a', 64)")
    assert "csv in en: made again it is" in _verified()
