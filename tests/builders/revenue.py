"""Builders of customers, payments and imports."""

from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID, uuid4

from prm.events.services import Actor
from prm.money import Money
from referrals.imports.models import Import
from referrals.imports.services import start_import
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import NOTHING_SAID, Sold, record_payment, win_referral
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of

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
    customer: Customer,
    at: datetime,
    *,
    minor: int = 50_000,
    kind: str = "renewal",
    key: str = "",
    sold: Sold = NOTHING_SAID,
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
        sold=sold,
    )


@builds("payment")
def _payment(cast: Cast) -> UUID:
    return _a_payment_of(cast).id


@builds("invoice")
def _invoice(cast: Cast) -> UUID:
    return _a_payment_of(cast, Sold(unpaid=True)).id


def _a_payment_of(cast: Cast, sold: Sold = NOTHING_SAID) -> RevenueEvent:
    from tests.conftest import NOON

    partner = a_partner(cast.partner.name)
    customer = a_customer(NOON, partner=partner, company=f"Kestrel {uuid4()}")
    return a_payment(customer, NOON, sold=sold)


def an_import(
    text: str, at: datetime, *, name: str = "pipeline.csv", program: Any = None
) -> Import:
    """Begin the import of a file with this content."""
    with NamedTemporaryFile(suffix=".csv") as file:
        file.write(text.encode())
        file.flush()
        return start_import(
            program_id=(program or a_program()).id,
            upload=Path(file.name),
            file_name=name,
            actor=SYSTEM,
            at=at,
        )


@builds("import")
def _import(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return an_import("Company,Stage\nKestrel,Won\n", NOON).id
