"""A real CRM export goes through the import as it is; data/README.md has the truths."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from partners.directory.models import Enrollment, Partner
from partners.programs.services import create_program
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.undoing import undo_import
from referrals.imports.work import DirectWork
from referrals.pipeline.models import Referral, StageChange
from referrals.revenue.models import Customer, RevenueEvent
from tests.conftest import World

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "crm-opportunities"
MAPPING = Path(__file__).with_name("crm.toml")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATA / "sales_pipeline.csv").is_file(),
        reason="../shared/data/crm-opportunities is not on this machine",
    ),
]
BY_MANAGER = {
    "Melvin Marxen": 2_251_930_00,
    "Summer Sewald": 1_964_750_00,
    "Rocco Neubert": 1_960_545_00,
    "Celia Rouche": 1_603_897_00,
    "Cara Losch": 1_130_049_00,
    "Dustin Brinkmann": 1_094_363_00,
}
STAGES = {"lost": 2473, "opportunity": 1589, "submitted": 500, "won": 4238}


@pytest.fixture
def crm(world: World, at: object) -> Iterator[World]:
    """Give the first tenant a program in dollars."""
    with tenant_scope(world.acme.id):
        create_program(name="Referrals", slug="crm", currency="USD", actor=SYSTEM, at=at)
    yield world


def run(*options: str) -> None:
    call_command(
        "import_referrals",
        tenant="acme",
        program="crm",
        file=DATA / "sales_pipeline.csv",
        mapping=MAPPING,
        *options,
    )


def test_the_file_gives_the_truths_of_its_readme(
    crm: World, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    assert "USD 10005534.00 in 4238 sales to 4238 customers" in capsys.readouterr().out
    with tenant_scope(crm.acme.id):
        assert {kind: Referral.objects.filter(stage_kind=kind).count() for kind in STAGES} == STAGES
        assert Referral.objects.count() == 8800
        revenue = {partner.name: 0 for partner in Partner.objects.all()}
        names = dict(Partner.objects.values_list("id", "name"))
        for partner_id, minor in RevenueEvent.objects.values_list("partner_id", "amount_minor"):
            revenue[names[partner_id]] += minor
        assert revenue == BY_MANAGER
        assert sum(revenue.values()) == 10_005_534_00
        assert Customer.objects.count() == 4238
        assert Enrollment.objects.count() == 6
        # A share of every sale is whole cents: 20 % of whole dollars.
        assert sum(Decimal(minor) / 5 for minor in revenue.values()) == Decimal(200110680)
        assert Referral.objects.exclude(duplicate_of="").count() == 0
        assert Event.objects.filter(name="import.committed").count() == 1
        assert not Event.objects.filter(name__startswith="referral.").exists()


def test_rows_keep_their_history_and_get_numbers_of_their_year(crm: World) -> None:
    run()
    with tenant_scope(crm.acme.id):
        first = Referral.objects.get(external_id="1C1I7A6R")
        assert (first.number, first.company, first.submitted_by_name) == (
            "R-2016-0001",
            "Cancity",
            "Moses Frase",
        )
        assert first.registered_at.date().isoformat() == "2016-10-20"
        steps = (
            StageChange.objects.filter(referral=first)
            .order_by("at", "id")
            .values_list("from_kind", "to_kind", "at__date", "deal_minor")
        )
        assert [(start, end, day.isoformat(), deal) for start, end, day, deal in steps] == [
            ("", "submitted", "2016-10-20", None),
            ("submitted", "won", "2017-03-01", 105400),
        ]
        sale = RevenueEvent.objects.get(referral=first)
        assert (
            sale.external_id,
            sale.kind,
            sale.source,
            sale.amount_minor,
            str(sale.booked_on),
        ) == ("import:1C1I7A6R", "sale", "import", 105400, "2017-03-01")
        assert Referral.objects.filter(product="GTX Pro").exists()
        assert not Referral.objects.filter(product="GTXPro").exists()
        unnamed = Referral.objects.filter(company__startswith="Unknown account (")
        assert unnamed.count() == 1425
        with connection.cursor() as cursor:
            cursor.execute("select count(*), count(distinct number) from referrals_referral")
            assert cursor.fetchone() == (8800, 8800)


def test_what_is_not_decided_stops_the_command_and_nothing_is_written(
    crm: World, tmp_path: Path
) -> None:
    undecided = tmp_path / "open.toml"
    undecided.write_text(
        MAPPING.read_text()
        .replace('no_date = "import_date"\n', "")
        .replace('no_company = "name"\n', "")
    )
    with pytest.raises(
        CommandError, match="1588 rows have errors that the mapping does not decide"
    ) as stopped:
        call_command(
            "import_referrals",
            tenant="acme",
            program="crm",
            file=DATA / "sales_pipeline.csv",
            mapping=undecided,
        )
    assert stopped.value.returncode == 1
    with tenant_scope(crm.acme.id):
        assert not Referral.objects.exists()
        # 500 rows lack a date, 1,425 an account, 337 rows both; every lack is told.
        assert ImportProblem.objects.filter(severity="error").count() == 1925


def test_a_dry_run_says_what_the_import_then_does_and_leaves_nothing(
    crm: World, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--dry-run")
    dry = capsys.readouterr().out.replace("would be imported", "imported")
    with tenant_scope(crm.acme.id):
        assert not Import.objects.exists()
        assert not Partner.objects.exists()
        assert not Referral.objects.exists()
    run()
    assert capsys.readouterr().out == dry


def test_the_same_file_again_adds_nothing(crm: World, capsys: pytest.CaptureFixture[str]) -> None:
    run()
    capsys.readouterr()
    run()
    assert "0 imported, 8800 left out by choice, 0 with errors" in capsys.readouterr().out
    with tenant_scope(crm.acme.id):
        assert Referral.objects.count() == 8800


class Killed(RuntimeError):
    """Stands for kill -9 between two chunks."""


class MortalWork(DirectWork):
    """Dies after its first chunk; without a checkpoint when it is forgetful."""

    def advance(self, done: int, total: int | None = None) -> None:
        """Die on the second chunk."""
        if done > 6000 and total:
            raise Killed


@pytest.mark.parametrize("forgets", [False, True])
def test_a_killed_commit_goes_on_and_writes_nothing_twice(
    crm: World, at: object, forgets: bool
) -> None:
    source = checked(crm, at)
    mortal = MortalWork(crm.acme.id)
    with pytest.raises(Killed):
        commit_rows(mortal, source.id, SYSTEM, at)
    with tenant_scope(crm.acme.id):
        assert Referral.objects.count() == 5000
    report = commit_rows(
        DirectWork(crm.acme.id, checkpoint={} if forgets else mortal.checkpoint),
        source.id,
        SYSTEM,
        at,
    )
    with tenant_scope(crm.acme.id):
        assert Referral.objects.count() == 8800
        assert StageChange.objects.count() == 8800 + 8300
        assert RevenueEvent.objects.count() == 4238
        assert Event.objects.filter(name="import.committed").count() == 1
    assert report["stages"] == STAGES


def test_undo_removes_exactly_what_the_import_made(crm: World, at: object) -> None:
    run()
    with tenant_scope(crm.acme.id):
        source = Import.objects.get()
        before = counts()
        source_report = source.commit_report["ready"]
        assert (source.state, source_report) == (ImportState.COMMITTED, 8800)
    with tenant_scope(crm.acme.id):
        removed = undo_import(import_id=source.id, actor=SYSTEM, at=at)
        assert removed == {
            "sales": 4238,
            "customers": 4238,
            "stage_changes": 17100,
            "referrals": 8800,
            "partners": 6,
            "partners_kept": 0,
        }
        assert set(counts().values()) == {0}
        assert undo_import(import_id=source.id, actor=SYSTEM, at=at) == removed
        assert Event.objects.filter(name="import.undone").count() == 1
    run()
    with tenant_scope(crm.acme.id):
        assert counts() == before


def checked(world: World, at: object) -> Import:
    """Check the CRM file and return its import, ready to commit."""
    from partners.programs.models import Program
    from referrals.imports.presets import mapping_of_toml
    from referrals.imports.rules import mapping_from
    from referrals.imports.services import keep_plain, set_mapping, start_import

    with tenant_scope(world.acme.id):
        kept = mapping_of_toml(MAPPING.read_text()).as_json()
        kept["people"]["file"] = keep_plain(DATA / "sales_teams.csv")[0]
        source = start_import(
            program_id=Program.objects.get().id,
            upload=DATA / "sales_pipeline.csv",
            file_name="p.csv",
            actor=SYSTEM,
            at=at,
        )
        set_mapping(import_id=source.id, mapping=mapping_from(kept), actor=SYSTEM, at=at)
    check_rows(DirectWork(world.acme.id), source.id, at)
    return source


def counts() -> dict[str, int]:
    return {
        model.__name__: model.objects.count()
        for model in (Referral, StageChange, Customer, RevenueEvent, Partner, Enrollment)
    }
