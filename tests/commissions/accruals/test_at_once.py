"""Booking beside people who move referrals and decline them: nobody is stopped, nothing stays that is not earned."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest

from commissions.accruals import batches, services, sources
from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_chunk, accrue_for_events
from commissions.accruals.sources import REVENUE, Pending
from commissions.ledger.selectors import balances_of
from commissions.verification import faults
from prm.events.models import QueuedEvent
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.attribution import crediting
from referrals.attribution.crediting import reattribute
from referrals.attribution.holding import decide_hold, hold
from referrals.revenue.models import RevenueEvent
from tests.builders.commissions import a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import a_refined_plan, bands_at
from tests.commissions.meeting import closing_after, in_the_middle_of, waits_or_is_done
from tests.conftest import World, make_world


@pytest.fixture
def real_world(real_database: str) -> World:
    return make_world()


def test_a_referral_moves_while_its_payment_is_booked(real_world: World, at: datetime) -> None:
    tenant_id = real_world.acme.id
    with tenant_scope(tenant_id):
        program = a_program()
        a_plan(program)
        customer = a_won_deal(at, program=program)
        other = a_partner("Second", program=program)
        payment = RevenueEvent.objects.get(customer_id=customer.id)
    first_id, referral_id = customer.partner_id, customer.referral_id

    def move() -> None:
        with tenant_scope(tenant_id):
            reattribute(
                referral_id=referral_id,
                to_partner_id=other.id,
                reason="It was theirs",
                actor=Actor(user_id=real_world.manager.id),
                at=at,
            )

    locked = sources.payments
    with ThreadPoolExecutor(1) as pool:
        moving: list[Future[Any]] = []

        def payments(*args: Any) -> Any:
            found = locked(*args)
            if not moving:
                moving.append(pool.submit(closing_after, move))
                waits_or_is_done(moving[0])
            return found

        with patch.object(services, "payments", payments), tenant_scope(tenant_id):
            accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at)
        moving[0].result(timeout=20)
    relay_tenant(tenant_id)

    with tenant_scope(tenant_id):
        assert (balances_of(first_id, "EUR").owed, balances_of(other.id, "EUR").owed) == (0, 20_000)
        assert [str(fault) for fault in faults()] == []


def test_a_payment_of_a_referral_that_is_moving_is_booked_for_whom_it_comes_to(
    real_world: World, at: datetime
) -> None:
    tenant_id = real_world.acme.id
    with tenant_scope(tenant_id):
        a_refined_plan(bands_at(900_000))
        customer = a_won_deal(at)
        other = a_partner("Second")
        payment = RevenueEvent.objects.get(customer_id=customer.id)
        # The worker comes to the payment while its referral moves.
        QueuedEvent.objects.all().delete()

    found = in_the_middle_of(
        lambda: reattribute(
            referral_id=customer.referral_id,
            to_partner_id=other.id,
            reason="It was theirs",
            actor=Actor(user_id=real_world.manager.id),
            at=at,
        ),
        crediting,
        "_write_credits",
        lambda: accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at),
        tenant_id=tenant_id,
    )
    relay_tenant(tenant_id)

    assert not [one for one in found if isinstance(one, Exception)]
    with tenant_scope(tenant_id):
        owed = [balances_of(id_, "EUR").owed for id_ in (customer.partner_id, other.id)]
        assert owed == [0, 10_000]
        assert [str(fault) for fault in faults()] == []


def test_a_decline_while_its_payments_are_booked_takes_all_of_it_back(
    real_world: World, at: datetime
) -> None:
    tenant_id = real_world.acme.id
    with tenant_scope(tenant_id):
        program = a_program()
        a_plan(program)
        customer = a_won_deal(at, program=program)
        hold(referral_id=customer.referral_id, note="", actor=SYSTEM, at=at)
    # What is booked as it happens is not what this is about.
    with tenant_scope(tenant_id):
        QueuedEvent.objects.all().delete()

    def decline() -> None:
        with tenant_scope(tenant_id):
            decide_hold(
                referral_id=customer.referral_id,
                outcome="declined",
                reason="Their own company",
                actor=Actor(user_id=real_world.manager.id),
                at=at,
            )
        relay_tenant(tenant_id)

    priced = batches._rule_columns
    with ThreadPoolExecutor(1) as pool:
        declining: list[Future[Any]] = []

        def staged(*args: Any) -> Any:
            declining.append(pool.submit(closing_after, decline))
            waits_or_is_done(declining[0])
            return priced(*args)

        with patch.object(batches, "_rule_columns", staged), tenant_scope(tenant_id):
            assert accrue_chunk(
                kind=REVENUE, pending=Pending(), after=None, actor=SYSTEM, at=at
            ) == (1, None)
        declining[0].result(timeout=20)

    with tenant_scope(tenant_id):
        reward = Accrual.objects.get()
        assert (reward.amount_minor, reward.clawed_minor) == (20_000, 20_000)
        assert [str(fault) for fault in faults()] == []
