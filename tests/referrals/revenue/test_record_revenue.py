"""Payments and refunds are booked once each, and never more is given back than was paid."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from prm.events.models import Event
from prm.money import CurrencyMismatch, Money
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import (
    NotAPayment,
    RefundTooLarge,
    record_payment,
    record_refund,
)
from tests.builders.revenue import SYSTEM, a_customer, a_payment


@pytest.fixture
def customer(acme: Tenant, at: datetime) -> Customer:
    return a_customer(at)


def refund(payment: RevenueEvent, minor: int, at: datetime, key: str = "CN-1") -> RevenueEvent:
    return record_refund(
        external_id=key,
        kind="refund",
        refunds_id=payment.id,
        amount=Money(minor, "EUR"),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )


def test_payments_are_numbered_in_the_order_they_are_booked(
    customer: Customer, at: datetime
) -> None:
    found = [a_payment(customer, at, key=f"INV-{number}").payment_no for number in (1, 2, 3)]
    assert found == [1, 2, 3]
    assert Event.objects.filter(name="revenue.recorded").count() == 3


def test_the_day_is_the_tenants(customer: Customer) -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert a_payment(customer, late).booked_on.isoformat() == "2026-11-19"


def test_a_replay_returns_the_first_payment_and_changes_nothing(
    customer: Customer, at: datetime
) -> None:
    first = a_payment(customer, at, key="INV-1")
    events = Event.objects.count()
    assert a_payment(customer, at, key="INV-1").id == first.id
    customer.refresh_from_db()
    assert (customer.payment_count, Event.objects.count()) == (1, events)


def test_the_same_reference_with_another_amount_is_refused(
    customer: Customer, at: datetime
) -> None:
    a_payment(customer, at, key="INV-1")
    with pytest.raises(KeyReused):
        a_payment(customer, at, key="INV-1", minor=1)
    assert RevenueEvent.objects.get().amount_minor == 50_000


def test_a_refund_keeps_what_is_left(customer: Customer, at: datetime) -> None:
    payment = a_payment(customer, at, minor=1000)
    refund(payment, 300, at)
    refund(payment, 300, at)
    refund(payment, 700, at, "CN-2")
    payment.refresh_from_db()
    assert payment.refunded_minor == 1000
    told = Event.objects.filter(name="revenue.refunded")
    assert [event.payload["refunds_id"] for event in told] == [str(payment.id)] * 2


def test_more_than_what_is_left_is_refused(customer: Customer, at: datetime) -> None:
    payment = a_payment(customer, at, minor=1000)
    refund(payment, 600, at)
    with pytest.raises(RefundTooLarge) as refused:
        refund(payment, 401, at, "CN-2")
    assert refused.value.left == Money(400, "EUR")
    payment.refresh_from_db()
    assert payment.refunded_minor == 600


def test_the_table_itself_refuses_more_refunds_than_the_payment(
    customer: Customer, at: datetime
) -> None:
    payment = a_payment(customer, at, minor=1000)
    with pytest.raises(IntegrityError, match="revenue_refunds_within_amount"), transaction.atomic():
        RevenueEvent.objects.filter(id=payment.id).update(refunded_minor=1001)


def test_a_booked_row_cannot_be_changed_or_removed(customer: Customer, at: datetime) -> None:
    payment = a_payment(customer, at)
    for statement in (
        "update referrals_revenue_event set amount_minor = 1 where id = %s",
        "delete from referrals_revenue_event where id = %s",
    ):
        with (
            pytest.raises(Exception, match=r"permission denied|refused"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [payment.id])


def test_a_refund_is_no_payment_and_is_not_refunded(customer: Customer, at: datetime) -> None:
    back = refund(a_payment(customer, at, minor=1000), 500, at)
    with pytest.raises(NotAPayment):
        refund(back, 100, at, "CN-2")
    with pytest.raises(NotAPayment):
        a_payment(customer, at, kind="refund")


def test_another_currency_than_the_referrals_is_refused(customer: Customer, at: datetime) -> None:
    with pytest.raises(CurrencyMismatch):
        record_payment(
            external_id="INV-9",
            kind="sale",
            customer_id=customer.id,
            amount=Money(100, "USD"),
            booked_at=at,
            source="form",
            actor=SYSTEM,
            at=at,
        )
