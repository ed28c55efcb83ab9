"""Builders of customers, payments and imports."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_referral, stage_of

from prm.events.services import Actor
from prm.money import Money
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_payment, win_referral

SYSTEM = Actor(user_id=None, kind="system")


def a_win(referral: Referral, at: datetime, *, minor: int = 100_000) -> Customer:
    """Win a referral that stands on an open stage."""
    won = stage_of(referral.program_id, "won")
    return win_referral(
        referral_id=referral.id,
        to_stage_id=won.id,
        deal=Money(minor, referral.currency),
        actor=SYSTEM,
        at=at,
    )


def a_customer(at: datetime, *, minor: int = 0, **facts: Any) -> Customer:
    """Win a new referral; without a deal value nothing is booked yet."""
    return a_win(a_referral(at, stage="accepted", **facts), at, minor=minor)


def a_payment(
    customer: Customer, at: datetime, *, minor: int = 50_000, kind: str = "renewal", key: str = ""
) -> RevenueEvent:
    """Book a payment of a customer."""
    return record_payment(
        external_id=key or f"INV-{uuid4()}",
        kind=kind,
        customer_id=customer.id,
        amount=Money(minor, customer.referral.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )


@builds("payment")
def _payment(cast: Cast) -> UUID:
    from tests.conftest import NOON  # noqa: PLC0415  conftest imports the builders

    partner = a_partner(cast.partner.name)
    customer = a_customer(NOON, partner=partner, company=f"Kestrel {uuid4()}")
    return a_payment(customer, NOON).id
