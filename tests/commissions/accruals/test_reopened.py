"""A lost deal that comes back keeps what it earned, earns nothing twice, and earns its win like any other."""

from collections.abc import Callable
from datetime import datetime, timedelta

from commissions.accruals.models import Accrual, Clawback
from commissions.verification import faults
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from referrals.revenue.services import win_referral
from tests.builders.commissions import QUALIFIED_150, WON_500, a_plan
from tests.builders.referrals import a_program, a_referral, stage_of
from tests.conftest import World


def move(referral: Referral, kind: str, at: datetime) -> None:
    change_stage(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, kind).id,
        actor=SYSTEM,
        at=at,
        reason="They wait for a budget.",
    )


def earned() -> list[tuple[str, int, int]]:
    rows = Accrual.objects.order_by("source_kind")
    return list(rows.values_list("source_kind", "amount_minor", "clawed_minor"))


def test_a_reopened_referral_keeps_its_bonus_and_earns_its_win_once(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(a_program(), QUALIFIED_150, WON_500)
        referral = a_referral(at, stage="qualified")
    deliver()
    with tenant_scope(world.acme.id):
        move(referral, "lost", at + timedelta(days=1))
    deliver()
    with tenant_scope(world.acme.id):
        after_loss = earned()
        move(referral, "opportunity", at + timedelta(days=2))
        again = Referral.objects.get(id=referral.id)
    deliver()
    with tenant_scope(world.acme.id):
        after_return = earned()
        win_referral(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, "won").id,
            deal=Money(100_000, referral.currency),
            actor=SYSTEM,
            at=at + timedelta(days=3),
        )
    deliver()

    with tenant_scope(world.acme.id):
        assert earned() == [("qualified", 15_000, 0), ("won", 50_000, 0)]
        assert not Clawback.objects.exists()
        assert list(faults()) == []
    assert after_loss == after_return == [("qualified", 15_000, 0)]
    assert (again.closed_at, again.stage_kind) == (None, "opportunity")
