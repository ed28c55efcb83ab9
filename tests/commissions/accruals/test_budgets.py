"""What a plan's budget has no room for waits in order, is told of once, and is never lost."""

from collections.abc import Callable
from datetime import datetime, timedelta

from commissions.accruals.models import Accrual, WaitingReward
from commissions.accruals.queueing import book_waiting
from commissions.accruals.services import accrue_for_referrals, claw_back_rest
from commissions.accruals.tasks import book_waiting_rewards
from commissions.ledger.selectors import balances_of
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Budget, Policy
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import Customer
from tests.builders.commissions import a_won_deal
from tests.builders.people import a_member
from tests.builders.referrals import a_program
from tests.builders.refined import a_refined_plan
from tests.conftest import World

FIFTY = RuleTerms("won", "fixed", amount_minor=5_000)
MONTHLY = Policy(budget=Budget(12_000, "month"))


def _won(customer: Customer, at: datetime) -> None:
    accrue_for_referrals(kind="won", referral_ids=[customer.referral_id], actor=SYSTEM, at=at)


def _waiting() -> list[int]:
    rows = WaitingReward.objects.filter(booked_at=None, dropped_at=None)
    return list(rows.order_by("earned_at").values_list("amount_minor", flat=True))


def test_the_third_of_a_month_waits_for_the_next_in_order(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    boss = a_member(world.acme, Role.PROGRAM_ADMIN, "boss@acme.example")
    with tenant_scope(world.acme.id):
        a_refined_plan(FIFTY, policy=MONTHLY)
        deals = [a_won_deal(at + timedelta(hours=place), company=f"C{place}") for place in range(4)]
    deliver()

    with tenant_scope(world.acme.id):
        assert (Accrual.objects.count(), _waiting()) == (2, [5_000, 5_000])
        assert Event.objects.filter(name="plan.budget_reached").count() == 1
        assert Notice.objects.filter(kind="plan.budget_reached", user=boss).count() == 1
        assert book_waiting(program_id=a_program().id, actor=SYSTEM, at=at) == 0
        next_month = at + timedelta(days=30)
        assert book_waiting(program_id=a_program().id, actor=SYSTEM, at=next_month) == 2
        order = Accrual.objects.order_by("id").values_list("referral_id", flat=True)
        assert list(order) == [deal.referral_id for deal in deals]
        assert balances_of(deals[0].partner_id, "EUR").owed == 20_000
        assert (_waiting(), list(faults())) == ([], [])


def test_nobody_overtakes_the_queue_and_what_is_taken_back_makes_room(
    acme: Tenant, at: datetime
) -> None:
    a_refined_plan(FIFTY, RuleTerms("qualified", "fixed", amount_minor=100), policy=MONTHLY)
    deals = [a_won_deal(at + timedelta(hours=place), company=f"C{place}") for place in range(3)]
    for deal in deals:
        _won(deal, at)
    assert _waiting() == [5_000]

    first = Accrual.objects.order_by("id").first()
    assert first is not None
    claw_back_rest(accrual_ids=[first.id], reason="Agreed", key="k", actor=SYSTEM, at=at)
    later = a_won_deal(at + timedelta(hours=9), company="Later")
    _won(later, at)

    assert _waiting() == [5_000, 5_000]
    assert book_waiting(program_id=a_program().id, actor=SYSTEM, at=at) == 1
    assert Accrual.objects.order_by("id").last().referral_id == deals[2].referral_id  # type: ignore[union-attr]
    assert not list(faults())


def test_a_reward_larger_than_the_budget_has_a_period_for_itself(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_refined_plan(
            RuleTerms("won", "fixed", amount_minor=20_000), policy=Policy(budget=Budget(12_000))
        )
        one, two = (
            a_won_deal(at + timedelta(hours=place), company=f"C{place}") for place in (1, 2)
        )
        _won(two, at)
        _won(one, at)
        assert (Accrual.objects.get().referral_id, _waiting()) == (one.referral_id, [20_000])
        ids = list(Accrual.objects.values_list("id", flat=True))
        claw_back_rest(accrual_ids=ids, reason="Agreed", key="k", actor=SYSTEM, at=at)

    book_waiting_rewards()

    with tenant_scope(world.acme.id):
        assert Accrual.objects.count() == 2
