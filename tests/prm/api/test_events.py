"""POST events: each fact of another system counts once, in whatever order and however often it comes."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from prm.api.models import ServerEvent
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from referrals.revenue.models import RevenueEvent
from tests.builders.api import Caller, a_key, a_submission
from tests.builders.referrals import a_partner, stage_of
from tests.conftest import World

MORNING = "2025-11-18T09:00:00Z"


@pytest.fixture
def shop(world: World, at: datetime) -> Caller:
    with tenant_scope(world.acme.id):
        a_partner()
        _, secret = a_key(world.admin, at)
    return Caller(world.acme, secret)


def a_lead(world: World, **more: Any) -> dict[str, Any]:
    with tenant_scope(world.acme.id):
        partner = a_partner()
    return {
        "type": "lead",
        "id": "evt-lead",
        "occurred_at": MORNING,
        "lead_id": "L-1",
        "referral": a_submission(partner=str(partner.id)),
        **more,
    }


def a_payment(kind: str = "sale", event_id: str = "evt-sale", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "id": event_id,
        "occurred_at": MORNING,
        "lead_id": "L-1",
        "amount_minor": 125_000,
        "currency": "EUR",
        **more,
    }


def a_refund(**more: Any) -> dict[str, Any]:
    return {
        "type": "refund",
        "id": "evt-refund",
        "occurred_at": MORNING,
        "refunds": "evt-sale",
        "amount_minor": 25_000,
        "currency": "EUR",
        **more,
    }


def accepted(world: World) -> None:
    """Walk the lead to the last stage before a sale, as people do in the portal."""
    with tenant_scope(world.acme.id):
        referral = Referral.objects.get()
        for kind in ("accepted", "qualified", "opportunity"):
            change_stage(
                referral_id=referral.id,
                to_stage_id=stage_of(referral.program_id, kind).id,
                actor=SYSTEM,
                at=timezone.now(),
            )


def state(world: World) -> tuple[Any, ...]:
    """Everything that a replay must leave as it is."""
    with tenant_scope(world.acme.id):
        return (
            list(Referral.objects.values_list("id", "stage_kind", "deal_minor")),
            list(
                RevenueEvent.objects.order_by("id").values_list(
                    "external_id", "kind", "amount_minor", "refunded_minor"
                )
            ),
            Event.objects.exclude(name="api_key.made").count(),
            ServerEvent.objects.count(),
        )


def test_a_lead_is_sold_renewed_and_refunded(world: World, shop: Caller) -> None:
    lead = shop.post("/events", a_lead(world), key=None)
    accepted(world)

    answers = [
        shop.post("/events", body, key=None)
        for body in (
            a_payment(),
            a_payment("renewal", "evt-renewal", amount_minor=50_000),
            a_refund(),
        )
    ]

    assert [lead.status_code, *(answer.status_code for answer in answers)] == [201] * 4
    assert [answer.json()["status"] for answer in answers] == ["won"] * 3
    referrals, revenue, *_ = state(world)
    assert [(kind, deal) for _, kind, deal in referrals] == [("won", 125_000)]
    assert revenue == [
        ("evt-sale", "sale", 125_000, 25_000),
        ("evt-renewal", "renewal", 50_000, 0),
        ("evt-refund", "refund", 25_000, 0),
    ]


def test_replaying_everything_in_any_order_changes_nothing(world: World, shop: Caller) -> None:
    bodies = [a_lead(world)]
    shop.post("/events", bodies[0], key=None)
    accepted(world)
    bodies += [a_payment(), a_payment("renewal", "evt-renewal"), a_refund()]
    first = {body["id"]: shop.post("/events", body, key=None) for body in bodies[1:]}
    before = state(world)

    again = {body["id"]: shop.post("/events", body, key=None) for body in reversed(bodies)}

    assert state(world) == before
    for name, answer in first.items():
        assert (again[name].status_code, again[name].content) == (200, answer.content)
        assert again[name].headers["Idempotency-Replayed"] == "true"


def test_an_id_for_something_else_is_refused(world: World, shop: Caller) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)
    shop.post("/events", a_payment(), key=None)
    before = state(world)

    other = shop.post("/events", a_payment(amount_minor=1), key=None)

    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert state(world) == before


def test_a_refund_before_its_sale_is_told_so_and_can_be_sent_again(
    world: World, shop: Caller
) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)

    early = shop.post("/events", a_refund(), key=None)
    shop.post("/events", a_payment(), key=None)
    later = shop.post("/events", a_refund(), key=None)

    assert (early.status_code, early.json()["code"]) == (409, "too-early")
    assert (
        early.json()["detail"]
        == "The sale “evt-sale” has not come yet. Send it first, then this again."
    )
    assert later.status_code == 201


def test_a_sale_before_its_lead_or_its_acceptance_is_told_so(world: World, shop: Caller) -> None:
    no_lead = shop.post("/events", a_payment(), key=None)
    shop.post("/events", a_lead(world), key=None)
    not_accepted = shop.post("/events", a_payment(), key=None)
    renewal = shop.post("/events", a_payment("renewal", "evt-renewal"), key=None)

    assert [answer.json()["code"] for answer in (no_lead, not_accepted, renewal)] == [
        "too-early"
    ] * 3
    with tenant_scope(world.acme.id):
        assert not RevenueEvent.objects.exists()


def test_more_than_was_paid_cannot_be_refunded(world: World, shop: Caller) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)
    shop.post("/events", a_payment(), key=None)

    answer = shop.post("/events", a_refund(amount_minor=125_001), key=None)

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "amount_minor", "message": "Only €1,250.00 is left of this sale"}
    ]


def test_another_currency_is_refused(world: World, shop: Caller) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)

    answer = shop.post("/events", a_payment(currency="USD"), key=None)

    assert [error["field"] for error in answer.json()["errors"]] == ["currency"]
    with tenant_scope(world.acme.id):
        assert not RevenueEvent.objects.exists()


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        "0",
        "1.005",
        "1.0",
        "1e400",
        "NaN",
        "Infinity",
        '"100"',
        '"１２"',
        "true",
        "null",
        "10000000000000000000",
        "9" * 5000,
        "[1]",
        "1e3",
    ],
)
def test_odd_amounts_are_refused_at_the_field(world: World, shop: Caller, amount: str) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)
    body = (
        '{"type": "sale", "id": "e", "occurred_at": "2025-11-18T09:00:00Z", "lead_id": "L-1", '
        f'"currency": "EUR", "amount_minor": {amount}}}'
    )

    answer = shop.post("/events", body, key=None)

    assert answer.status_code in {400, 422}
    if answer.status_code == 422:
        assert [error["field"] for error in answer.json()["errors"]] == ["amount_minor"]
    with tenant_scope(world.acme.id):
        assert not RevenueEvent.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "gift"}, "type"),
        ({"type": None}, "type"),
        ({"id": ""}, "id"),
        ({"id": "with blank"}, "id"),
        ({"id": "x" * 121}, "id"),
        ({"occurred_at": "2025-11-18T09:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"currency": "eur"}, "currency"),
        ({"referral": "R-2026-0001"}, "lead_id"),
        ({"lead_id": ""}, "lead_id"),
        ({"amount": 5}, "amount"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(
    world: World, shop: Caller, change: dict[str, Any], field: str
) -> None:
    answer = shop.post("/events", {**a_payment(), **change}, key=None)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert all(error["message"] for error in answer.json()["errors"])


def test_a_referral_of_the_portal_is_sold_by_its_number(world: World, shop: Caller) -> None:
    shop.post("/events", a_lead(world), key=None)
    accepted(world)

    answer = shop.post("/events", a_payment(lead_id="", referral="R-2026-0001"), key=None)

    assert answer.status_code == 201
    assert answer.json()["number"] == "R-2026-0001"


def test_two_leads_cannot_share_a_lead_id(world: World, shop: Caller) -> None:
    shop.post("/events", a_lead(world), key=None)

    other = shop.post("/events", a_lead(world, id="evt-other"), key=None)

    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    with tenant_scope(world.acme.id):
        assert Referral.objects.count() == 1
