"""A duplicate is merged while its money moves: neither is stopped, and every cent arrives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commissions.accruals import batches, releasing, reversing, services
from commissions.accruals.models import Accrual
from commissions.accruals.services import (
    accrue_chunk,
    accrue_for_events,
    claw_back,
    claw_back_refund,
    release_due,
)
from commissions.accruals.sources import REVENUE, Pending
from commissions.contests import services as contests
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import settle_contest
from commissions.holds.services import approve_early_release, ask_early_releases
from commissions.ledger.selectors import balances_of
from commissions.payouts import services as payouts
from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout, settle_payout
from commissions.statements import disputing
from commissions.statements.disputing import accept_dispute
from commissions.verification import faults
from partners.directory.merging import MergeRefused, merge_partners
from partners.directory.models import Partner
from prm.events.models import QueuedEvent
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue import services as revenue
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal, an_accrual
from tests.builders.contests import TERMS, a_contest
from tests.builders.disputes import disputed, line_of, released, stated
from tests.builders.payouts import bank_details, exported_run, submitted_run
from tests.builders.referrals import a_partner, a_program
from tests.builders.refined import a_refined_plan, bands_at
from tests.commissions.meeting import in_the_middle_of
from tests.conftest import World, make_world

pytestmark = pytest.mark.race
MONTH = timedelta(days=31)


@dataclass(frozen=True)
class Meeting:
    """What happens to the duplicate's money, where it is met, and what the partner that stays is owed in the end."""

    deed: Callable[[], Any]
    place: object
    name: str
    owed_minor: int
    refusals: tuple[type[Exception], ...] = ()


def _sale_of(partner: Partner, at: datetime, program: Any = None) -> tuple[Any, UUID]:
    customer = a_won_deal(at, partner=partner, program=program, company=f"Buyer of {partner.name}")
    return customer, RevenueEvent.objects.get(customer_id=customer.id).id


def _reward_of(partner: Partner, at: datetime) -> Accrual:
    return an_accrual(at, partner=partner, company=f"Buyer of {partner.name}")


def booking(gone: Partner, world: World, at: datetime) -> Meeting:
    _, sale = _sale_of(gone, at)
    return Meeting(
        lambda: accrue_for_events(revenue_event_ids=[sale], actor=SYSTEM, at=at),
        services,
        "book_lines",
        20_000,
    )


def booking_of_a_history(gone: Partner, world: World, at: datetime) -> Meeting:
    program = a_program("history")
    a_partner(gone.name, program=program)
    _, sale = _sale_of(gone, at, program)
    return Meeting(
        lambda: accrue_for_events(revenue_event_ids=[sale], actor=SYSTEM, at=at),
        services,
        "restate",
        10_000,
    )


def booking_of_many(gone: Partner, world: World, at: datetime) -> Meeting:
    _sale_of(gone, at)
    return Meeting(
        lambda: accrue_chunk(kind=REVENUE, pending=Pending(), after=None, actor=SYSTEM, at=at),
        batches,
        "_rule_columns",
        20_000,
    )


def payment_recorded(gone: Partner, world: World, at: datetime) -> Meeting:
    customer, sale = _sale_of(gone, at)
    accrue_for_events(revenue_event_ids=[sale], actor=SYSTEM, at=at)
    return Meeting(lambda: a_payment(customer, 50_000, at), revenue, "_insert_once", 30_000)


def refund(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = _reward_of(gone, at)
    back = record_refund(
        external_id=f"R {gone.name}",
        kind="refund",
        refunds_id=reward.revenue_event_id,  # type: ignore[arg-type]
        amount=Money(25_000, "EUR"),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )
    return Meeting(
        lambda: claw_back_refund(refund_id=back.id, actor=SYSTEM, at=at),
        reversing,
        "post_staged",
        15_000,
    )


def correction(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = _reward_of(gone, at)
    return Meeting(
        lambda: claw_back(
            accrual_id=reward.id, amount_minor=5_000, reason="Wrong", key="k", actor=SYSTEM, at=at
        ),
        reversing,
        "post_staged",
        15_000,
    )


def release(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = _reward_of(gone, at)
    return Meeting(
        lambda: release_due(until=at + MONTH, at=at + MONTH, accrual_ids=[reward.id]),
        releasing,
        "post_staged",
        20_000,
    )


def run(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = _reward_of(gone, at)
    bank_details(gone.id, at=at)
    release_due(until=at + MONTH, at=at + MONTH, accrual_ids=[reward.id])
    return Meeting(
        lambda: submitted_run(at=at + MONTH, user_id=world.finance.id),
        payouts,
        "freeze_staged",
        20_000,
        refusals=(MergeRefused,),
    )


def returned(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = _reward_of(gone, at)
    bank_details(gone.id, at=at)
    release_due(until=at + MONTH, at=at + MONTH, accrual_ids=[reward.id])
    exported_run(at=at + MONTH, user_id=world.finance.id, approver_id=world.second_finance.id)
    payout = Payout.objects.get(partner=gone)
    settle_payout(payout_id=payout.id, actor=SYSTEM, at=at + MONTH)
    return Meeting(
        lambda: return_payout(payout_id=payout.id, reason="Closed", actor=SYSTEM, at=at + MONTH),
        payouts,
        "post_transfer",
        20_000,
    )


def early_end_of_a_hold(gone: Partner, world: World, at: datetime) -> Meeting:
    reward, finance = _reward_of(gone, at), Actor(world.finance.id)
    asked = ask_early_releases(accrual_ids=[reward.id], reason="Please", actor=finance, at=at)
    approver = Actor(world.second_finance.id)
    return Meeting(
        lambda: approve_early_release(request_id=asked[0].id, actor=approver, at=at),
        releasing,
        "post_staged",
        20_000,
    )


def dispute(gone: Partner, world: World, at: datetime) -> Meeting:
    reward = released(at, partner=gone, deal_minor=100_000, company=f"Buyer of {gone.name}")
    stated(gone.id, at)
    open_one = disputed(line_of(reward), at=at)
    return Meeting(
        lambda: accept_dispute(
            dispute_id=open_one.id, correction_minor=700, answer="Yes", actor=SYSTEM, at=at
        ),
        disputing,
        "post_staged",
        20_700,
    )


def prize(gone: Partner, world: World, at: datetime) -> Meeting:
    program = a_program("prize")
    a_partner(gone.name, program=program)
    contest = a_contest(program, prizes=(PrizeTerms(1, amount_minor=50_000),))
    a_won_deal(TERMS.starts_at, partner=gone, program=program, company=f"Buyer of {gone.name}")
    return Meeting(
        lambda: settle_contest(contest_id=contest.id, actor=SYSTEM, at=at),
        contests,
        "_book",
        50_000,
    )


MEETINGS = (
    booking,
    booking_of_a_history,
    booking_of_many,
    payment_recorded,
    refund,
    correction,
    release,
    early_end_of_a_hold,
    dispute,
    prize,
    returned,
    run,
)


def test_money_that_moves_while_its_partner_is_merged(real_database: str, at: datetime) -> None:
    world = make_world()
    tenant_id = world.acme.id
    with tenant_scope(tenant_id):
        a_plan(a_program())
        a_refined_plan(bands_at(900_000), program=a_program("history"))
    seen: dict[str, list[object]] = {}
    wanted: list[tuple[UUID, int]] = []
    for build in MEETINGS:
        with tenant_scope(tenant_id):
            gone, stays = a_partner(f"{build.__name__} twice"), a_partner(build.__name__)
            met = build(gone, world, at)

        def merge(gone: Partner = gone, stays: Partner = stays) -> Any:
            return merge_partners(
                from_id=gone.id, into_id=stays.id, reason="Twice", actor=SYSTEM, at=at + MONTH
            )

        found = in_the_middle_of(met.deed, met.place, met.name, merge, tenant_id=tenant_id)
        errors = [one for one in found if isinstance(one, Exception)]
        if not all(isinstance(one, met.refusals) for one in errors):
            seen[build.__name__] = [*errors]
        # What pays the duplicate refuses the merge.
        refused = any(isinstance(one, MergeRefused) for one in errors)
        wanted += [(gone.id, met.owed_minor * refused), (stays.id, met.owed_minor * (not refused))]
    with tenant_scope(tenant_id):
        # Who is told what takes its time, and is not what this is about.
        booking_events = ["partner.merged", "revenue.recorded"]
        QueuedEvent.objects.exclude(event__name__in=booking_events).delete()
    relay_tenant(tenant_id)

    assert seen == {}
    with tenant_scope(tenant_id):
        assert [(id_, balances_of(id_, "EUR").owed) for id_, _ in wanted] == wanted
        assert [str(fault) for fault in faults()] == []
