"""The real CRM export: a fifth of each sale is owed, paid by one run, stated on six papers; undone, nothing is owed."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from commissions.accruals.models import Accrual
from commissions.accruals.services import release_due
from commissions.ledger.selectors import balances_of
from commissions.payouts.details import PayoutDetails, save_payout_details
from commissions.payouts.models import Payout
from commissions.payouts.services import RunDraft, approve_run, export_run, settle_all, submit_run
from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from commissions.statements.services import issue_statement
from partners.directory.models import Partner
from partners.programs.services import create_program
from prm.events.services import SYSTEM, Actor
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.imports.models import Import
from referrals.imports.undoing import undo_import
from referrals.pipeline.models import Referral
from tests.conftest import World

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "crm-opportunities"
MAPPING = Path(__file__).parents[1] / "referrals" / "imports" / "crm.toml"
OWED = {
    "Melvin Marxen": 450_386_00,
    "Summer Sewald": 392_950_00,
    "Rocco Neubert": 392_109_00,
    "Celia Rouche": 320_779_40,
    "Cara Losch": 226_009_80,
    "Dustin Brinkmann": 218_872_60,
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATA / "sales_pipeline.csv").is_file(),
        reason="../shared/data/crm-opportunities is not on this machine",
    ),
]


@pytest.fixture
def books(world: World, at: datetime, deliver: Callable[[], int]) -> World:
    """Import the file under a plan of 20 % on won, and price all of it."""
    with tenant_scope(world.acme.id):
        program = create_program(name="R", slug="crm", currency="USD", actor=SYSTEM, at=at)
        draft = create_version(
            program_id=program.id,
            terms=PlanTerms((RuleTerms("won", "percent", rate=Decimal("0.2")),)),
            starts_at=datetime(2016, 1, 1, tzinfo=UTC),
            actor=SYSTEM,
            at=at,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)
    call_command(
        "import_referrals",
        tenant="acme",
        program="crm",
        file=DATA / "sales_pipeline.csv",
        mapping=MAPPING,
    )
    deliver()
    # So many rows are priced by a job.
    run_waiting_jobs(world)
    return world


def run_waiting_jobs(world: World) -> None:
    with tenant_scope(world.acme.id):
        waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
    for job_id in waiting:
        run(world.acme.id, job_id)


def owed() -> dict[str, int]:
    return {partner.name: balances_of(partner.id, "USD").owed for partner in Partner.objects.all()}


def test_a_fifth_of_every_sale_is_owed_and_an_undo_takes_it_back(
    books: World, at: datetime
) -> None:
    with tenant_scope(books.acme.id):
        amounts = list(Accrual.objects.values_list("amount_minor", flat=True))
        assert (len(amounts), sum(amounts)) == (4238, 2_001_106_80)
        assert owed() == OWED
        undo_import(import_id=Import.objects.get().id, actor=SYSTEM, at=at)
        assert not Referral.objects.exists()
        # The books keep the partners they name; nothing is owed to them any more.
        assert set(owed().values()) == {0}


def test_one_run_pays_it_all_and_six_statements_agree(books: World, at: datetime) -> None:
    preparer, approver = (
        Actor(user_id=person.id, name=person.name)
        for person in (books.finance, books.second_finance)
    )
    with tenant_scope(books.acme.id):
        while release_due(until=at, at=at):
            pass
        for number, partner in enumerate(Partner.objects.order_by("name")):
            details = PayoutDetails(method="bank", holder=partner.name, number=f"00012345{number}")
            save_payout_details(partner_id=partner.id, details=details, actor=SYSTEM, at=at)
        payout_run = submit_run(draft=RunDraft(pay_on=at.date()), actor=preparer, at=at)
        approve_run(run_id=payout_run.id, digest=payout_run.digest, actor=approver, at=at)
        export_run(run_id=payout_run.id, actor=preparer, at=at)
        settle_all(run_id=payout_run.id, actor=preparer, at=at)
        paid = dict(Payout.objects.values_list("partner__name", "amount_minor"))
        statements = [
            issue_statement(
                partner_id=partner.id,
                currency="USD",
                until_on=at.date(),
                actor=preparer,
                at=at,
                run_id=payout_run.id,
            )
            for partner in Partner.objects.all()
        ]
        by_name = {paper.partner.name: paper for paper in statements}

        assert paid == OWED
        assert {name: paper.earned_minor for name, paper in by_name.items()} == OWED
        assert {name: paper.paid_minor for name, paper in by_name.items()} == OWED
        assert {paper.closing_minor for paper in statements} == {0}
        assert sum(paper.line_count for paper in statements) == 4238 + 6
        assert set(owed().values()) == {0}
    call_command("verify_ledger", tenant="acme")
