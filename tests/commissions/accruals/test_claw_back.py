"""Refunds take back at the original line's own rate, to the cent, and the partner is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection

from commissions.accruals.models import Accrual, Clawback
from commissions.accruals.services import (
    ClawbackTooLarge,
    accrue_for_events,
    accrue_for_referrals,
    claw_back,
    claw_back_refund,
    release_due,
)
from commissions.ledger.models import Transfer
from commissions.ledger.selectors import balances_of
from commissions.plans.rules import clawed_target
from commissions.verification import faults
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM
from prm.money import Money
from prm.notices.models import Mail, Notice
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import RefundTooLarge, record_refund
from tests.builders.commissions import WON_500, a_plan, a_won_deal, an_accrual
from tests.builders.referrals import a_program, people_of
from tests.conftest import World, make_world


def a_refund(payment_id: UUID, minor: int, at: datetime, *, name: str = "refund") -> UUID:
    payment = RevenueEvent.objects.get(id=payment_id)
    return record_refund(
        external_id=f"{name}-{payment_id}",
        kind="refund",
        refunds_id=payment_id,
        amount=Money(minor, payment.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    ).id


def payment_of(accrual: Accrual) -> UUID:
    assert accrual.revenue_event_id
    return accrual.revenue_event_id


def test_a_part_takes_back_a_part_from_what_is_on_hold(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at, deal_minor=100_000)

    claw_back_refund(refund_id=a_refund(payment_of(accrual), 40_000, at), actor=SYSTEM, at=at)

    accrual.refresh_from_db()
    assert accrual.clawed_minor == 8_000
    assert balances_of(accrual.partner_id, "EUR").pending == 12_000


@pytest.mark.parametrize("parts", [[1, 1, 1], [33_333, 33_333, 33_334], [99_999, 1], [100_000]])
def test_parts_that_reach_the_whole_leave_exactly_nothing(
    acme: Tenant, at: datetime, parts: list[int]
) -> None:
    accrual = an_accrual(at, deal_minor=sum(parts))

    for number, part in enumerate(parts):
        claw_back_refund(
            refund_id=a_refund(payment_of(accrual), part, at, name=f"r{number}"),
            actor=SYSTEM,
            at=at,
        )

    accrual.refresh_from_db()
    assert accrual.clawed_minor == accrual.amount_minor
    assert balances_of(accrual.partner_id, "EUR").owed == 0


def test_a_repeat_takes_back_nothing_more(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    refund_id = a_refund(payment_of(accrual), 50_000, at)

    claw_back_refund(refund_id=refund_id, actor=SYSTEM, at=at)
    again = claw_back_refund(refund_id=refund_id, actor=SYSTEM, at=at)

    assert again == []
    assert Clawback.objects.count() == 1
    assert balances_of(accrual.partner_id, "EUR").pending == 10_000


def test_after_the_release_it_comes_out_of_what_is_payable(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    later = at + timedelta(days=60)
    release_due(until=later, at=later)

    claw_back_refund(
        refund_id=a_refund(payment_of(accrual), 100_000, later), actor=SYSTEM, at=later
    )

    balance = balances_of(accrual.partner_id, "EUR")
    assert (balance.pending, balance.payable) == (0, 0)


def test_what_was_clawed_before_the_release_is_not_released(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    claw_back_refund(refund_id=a_refund(payment_of(accrual), 25_000, at), actor=SYSTEM, at=at)

    release_due(until=accrual.payable_at, at=accrual.payable_at)

    balance = balances_of(accrual.partner_id, "EUR")
    assert (balance.pending, balance.payable) == (0, 15_000)


def test_a_refund_handled_before_its_reward_is_booked_is_not_lost(
    acme: Tenant, at: datetime
) -> None:
    a_plan()
    payment_id = RevenueEvent.objects.get(customer_id=a_won_deal(at).id).id
    claw_back_refund(refund_id=a_refund(payment_id, 50_000, at), actor=SYSTEM, at=at)

    accrue_for_events(revenue_event_ids=[payment_id], actor=SYSTEM, at=at)

    accrual = Accrual.objects.get()
    assert (accrual.amount_minor, accrual.clawed_minor) == (20_000, 10_000)


def test_the_refund_of_a_won_deal_takes_back_the_bonus_of_the_win(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(a_program(), WON_500)
        customer = a_won_deal(at, deal_minor=100_000)
    deliver()
    with tenant_scope(world.acme.id):
        a_refund(RevenueEvent.objects.get(customer_id=customer.id).id, 100_000, at)
    deliver()

    with tenant_scope(world.acme.id):
        assert Accrual.objects.get(source_kind="won").clawed_minor == 50_000
        assert balances_of(customer.partner_id, "EUR").owed == 0


def test_a_person_takes_back_no_more_than_is_left(acme: Tenant, at: datetime) -> None:
    accrual = an_accrual(at)
    claw_back(
        accrual_id=accrual.id,
        amount_minor=5_000,
        reason="Wrong partner",
        key="k1",
        actor=SYSTEM,
        at=at,
    )

    first = claw_back(
        accrual_id=accrual.id,
        amount_minor=5_000,
        reason="Wrong partner",
        key="k1",
        actor=SYSTEM,
        at=at,
    )
    with pytest.raises(ClawbackTooLarge):
        claw_back(
            accrual_id=accrual.id, amount_minor=15_001, reason="", key="k2", actor=SYSTEM, at=at
        )

    assert first.amount_minor == 5_000
    assert Transfer.objects.filter(kind="clawback").count() == 1


def test_the_partners_admin_is_told_of_both_and_the_rep_of_neither(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_plan()
        customer = a_won_deal(at, partner=people.partner)
    deliver()
    with tenant_scope(world.acme.id):
        a_refund(RevenueEvent.objects.get(customer_id=customer.id).id, 100_000, at)
    deliver()
    deliver()

    with tenant_scope(world.acme.id):
        told = Notice.objects.filter(kind__startswith="commission.").values_list("kind", "user_id")
        assert sorted(told) == [
            ("commission.earned", people.admin.id),
            ("commission.reversed", people.admin.id),
        ]
        mail = Mail.objects.get(kind="commission.reversed")
        assert mail.to == people.admin.email
        assert "€200.00" in mail.subject


def test_a_refund_while_a_win_is_being_booked_waits_for_it(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        a_plan(None, WON_500)
        customer = a_won_deal(at)
        payment = RevenueEvent.objects.get(customer_id=customer.id)

    def refund() -> None:
        try:
            with tenant_scope(world.acme.id):
                claw_back_refund(
                    refund_id=a_refund(payment.id, payment.amount_minor, at), actor=SYSTEM, at=at
                )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(world.acme.id):
            accrue_for_referrals(
                kind="won", referral_ids=[customer.referral_id], actor=SYSTEM, at=at
            )
            done = pool.submit(refund)
            with suppress(TimeoutError):
                done.result(timeout=1)
        done.result(timeout=20)

    with tenant_scope(world.acme.id):
        reward = Accrual.objects.get(source_kind="won")
        assert (reward.amount_minor, reward.clawed_minor) == (50_000, 50_000)


@pytest.mark.parametrize("clawed", [-1, 20_001])
def test_the_table_itself_refuses_more_taken_back_than_earned(
    acme: Tenant, at: datetime, clawed: int
) -> None:
    accrual = an_accrual(at, deal_minor=100_000)

    with pytest.raises(IntegrityError, match="accrual_clawed_within_amount"):
        Accrual.objects.filter(id=accrual.id).update(clawed_minor=clawed)


def test_refunds_and_their_handlers_at_once_take_back_the_reward_once(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        a_plan()
        payment = RevenueEvent.objects.get(customer_id=a_won_deal(at, deal_minor=100_003).id)
    relay_tenant(world.acme.id)

    def refund(number: int) -> None:
        # Five of a third each: three fit, to the cent only if the last takes the rest.
        minor = 33_335 if number % 2 else 33_334
        try:
            with suppress(RefundTooLarge), tenant_scope(world.acme.id):
                a_refund(payment.id, minor, at, name=f"r{number}")
            relay_tenant(world.acme.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(refund, range(5)))
    relay_tenant(world.acme.id)

    with tenant_scope(world.acme.id):
        payment.refresh_from_db()
        left = payment.amount_minor - payment.refunded_minor
        accrual = Accrual.objects.get()
        assert 0 <= left < 33_336
        assert accrual.clawed_minor == clawed_target(
            accrual.amount_minor,
            refunded_minor=payment.refunded_minor,
            paid_minor=payment.amount_minor,
        )
        assert [str(fault) for fault in faults()] == []
    if left:
        with tenant_scope(world.acme.id):
            a_refund(payment.id, left, at, name="rest")
        relay_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        assert balances_of(payment.partner_id, "EUR").owed == 0
        assert [str(fault) for fault in faults()] == []
