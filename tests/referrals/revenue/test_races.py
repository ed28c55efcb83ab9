"""Two people at once: real connections, real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connections

from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import RefundTooLarge, record_refund
from tests.builders.revenue import SYSTEM, a_customer, a_payment
from tests.conftest import make_world

pytestmark = [pytest.mark.race, pytest.mark.slow]


def at_once(tenant_id: int, *calls: Callable[[], Any]) -> list[Any]:
    """Run each call in its own connection and scope; return results or exceptions."""

    def one(call: Callable[[], Any]) -> Any:
        try:
            with tenant_scope(tenant_id):
                return call()
        except Exception as error:  # noqa: BLE001  what happened is the answer
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def test_two_refunds_at_once_never_give_back_more_than_was_paid(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        payment = a_payment(a_customer(at), at, minor=1000)

    def refund(key: str) -> Callable[[], RevenueEvent]:
        return lambda: record_refund(
            external_id=key,
            kind="refund",
            refunds_id=payment.id,
            amount=Money(600, "EUR"),
            booked_at=at,
            source="form",
            actor=SYSTEM,
            at=at,
        )

    found = at_once(world.acme.id, refund("CN-1"), refund("CN-2"))
    assert {type(one) for one in found} == {RefundTooLarge, RevenueEvent}
    with tenant_scope(world.acme.id):
        payment.refresh_from_db()
        assert payment.refunded_minor == 600


def test_the_same_payment_sent_twice_at_once_is_booked_once(
    real_database: str, at: datetime
) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        customer = a_customer(at)
    again = Customer.objects

    def pay() -> RevenueEvent:
        return a_payment(again.get(id=customer.id), at, key="INV-1")

    found = at_once(world.acme.id, pay, pay, pay)
    assert len({one.id for one in found}) == 1
    with tenant_scope(world.acme.id):
        assert RevenueEvent.objects.count() == 1
        customer.refresh_from_db()
        assert customer.payment_count == 1
