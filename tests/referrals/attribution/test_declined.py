"""A won referral that is declined after a look says so to its partner, and earns nothing any more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.verification import faults
from prm.events.services import SYSTEM, Actor
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import reattribute
from referrals.attribution.holding import decide_hold, hold
from referrals.pipeline.models import Referral, StageMove
from referrals.pipeline.services import change_stage
from referrals.revenue.models import Customer
from tests.builders.commissions import a_payment, a_plan, a_won_deal
from tests.builders.referrals import a_partner, people_of, stage_of
from tests.conftest import World

REASON = "It is your own company."


@dataclass(frozen=True)
class Declined:
    """A partner's people, and the customer whose referral was declined after it was won."""

    people: Any
    customer: Customer

    @property
    def referral(self) -> Referral:
        """As it stands now; a scope must be open."""
        return Referral.objects.get(id=self.customer.referral_id)


@pytest.fixture
def declined(world: World, deliver: Callable[[], int]) -> Declined:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        a_plan(hold_days=0)
        customer = a_won_deal(now - timedelta(days=2), partner=people.partner)
    deliver()
    with tenant_scope(world.acme.id):
        referral_id = customer.referral_id
        hold(referral_id=referral_id, note="Secret suspicion", actor=SYSTEM, at=now)
        decide_hold(
            referral_id=referral_id,
            outcome="declined",
            reason=REASON,
            actor=Actor(user_id=world.manager.id),
            at=now,
        )
    deliver()
    return Declined(people, customer)


def page_of(world: World, user: Any, referral_id: Any) -> str:
    client = Client()
    client.force_login(user)
    path = tenant_path(world.acme, "referrals:referral-detail", referral_id=referral_id)
    return client.get(path).text


def test_the_page_says_what_was_decided_and_what_becomes_of_the_money(
    world: World, declined: Declined
) -> None:
    page = page_of(world, declined.people.admin, declined.customer.referral_id)

    assert "Declined after a review" in page
    # In the callout and in the timeline.
    assert page.count(REASON) == 2
    assert "what it had earned is taken back" in page
    assert "Taken back in full" in page
    assert [
        word for word in ("Under review", "Secret suspicion", "Protected until") if word in page
    ] == []


def test_a_later_payment_earns_nothing(
    world: World, declined: Declined, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_payment(declined.customer, 50_000, timezone.now())
    deliver()

    with tenant_scope(world.acme.id):
        rows = Accrual.objects.all()
        assert [(row.amount_minor, row.clawed_minor) for row in rows] == [(20_000, 20_000)]
        assert list(faults()) == []


def test_whoever_takes_it_up_again_takes_the_decline_back(
    world: World, declined: Declined, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        referral = declined.referral
        again = stage_of(referral.program_id, "opportunity")
        StageMove.objects.create(from_stage=referral.stage, to_stage=again)

        change_stage(referral_id=referral.id, to_stage_id=again.id, actor=SYSTEM, at=at)

        after = declined.referral
        assert (after.held_at, after.declined_at, after.declined_reason) == (None, None, "")


def test_the_next_partner_reads_nothing_of_it(
    world: World, declined: Declined, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        reattribute(
            referral_id=declined.customer.referral_id,
            to_partner_id=a_partner("Solea").id,
            reason="They brought it",
            actor=Actor(user_id=world.manager.id),
            at=at,
        )

        after = declined.referral
        assert (after.held_at, after.declined_at, after.declined_reason) == (None, None, "")
