"""Payments, refunds, splits and moves in any order: what is credited stays a fifth of what the customer paid."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from commissions.accruals.models import Accrual
from partners.directory.models import Partner
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import reattribute, set_credits
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World

STEPS = 12


def _refund(draw: random.Random, customer: Customer, at: datetime) -> None:
    payments = RevenueEvent.objects.filter(customer_id=customer.id, refunds_id=None).order_by("id")
    paid = [row for row in payments if row.amount_minor > row.refunded_minor]
    if not paid:
        return
    payment = draw.choice(paid)
    part = draw.randint(1, payment.amount_minor - payment.refunded_minor)
    record_refund(
        external_id=str(uuid4()),
        kind="refund",
        refunds_id=payment.id,
        amount=Money(part, payment.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )


def _step(
    draw: random.Random, customer: Customer, partners: Sequence[Partner], at: datetime
) -> None:
    what = draw.choice(["pay", "refund", "split", "move"])
    if what == "pay":
        a_payment(customer, draw.choice([1, 3, 1_009, 333_333]), at)
    elif what == "refund":
        _refund(draw, customer, at)
    elif what == "split":
        part = draw.choice([1, 3_333, 5_000])
        one, other = draw.sample(list(partners), 2)
        parts = [(one.id, "source", part), (other.id, "source", 10_000 - part)]
        set_credits(
            referral_id=customer.referral_id, credits=parts, reason="Agreed", actor=SYSTEM, at=at
        )
    else:
        owner = Referral.objects.get(id=customer.referral_id).partner_id
        goal = draw.choice([row.id for row in partners if row.id != owner])
        reattribute(
            referral_id=customer.referral_id,
            to_partner_id=goal,
            reason="Agreed",
            actor=SYSTEM,
            at=at,
        )


@pytest.mark.parametrize(("seed", "currency"), [(1, "EUR"), (2, "JPY"), (3, "BHD"), (4, "EUR")])
def test_what_is_credited_is_a_fifth_of_what_was_paid(
    world: World, deliver: Callable[[], int], at: datetime, seed: int, currency: str
) -> None:
    draw = random.Random(seed)
    with tenant_scope(world.acme.id):
        program = a_program(currency=currency)
        a_plan(program)
        partners = [a_partner(name) for name in ("Brightwater", "Solea", "Third")]
        customer = a_won_deal(at, deal_minor=100_003, partner=partners[0])
    deliver()
    for number in range(STEPS):
        with tenant_scope(world.acme.id):
            customer.refresh_from_db()
            _step(draw, customer, partners, at + timedelta(days=number + 1))
        deliver()

    with tenant_scope(world.acme.id):
        credited: dict[UUID | None, int] = {}
        for row in Accrual.objects.all():
            left = row.amount_minor - row.clawed_minor
            credited[row.revenue_event_id] = credited.get(row.revenue_event_id, 0) + left
        for payment in RevenueEvent.objects.filter(refunds_id=None):
            kept = payment.amount_minor - payment.refunded_minor
            assert abs(5 * credited.get(payment.id, 0) - kept) <= 5, (payment.amount_minor, kept)
