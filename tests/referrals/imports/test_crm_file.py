"""A real CRM export goes through the import as it is; data/README.md has the truths."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from partners.directory.models import Enrollment, Partner
from partners.programs.services import create_program
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.imports.models import Import, ImportProblem
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
def crm(world: World, at: datetime) -> World:
    """Give the first tenant a program in dollars."""
    with tenant_scope(world.acme.id):
        create_program(name="Referrals", slug="crm", currency="USD", actor=SYSTEM, at=at)
    return world


def run(*options: str, mapping: Path = MAPPING) -> None:
    call_command(
        "import_referrals",
        *options,
        tenant="acme",
        program="crm",
        file=DATA / "sales_pipeline.csv",
        mapping=mapping,
    )


def test_the_file_gives_the_truths_of_its_readme(
    crm: World, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--dry-run")
    dry = capsys.readouterr().out.replace("would be imported", "imported")
    with tenant_scope(crm.acme.id):
        assert not Import.objects.exists()
        assert not Partner.objects.exists()
    run()
    said = capsys.readouterr().out
    assert said == dry
    assert "USD 10005534.00 in 4238 sales to 4238 customers" in said
    with tenant_scope(crm.acme.id):
        stages = {kind: Referral.objects.filter(stage_kind=kind).count() for kind in STAGES}
        assert stages == STAGES
        assert Referral.objects.count() == 8800
        names = dict(Partner.objects.values_list("id", "name"))
        revenue = dict.fromkeys(names.values(), 0)
        for partner_id, minor in RevenueEvent.objects.values_list("partner_id", "amount_minor"):
            revenue[names[partner_id]] += minor
        assert revenue == BY_MANAGER
        assert sum(revenue.values()) == 10_005_534_00
        # A fifth of every sale is whole cents, so 20 % of all is exact: USD 2,001,106.80.
        assert sum(Decimal(minor) / 5 for minor in revenue.values()) == Decimal(2_001_106_80)
        assert (Customer.objects.count(), Enrollment.objects.count()) == (4238, 6)
        assert Referral.objects.exclude(duplicate_of="").count() == 0
        assert Event.objects.filter(name="import.committed").count() == 1
        # History is no news: nobody is told of 8,800 old stage changes.
        assert not Event.objects.filter(name__startswith="referral.").exists()
        assert_history(Referral.objects.get(external_id="1C1I7A6R"))
        assert Referral.objects.filter(company__startswith="Unknown account (").count() == 1425
        assert not Referral.objects.filter(product="GTXPro").exists()
        assert Referral.objects.values("number").distinct().count() == 8800


def assert_history(first: Referral) -> None:
    """The file's first line: engaged on 20 October 2016, won on 1 March 2017 for 1,054 dollars."""
    assert (first.number, first.company, first.submitted_by_name) == (
        "R-2016-0001",
        "Cancity",
        "Moses Frase",
    )
    assert first.registered_at.date().isoformat() == "2016-10-20"
    steps = StageChange.objects.filter(referral=first).order_by("at", "id")
    found = [(step.from_kind, step.to_kind, str(step.at.date()), step.deal_minor) for step in steps]
    assert found == [
        ("", "submitted", "2016-10-20", None),
        ("submitted", "won", "2017-03-01", 105400),
    ]
    sale = RevenueEvent.objects.get(referral=first)
    assert (sale.external_id, sale.kind, sale.source) == ("import:1C1I7A6R", "sale", "import")
    assert (sale.amount_minor, str(sale.booked_on)) == (105400, "2017-03-01")


def test_what_is_not_decided_stops_the_command_and_nothing_is_written(
    crm: World, tmp_path: Path
) -> None:
    text = MAPPING.read_text().replace('no_date = "import_date"\n', "")
    undecided = tmp_path / "open.toml"
    undecided.write_text(text.replace('no_company = "name"\n', ""))
    with pytest.raises(CommandError, match="1588 rows have errors") as stopped:
        run(mapping=undecided)
    assert stopped.value.returncode == 1
    with tenant_scope(crm.acme.id):
        assert not Referral.objects.exists()
        # 500 rows lack a date, 1,425 an account, 337 rows both; every lack is told.
        assert ImportProblem.objects.filter(severity="error").count() == 1925
