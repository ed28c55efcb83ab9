"""A referral that leaves a history takes with it what hung on it there: the others' bonuses follow at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from commissions.ledger.selectors import balances_of
from commissions.verification import faults
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import reattribute
from referrals.attribution.holding import decide_hold, hold
from tests.builders.commissions import a_won_deal
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import THIRD_WIN, a_refined_plan
from tests.conftest import World

DAY = timedelta(days=1)
Leaving = Callable[[UUID, Actor, datetime], object]


def _declined(referral_id: UUID, actor: Actor, at: datetime) -> None:
    hold(referral_id=referral_id, note="", actor=SYSTEM, at=at)
    decide_hold(
        referral_id=referral_id, outcome="declined", reason="Their own firm", actor=actor, at=at
    )


def _given_away(referral_id: UUID, actor: Actor, at: datetime) -> None:
    other = a_partner("Other")
    reattribute(
        referral_id=referral_id, to_partner_id=other.id, reason="Theirs", actor=actor, at=at
    )


@pytest.mark.parametrize("leave", [_declined, _given_away])
def test_without_the_first_of_three_wins_there_is_no_third(
    world: World, at: datetime, leave: Leaving
) -> None:
    tenant_id = world.acme.id
    with tenant_scope(tenant_id):
        program, partner = a_program(), a_partner("Cobalt")
        a_refined_plan(THIRD_WIN, program=program)
        first, *_ = (
            a_won_deal(at + number * DAY, program=program, partner=partner, company=f"C{number}")
            for number in range(3)
        )
    relay_tenant(tenant_id)
    with tenant_scope(tenant_id):
        earned = balances_of(partner.id, "EUR").owed
        leave(first.referral_id, Actor(user_id=world.manager.id), at + 4 * DAY)
    relay_tenant(tenant_id)

    with tenant_scope(tenant_id):
        assert (earned, balances_of(partner.id, "EUR").owed) == (30_000, 0)
        assert [str(fault) for fault in faults()] == []
