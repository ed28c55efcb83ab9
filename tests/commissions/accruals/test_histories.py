"""Plans that look at a partner's history book the same whatever way its events arrive."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from commissions.accruals.crediting import recredit
from commissions.accruals.models import Accrual, PricedEvent
from commissions.accruals.services import (
    accrue_for_events,
    accrue_for_receipts,
    accrue_for_referrals,
    accrue_pending,
    claw_back,
    claw_back_refund,
)
from commissions.ledger.selectors import balances_of
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Condition, Group, Policy, Terms
from commissions.verification import faults
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import reattribute, set_credits
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_won_deal
from tests.builders.people import a_tenant
from tests.builders.referrals import a_partner, a_referral, stage_of
from tests.builders.refined import Year, a_refined_plan, a_year, an_invoice, bands_at, live_amounts
from tests.conftest import World

DAY = timedelta(days=1)


def _handle(kind: str, id_: UUID, at: datetime) -> None:
    if kind == "revenue":
        accrue_for_events(revenue_event_ids=[id_], actor=SYSTEM, at=at)
    else:
        accrue_for_referrals(kind=kind, referral_ids=[id_], actor=SYSTEM, at=at)


def _booked(
    name: str, at: datetime, book: Callable[[Tenant, Year], None]
) -> tuple[list[tuple[datetime, str, int, int]], int]:
    """Tell a new tenant the year, book it in some way; return what counts and what is owed."""
    tenant = a_tenant(name)
    with tenant_scope(tenant.id):
        a_refined_plan()
        year = a_year(at)
    book(tenant, year)
    with tenant_scope(tenant.id):
        assert [str(fault) for fault in faults()] == []
        return live_amounts(), balances_of(year.partner_id, "EUR").owed


def test_one_by_one_in_any_order_and_as_a_batch_the_books_end_the_same(
    world: World, at: datetime
) -> None:
    end = at + 200 * DAY

    def in_order(seed: int | None) -> Callable[[Tenant, Year], None]:
        def book(tenant: Tenant, year: Year) -> None:
            steps = [*year.events, *(("refund", id_) for id_ in year.refunds)]
            if seed is not None:
                Random(seed).shuffle(steps)
            for kind, id_ in steps:
                with tenant_scope(tenant.id):
                    if kind == "refund":
                        claw_back_refund(refund_id=id_, actor=SYSTEM, at=end)
                    else:
                        _handle(kind, id_, end)

        return book

    def batch(tenant: Tenant, year: Year) -> None:
        accrue_pending(tenant.id, at=end, limit=2)

    told = _booked("told", at, in_order(None))

    assert [amount for _, _, amount, _ in told[0]] == [
        # Each referral: 50 on qualified, 10 % of its sale, 450 of 500 on won; the third win 300 more.
        5_000, 6_000, 45_000,
        5_000, 6_000, 45_000,
        5_000, 6_000, 30_000, 45_000,
        # Renewals: the third takes the sum over 2,700.00, a refund brings it below again before the last.
        3_333, 3_333, 3_834, 2_945,
    ]  # fmt: skip
    assert _booked("shuffled-1", at, in_order(1)) == told
    assert _booked("shuffled-2", at, in_order(2)) == told
    assert _booked("batch", at, batch) == told


def test_a_late_payment_moves_what_came_after_it_into_its_band(acme: Tenant, at: datetime) -> None:
    a_refined_plan(bands_at(150_000))
    customer = a_won_deal(at, deal_minor=100_000)
    sale = RevenueEvent.objects.get(customer=customer)
    early, late = at + 10 * DAY, at + 20 * DAY
    _handle("revenue", sale.id, at)
    an_event = _renewal(customer, 50_000, late)
    _handle("revenue", an_event.id, late)
    assert balances_of(customer.partner_id, "EUR").owed == 15_000

    # Booked by the vendor before the other, told to us after it: the other one is above the edge now.
    _handle("revenue", _renewal(customer, 50_000, early).id, late)

    assert [row[2:] for row in live_amounts()] == [(10_000, 0), (5_000, 0), (7_500, 0)]
    assert balances_of(customer.partner_id, "EUR").owed == 22_500
    replaced = Accrual.objects.get(replaced_at__isnull=False)
    assert (replaced.amount_minor, replaced.clawed_minor) == (5_000, 5_000)
    assert not list(faults())


def test_what_a_person_corrected_stays_corrected_when_it_is_computed_anew(
    acme: Tenant, at: datetime
) -> None:
    a_refined_plan(bands_at(150_000))
    customer = a_won_deal(at, deal_minor=100_000)
    paid = _renewal(customer, 50_000, at + 20 * DAY)
    _handle("revenue", paid.id, at + 20 * DAY)
    line = Accrual.objects.get(revenue_event_id=paid.id)
    claw_back(accrual_id=line.id, amount_minor=1_000, reason="Agreed", key="k", actor=SYSTEM, at=at)

    _handle("revenue", _renewal(customer, 50_000, at + 10 * DAY).id, at + 21 * DAY)

    line = Accrual.objects.get(revenue_event_id=paid.id, replaced_at=None)
    assert (line.amount_minor, line.clawed_minor, line.generation) == (7_500, 1_000, 1)
    assert not list(faults())


def test_forty_percent_paid_earn_forty_percent_and_a_refund_takes_its_part(
    acme: Tenant, at: datetime
) -> None:
    rule = RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="lifetime")
    a_refined_plan(rule, policy=Policy(basis="cash"))
    customer = a_won_deal(at, deal_minor=0)
    first, second = an_invoice(customer, 100_000, at, 40_000, 60_000)
    invoice = RevenueEvent.objects.get()
    _handle("revenue", invoice.id, at)
    assert [row.source_kind for row in _lines()] == ["receipt", "receipt"]

    accrue_for_receipts(receipt_ids=[first, second], actor=SYSTEM, at=at)
    record_refund(
        external_id="R",
        kind="refund",
        refunds_id=invoice.id,
        amount=Money(50_000, "EUR"),
        booked_at=at + 9 * DAY,
        source="form",
        actor=SYSTEM,
        at=at + 9 * DAY,
    )
    refund = RevenueEvent.objects.get(kind="refund")
    claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at + 9 * DAY)

    assert [(row.source_kind, row.amount_minor, row.clawed_minor) for row in _lines()] == [
        ("receipt", 8_000, 4_000),
        ("receipt", 12_000, 6_000),
    ]
    assert not list(faults())


def test_money_that_came_in_follows_the_credit_without_what_was_given_back(
    acme: Tenant, at: datetime
) -> None:
    rule = RuleTerms("revenue", "percent", rate=Decimal("0.2"), scope="lifetime")
    a_refined_plan(rule, policy=Policy(basis="cash"))
    customer = a_won_deal(at, deal_minor=0)
    mine, other, third = customer.partner_id, a_partner("Other").id, a_partner("Third").id
    receipts = an_invoice(customer, 100_000, at, 40_000, 60_000)
    accrue_for_receipts(receipt_ids=receipts, actor=SYSTEM, at=at)
    refund = record_refund(
        external_id="R",
        kind="refund",
        refunds_id=RevenueEvent.objects.get().id,
        amount=Money(50_000, "EUR"),
        booked_at=at + 9 * DAY,
        source="form",
        actor=SYSTEM,
        at=at + 9 * DAY,
    )
    claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at + 9 * DAY)
    changes: dict[str, Any] = {"referral_id": customer.referral_id, "actor": SYSTEM, "at": at}

    set_credits(
        credits=[(mine, "source", 4_000), (other, "source", 6_000)], reason="Both", **changes
    )
    lines = [recredit(**changes), recredit(**changes)]
    shared = [balances_of(id_, "EUR").owed for id_ in (mine, other, third)]
    reattribute(to_partner_id=third, reason="Theirs", **changes)
    lines += [recredit(**changes), recredit(**changes)]

    assert shared == [4_000, 6_000, 0]
    assert [balances_of(id_, "EUR").owed for id_ in (mine, other, third)] == [0, 0, 10_000]
    # Two receipts: a line for each of the two partners, then one each.
    assert lines == [4, 0, 2, 0]
    assert not list(faults())


def test_an_edit_of_the_referral_changes_no_reward(acme: Tenant, at: datetime) -> None:
    groups = (
        Group((Condition("country", ("IT",)),)),
        Group((Condition("country", ("FR",)),), rate=Decimal("0.5")),
    )
    rule = RuleTerms(
        "revenue", "percent", rate=Decimal("0.2"), scope="lifetime", terms=Terms(groups)
    )
    a_refined_plan(rule, policy=Policy())
    customer = a_won_deal(at, deal_minor=10_000)
    Referral.objects.filter(id=customer.referral_id).update(country="IT")
    sale = RevenueEvent.objects.get(customer=customer)
    _handle("revenue", sale.id, at)

    Referral.objects.filter(id=customer.referral_id).update(country="FR")
    _handle("revenue", sale.id, at)
    _handle("revenue", _renewal(customer, 10_000, at + DAY).id, at + DAY)

    assert [row.amount_minor for row in _lines()] == [2_000, 5_000]
    assert PricedEvent.objects.count() == 3


def test_a_lost_referral_gives_its_bonus_back_and_earns_it_again(
    world: World, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        rule = RuleTerms("qualified", "fixed", amount_minor=5_000)
        a_refined_plan(rule, policy=Policy(after_loss="take_back"))
        referral = a_referral(at, stage="qualified")
    deliver()
    owed = [_owed(world.acme, referral)]

    for place, kind in enumerate(("lost", "opportunity"), start=1):
        with tenant_scope(world.acme.id):
            change_stage(
                referral_id=referral.id,
                to_stage_id=stage_of(referral.program_id, kind).id,
                actor=SYSTEM,
                at=at + place * DAY,
                reason="No budget" if kind == "lost" else "",
            )
        deliver()
        owed.append(_owed(world.acme, referral))

    assert owed == [5_000, 0, 5_000]


def _owed(tenant: Tenant, referral: Referral) -> int:
    with tenant_scope(tenant.id):
        assert not list(faults())
        return balances_of(referral.partner_id, "EUR").owed


def _lines() -> list[Accrual]:
    return list(Accrual.objects.filter(replaced_at=None).order_by("earned_at", "id"))


def _renewal(customer: Customer, minor: int, at: datetime) -> RevenueEvent:
    from tests.builders.commissions import a_payment

    return a_payment(customer, minor, at)
