"""Other systems report what was sold, invoices that are not paid yet, and the money that comes in on them."""

from typing import Any

from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import CashReceipt, RevenueEvent
from tests.builders.api import Caller
from tests.conftest import World
from tests.prm.api.test_events import MORNING, a_lead, a_payment, accepted, shop

__all__ = ["shop"]


def a_receipt(minor: int, event_id: str = "evt-receipt", **more: Any) -> dict[str, Any]:
    return {
        "type": "receipt",
        "id": event_id,
        "occurred_at": MORNING,
        "pays": "evt-sale",
        "amount_minor": minor,
        "currency": "EUR",
        **more,
    }


def test_an_invoice_is_paid_in_parts_and_never_more_than_it_asks(
    world: World, shop: Caller
) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)
    sold: dict[str, Any] = {
        "is_unpaid": True,
        "tax_minor": 25_000,
        "product": "Payroll",
        "term_months": 12,
        "metadata": {"seats": "40"},
    }

    answers = [
        shop.post("/events", body, key=None)
        for body in (
            a_payment(tax_minor=125_001),
            a_payment(**sold),
            a_receipt(50_000),
            a_receipt(50_000),
            a_receipt(75_001, "evt-more"),
            a_receipt(75_000, "evt-rest"),
            a_payment("renewal", "evt-paid", amount_minor=100),
            a_receipt(100, "evt-wrong", pays="evt-paid"),
            a_receipt(100, "evt-early", pays="evt-none"),
        )
    ]

    assert [row.status_code for row in answers] == [422, 201, 201, 200, 422, 201, 201, 422, 409]
    with tenant_scope(world.acme.id):
        sale = RevenueEvent.objects.get(external_id="evt-sale")
        assert (sale.received_minor, sale.tax_minor, sale.product) == (125_000, 25_000, "Payroll")
        assert (sale.term_months, sale.metadata) == (12, {"seats": "40"})
        assert sorted(CashReceipt.objects.values_list("amount_minor", flat=True)) == [
            50_000,
            75_000,
        ]
