"""The rules that practitioners state, each with its figures."""

from decimal import Decimal

import pytest

from commissions.plans.terms import (
    Activity,
    Band,
    Bands,
    Bonus,
    Cap,
    Condition,
    Group,
    Policy,
    Terms,
)
from referrals.attribution.rules import split_minor
from tests.builders.plan_stories import earned, event, fixed, percent, renewals, sums, version


def test_a_fifth_for_life_while_active_with_one_success_a_year() -> None:
    plan = version(percent("0.2", scope="active"), policy=Policy(activity=Activity()))

    story = [
        event("won", "2025-03-10", 1_000),
        event("revenue", "2025-03-10", 1_000),
        *renewals(["2026-03-09", "2026-03-10"], 1_000),
        # A win brings the partner back, also for its old customers, from that day on.
        event("won", "2026-09-01", 500, referral="S"),
        *renewals(["2026-09-01", "2027-08-31", "2027-09-01"], 1_000),
    ]

    assert sums(plan, story) == [0, 20_000, 20_000, 0, 0, 20_000, 20_000, 0]


@pytest.mark.parametrize(("two_stage", "won"), [("additive", 50_000), ("deductible", 45_000)])
def test_fifty_on_qualified_and_the_rest_on_won(two_stage: str, won: int) -> None:
    plan = version(
        fixed(5_000, rule=1, on="qualified"),
        fixed(50_000, rule=2),
        policy=Policy(two_stage=two_stage),
    )

    story = [event("qualified", "2025-01-10"), event("won", "2025-02-10", 9_000)]

    assert sums(plan, story) == [5_000, won]


@pytest.mark.parametrize(("after_loss", "kept"), [("keep", 5_000), ("take_back", 0)])
def test_a_loss_after_qualifying_follows_the_policy(after_loss: str, kept: int) -> None:
    plan = version(fixed(5_000, on="qualified"), policy=Policy(after_loss=after_loss))

    assert sums(plan, [event("qualified", "2025-01-10", lost=True)]) == [kept]


def test_ten_percent_then_fifteen_after_lifetime_sales_of_100_000() -> None:
    bonus = Bonus("threshold", measure="sales", value=10_000_000, uplift_rate=Decimal("0.15"))
    plan = version(percent("0.1", terms=Terms(bonus=bonus)))

    story = [
        event("revenue", "2025-01-10", 60_000),
        event("revenue", "2025-02-10", 39_999),
        event("revenue", "2025-03-10", 1),
        event("revenue", "2025-04-10", 100),
        # Given back: the sum falls, what was reached stays.
        event("refund", "2025-04-11", 60_000),
        event("revenue", "2025-05-10", 100),
    ]

    assert sums(plan, story) == [600_000, 399_990, 15, 1_500, 0, 1_500]


def test_ten_percent_up_to_100_000_and_fifteen_on_the_part_above() -> None:
    bands = Bands((Band(0, Decimal("0.1")), Band(10_000_000, Decimal("0.15"))))
    plan = version(percent("0.1", terms=Terms(bands=bands)))

    story = [event("revenue", "2025-01-10", 90_000), event("revenue", "2025-02-10", 20_000)]

    assert sums(plan, story) == [900_000, 100_000 + 150_000]


def test_an_agency_and_a_source_split_sixty_forty() -> None:
    assert split_minor(50_001, [("source", 10_000, 4_000), ("service", 10_000, 6_000)]) == [
        20_000,
        30_001,
    ]


def test_a_renewal_bonus() -> None:
    every = Terms(groups=(Group((Condition("payment", ("renewal",)),)),))
    second = Terms(bonus=Bonus("renewal", n=2))
    plan = version(
        percent("0.2", rule=1, scope="first"),
        fixed(10_000, rule=2, on="revenue", scope="lifetime", terms=every),
        fixed(25_000, rule=3, on="revenue", scope="lifetime", terms=second),
    )

    story = [
        event("revenue", "2025-01-10", 1_000),
        event("revenue", "2025-06-10", 300, kind="expansion", payment_no=2),
        *renewals(["2026-01-10", "2027-01-10", "2028-01-10"], 1_000),
    ]

    assert earned(plan, story) == [[20_000], [], [10_000], [10_000, 25_000], [10_000]]


def test_the_third_win_of_a_quarter_once() -> None:
    plan = version(fixed(30_000, terms=Terms(bonus=Bonus("nth", n=3, period="quarter"))))
    days = ["2025-01-01", "2025-02-15", "2025-03-31", "2025-03-31", "2025-04-01", "2025-05-01"]

    story = [event("won", day, 100, referral=str(place)) for place, day in enumerate(days)]

    assert sums(plan, story) == [0, 0, 30_000, 0, 0, 0]


def test_preferred_terms_pay_more_than_standard_ones() -> None:
    groups = (
        Group((Condition("standing", ("preferred",)),)),
        Group((Condition("standing", ("standard",)),), rate=Decimal("0.1")),
    )
    plan = version(percent("0.2", terms=Terms(groups=groups)))

    story = [
        event("revenue", "2025-01-10", 1_000, standing="preferred"),
        event("revenue", "2026-01-10", 1_000, standing="standard"),
    ]

    assert sums(plan, story) == [20_000, 10_000]


def test_forty_percent_paid_pay_forty_percent() -> None:
    cash = version(percent("0.2"), policy=Policy(basis="cash"))
    invoice = version(percent("0.2"), policy=Policy(basis="invoice"))

    story = [
        event("revenue", "2025-01-10", 1_000, received_minor=0),
        event("receipt", "2025-02-10", 1_000, received_minor=40_000),
        event("receipt", "2025-03-10", 1_000, received_minor=60_000, received_before_minor=40_000),
    ]

    assert sums(cash, story) == [0, 8_000, 12_000]
    assert sums(invoice, story) == [20_000, 0, 0]


def test_net_of_tax_and_discount() -> None:
    story = [event("revenue", "2025-01-10", 1_220, tax_minor=22_000, discount_minor=10_000)]

    assert sums(version(percent("0.1"), policy=Policy(base="net")), story) == [9_000]
    assert sums(version(percent("0.1"), policy=Policy(caps=(Cap(10**9),))), story) == [12_200]


def test_a_reward_of_the_partners_person_stands_beside_the_companys() -> None:
    plan = version(
        percent("0.1", rule=1, on="won"), fixed(10_000, rule=2, terms=Terms(payee="rep"))
    )

    allowed = earned(plan, [event("won", "2025-01-10", 1_000, payee="7")])
    refused = earned(plan, [event("won", "2025-01-10", 1_000, payee="")])

    assert (allowed, refused) == ([[10_000, 10_000]], [[10_000]])
