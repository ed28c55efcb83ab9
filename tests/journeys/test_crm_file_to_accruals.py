"""The real CRM export earns its partners exactly a fifth of what they sold; undone, nothing is owed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import balances_of
from commissions.plans.services import PlanTerms, create_version, publish_version
from partners.directory.models import Partner
from partners.programs.services import create_program
from prm.events.services import SYSTEM
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.imports.models import Import
from referrals.imports.undoing import undo_import
from referrals.pipeline.models import Referral
from tests.builders.commissions import TWENTY_PERCENT
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


def test_a_fifth_of_every_sale_is_owed_and_an_undo_takes_it_back(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        program = create_program(name="R", slug="crm", currency="USD", actor=SYSTEM, at=at)
        draft = create_version(
            program_id=program.id,
            terms=PlanTerms((TWENTY_PERCENT,)),
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
    with tenant_scope(world.acme.id):
        waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
    for job_id in waiting:
        run(world.acme.id, job_id)
    with tenant_scope(world.acme.id):
        amounts = list(Accrual.objects.values_list("amount_minor", flat=True))
        assert (len(amounts), sum(amounts)) == (4238, 2_001_106_80)
        assert owed() == OWED
        undo_import(import_id=Import.objects.get().id, actor=SYSTEM, at=at)
        assert not Referral.objects.exists()
        # The books keep the partners they name; nothing is owed to them any more.
        assert set(owed().values()) == {0}


def owed() -> dict[str, int]:
    return {partner.name: balances_of(partner.id, "USD").owed for partner in Partner.objects.all()}
