"""A win makes a customer and its first sale, once."""

from datetime import datetime

import pytest

from prm.events.models import Event
from prm.money import CurrencyMismatch, Money
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from referrals.pipeline.models import Referral, StageChange
from referrals.pipeline.services import MoveNotAllowed
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import win_referral
from tests.builders.referrals import a_referral, stage_of
from tests.builders.revenue import SYSTEM, a_win


@pytest.fixture
def accepted(acme: Tenant, at: datetime) -> Referral:
    return a_referral(at, stage="accepted", website="https://www.kestrel.example")


def test_a_win_books_the_deal_as_the_customers_first_sale(accepted: Referral, at: datetime) -> None:
    customer = a_win(accepted, at, minor=120_000)
    accepted.refresh_from_db()
    assert (accepted.stage_kind, accepted.deal_minor, accepted.closed_at) == ("won", 120_000, at)
    assert (customer.name, customer.domain, customer.since) == (
        "Kestrel Logistics",
        "kestrel.example",
        at,
    )
    sale = RevenueEvent.objects.get()
    assert (sale.external_id, sale.kind, sale.amount_minor, sale.currency, sale.payment_no) == (
        f"won:{accepted.number}",
        "sale",
        120_000,
        "EUR",
        1,
    )
    change = StageChange.objects.get(to_kind="won")
    won = Event.objects.get(name="referral.won")
    assert won.payload == {
        "referral_id": str(accepted.id),
        "partner_id": str(accepted.partner_id),
        "program_id": str(accepted.program_id),
        "stage_change_id": change.id,
        "revenue_event_id": str(sale.id),
    }
    names = Event.objects.filter(id__gt=0).values_list("name", flat=True)
    assert {"referral.stage_changed", "revenue.recorded"} <= set(names)


def test_a_win_without_a_deal_books_no_sale(accepted: Referral, at: datetime) -> None:
    a_win(accepted, at, minor=0)
    assert Customer.objects.count() == 1
    assert not RevenueEvent.objects.exists()
    assert Event.objects.get(name="referral.won").payload["revenue_event_id"] is None


def test_a_repeat_returns_the_customer_and_writes_nothing(accepted: Referral, at: datetime) -> None:
    first = a_win(accepted, at)
    events = Event.objects.count()
    assert a_win(accepted, at).id == first.id
    assert (Event.objects.count(), RevenueEvent.objects.count()) == (events, 1)


def test_a_second_win_for_another_amount_is_refused(accepted: Referral, at: datetime) -> None:
    a_win(accepted, at, minor=100_000)
    with pytest.raises(KeyReused):
        a_win(accepted, at, minor=200_000)
    assert RevenueEvent.objects.get().amount_minor == 100_000


def test_a_referral_that_may_not_be_won_makes_no_customer(acme: Tenant, at: datetime) -> None:
    waiting = a_referral(at)
    with pytest.raises(MoveNotAllowed):
        a_win(waiting, at)
    assert not Customer.objects.exists()
    assert not RevenueEvent.objects.exists()


def test_a_deal_in_another_currency_is_refused(accepted: Referral, at: datetime) -> None:
    with pytest.raises(CurrencyMismatch):
        win_referral(
            referral_id=accepted.id,
            to_stage_id=stage_of(accepted.program_id, "won").id,
            deal=Money(100, "USD"),
            actor=SYSTEM,
            at=at,
        )
    assert not Customer.objects.exists()
