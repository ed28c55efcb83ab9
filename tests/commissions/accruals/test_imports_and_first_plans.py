"""Imports and backdated first plans earn what their events would have earned one by one; an undo takes it all back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import balances_of
from commissions.plans.services import PlanTerms, create_version, publish_version
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.scope import tenant_scope
from referrals.imports.hooks import run_before_undo
from referrals.pipeline.models import Referral
from tests.builders.commissions import TWENTY_PERCENT, a_plan, a_won_deal
from tests.builders.referrals import a_program
from tests.conftest import World


def test_a_first_plan_that_starts_in_the_past_prices_what_happened_since(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        partner_id = a_won_deal(at).partner_id
    deliver()
    with tenant_scope(world.acme.id):
        assert not Accrual.objects.exists()
        draft = create_version(
            program_id=a_program().id,
            terms=PlanTerms((TWENTY_PERCENT,)),
            starts_at=at - timedelta(days=90),
            actor=SYSTEM,
            at=at,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=at + timedelta(hours=1))

    deliver()

    with tenant_scope(world.acme.id):
        assert balances_of(partner_id, "EUR").pending == 20_000
        assert not Notice.objects.filter(kind="commission.earned").exists()


def test_an_undone_import_leaves_nothing_owed(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    import_id = uuid4()
    with tenant_scope(world.acme.id):
        a_plan()
        imported = a_won_deal(at, company="Imported")
        other = a_won_deal(at, company="Other")
        Referral.objects.filter(id=imported.referral_id).update(import_id=import_id)
    deliver()

    with tenant_scope(world.acme.id):
        run_before_undo(import_id)
        run_before_undo(import_id)

        assert balances_of(imported.partner_id, "EUR").owed == 20_000
        assert Accrual.objects.get(referral_id=imported.referral_id).clawed_minor == 20_000
        assert Accrual.objects.get(referral_id=other.referral_id).clawed_minor == 0
