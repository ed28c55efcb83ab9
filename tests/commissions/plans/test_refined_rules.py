"""Boundaries of bands, bonuses, conditions, caps, activity and preferred terms; laws that hold for any story."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commissions.plans.activity import active_on, inactive_from, keeps_preferred
from commissions.plans.amounts import part_of, parts_in
from commissions.plans.checks import check_policy, check_terms
from commissions.plans.rules import Happening, priced_history, reproduced_minor
from commissions.plans.shapes import CapUse
from commissions.plans.stored import UnknownTerms
from commissions.plans.terms import (
    Activity,
    Band,
    Bands,
    Bonus,
    Cap,
    Condition,
    Group,
    Policy,
    Preferred,
    Terms,
    TermsInvalid,
    bands_from,
)
from prm.money import Money
from tests.builders.plan_stories import event, fixed, percent, sums, version

THREE = (Band(0, Decimal("0.1")), Band(100, Decimal("0.2")), Band(300, Decimal("0.3")))


@pytest.mark.parametrize(
    ("mode", "before", "own", "parts"),
    [
        ("marginal", 0, 100, [(100, "0.1")]),
        ("marginal", 0, 101, [(100, "0.1"), (1, "0.2")]),
        ("marginal", 99, 1, [(1, "0.1")]),
        ("marginal", 100, 1, [(1, "0.2")]),
        ("marginal", 50, 300, [(50, "0.1"), (200, "0.2"), (50, "0.3")]),
        ("whole", 0, 100, [(100, "0.1")]),
        ("whole", 0, 101, [(101, "0.2")]),
        ("whole", 299, 1, [(1, "0.2")]),
        ("whole", 299, 2, [(2, "0.3")]),
    ],
)
def test_a_band_ends_with_its_last_cent(
    mode: str, before: int, own: int, parts: list[tuple[int, str]]
) -> None:
    found = parts_in(Bands(THREE, mode=mode), before=before, own=own)

    assert [(part.size, str(part.rate)) for part in found] == parts


@given(
    starts=st.lists(st.integers(1, 10_000), max_size=6, unique=True),
    before=st.integers(0, 12_000),
    own=st.integers(1, 12_000),
    mode=st.sampled_from(["marginal", "whole"]),
)
def test_bands_leave_no_gap_and_no_overlap(
    starts: list[int], before: int, own: int, mode: str
) -> None:
    bands = Bands(tuple(Band(start, Decimal("0.1")) for start in [0, *sorted(starts)]), mode=mode)

    parts = list(parts_in(bands, before=before, own=own))

    assert sum(part.size for part in parts) == own
    assert mode == "marginal" or len(parts) == 1


@given(whole=st.integers(0, 10**9), cuts=st.lists(st.integers(0, 10**6), max_size=8))
def test_parts_of_an_invoice_add_up(whole: int, cuts: list[int]) -> None:
    marks = sorted({0, *cuts, 10**6})

    parts = [
        part_of(whole, now=after - before, before=before, of=10**6)
        for before, after in pairwise(marks)
    ]

    assert sum(parts) == whole


def test_the_fifth_win_lies_in_the_band_below_six() -> None:
    bands = Bands((Band(0, amount_minor=100), Band(5, amount_minor=200)), measure="count")
    story = [event("won", "2025-01-10", 10, referral=str(place)) for place in range(7)]

    assert sums(version(fixed(1, terms=Terms(bands=bands))), story) == [100] * 5 + [200] * 2


def test_a_sum_counts_no_other_currency() -> None:
    bands = Bands((Band(0, Decimal("0.1")), Band(10_000, Decimal("0.2"))))
    plan = version(percent("0.1", terms=Terms(bands=bands), rule=2), number=2)
    before = replace(version(percent("0.1")), currency="USD")
    dollars = replace(event("revenue", "2025-01-10", 100), base=Money(10_000, "USD"))
    euro = event("revenue", "2025-01-11", 100)

    priced = priced_history([Happening(dollars, before), Happening(euro, plan)])

    assert [draft.amount for _, (draft,) in priced] == [Money(1_000, "USD"), Money(1_000, "EUR")]


def test_bands_begin_anew_each_year() -> None:
    bands = Bands((Band(0, Decimal("0.1")), Band(10_000, Decimal("0.2"))), period="year")
    plan = version(percent("0.1", terms=Terms(bands=bands)))
    days = ["2025-12-30", "2025-12-31", "2026-01-01"]

    assert sums(plan, [event("revenue", day, 100) for day in days]) == [1_000, 2_000, 1_000]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([(0, 100), (200, None)], "gap"),
        ([(0, 100), (50, None)], "overlap"),
        ([(10, None)], "starts_late"),
        ([(0, 100)], "ends"),
        ([(0, None), (100, None)], "gap"),
        ([], "empty"),
    ],
)
def test_bands_with_a_gap_or_an_overlap_are_refused(
    rows: list[tuple[int, int | None]], code: str
) -> None:
    with pytest.raises(TermsInvalid) as refused:
        bands_from([(start, end, Decimal("0.1"), None) for start, end in rows])

    assert refused.value.code == code


def test_the_first_group_that_holds_decides() -> None:
    groups = (
        Group((Condition("product", ("Payroll",)), Condition("country", ("IT", "ES")))),
        Group((Condition("deal", least=500_000, below=1_000_000),), rate=Decimal("0.3")),
        Group((Condition("metadata", ("gold",), key="plan"),), amount_minor=777),
    )
    plan = version(percent("0.1", terms=Terms(groups=groups)))
    story = [
        event("revenue", "2025-01-10", 100, product="payroll ", country="it", deal_minor=600_000),
        event("revenue", "2025-01-10", 100, product="Payroll", country="FR", deal_minor=500_000),
        event("revenue", "2025-01-10", 100, deal_minor=1_000_000, metadata=(("Plan", "Gold"),)),
        event("revenue", "2025-01-10", 100),
    ]

    assert sums(plan, story) == [1_000, 3_000, 777, 0]


def test_a_streak_needs_every_month_and_starts_anew() -> None:
    plan = version(fixed(500, terms=Terms(bonus=Bonus("streak", n=3, period="month"))))
    days = ["2025-01-31", "2025-02-01", "2025-02-28", "2025-03-15", "2025-03-16", "2025-05-01"]

    story = [event("won", day, 1, referral=str(place)) for place, day in enumerate(days)]

    assert sums(plan, story) == [0, 0, 0, 500, 0, 0]


def test_a_threshold_pays_once_even_when_the_sum_falls_below_it_again() -> None:
    bonus = Bonus("threshold", measure="revenue", value=100_000)
    plan = version(fixed(5_000, on="revenue", scope="lifetime", terms=Terms(bonus=bonus)))
    story = [
        event("revenue", "2025-01-10", 999),
        event("revenue", "2025-01-11", 1),
        event("refund", "2025-01-12", 999),
        event("revenue", "2025-01-13", 2_000),
    ]

    assert sums(plan, story) == [0, 5_000, 0, 0]


@given(
    amounts=st.lists(st.integers(1, 2_000), min_size=1, max_size=20),
    cap=st.integers(1, 50_000),
    per=st.sampled_from(["referral", "partner"]),
)
def test_a_cap_is_never_exceeded(amounts: list[int], cap: int, per: str) -> None:
    plan = version(percent("0.2"), fixed(300, rule=2), policy=Policy(caps=(Cap(cap, per),)))
    story = []
    for place, euro in enumerate(amounts):
        story += [
            event("won", "2025-01-10", euro, referral=str(place % 3)),
            event("revenue", "2025-01-10", euro, referral=str(place % 3)),
        ]

    found = sums(plan, story)

    of = {
        ref: sum(m for m, e in zip(found, story, strict=True) if e.referral == ref) for ref in "012"
    }
    assert max(of.values()) <= cap
    assert per == "referral" or sum(found) == min(
        cap, sum(int(20 * euro) + 300 for euro in amounts)
    )


@pytest.mark.parametrize(
    ("win", "activity", "end"),
    [
        ("2025-03-10", Activity(), "2026-03-10"),
        ("2024-02-29", Activity(), "2025-03-01"),
        ("2024-02-28", Activity(), "2025-02-28"),
        ("2025-11-30", Activity(period="quarter"), "2026-03-01"),
        ("2025-03-10", Activity(mode="calendar"), "2027-01-01"),
        ("2025-12-31", Activity(period="quarter", mode="calendar"), "2026-04-01"),
    ],
)
def test_activity_ends_on_the_day_after_its_period(win: str, activity: Activity, end: str) -> None:
    won, ends = date.fromisoformat(win), date.fromisoformat(end)

    assert inactive_from([won], won, activity) == ends
    assert active_on([won], date.fromordinal(ends.toordinal() - 1), activity)
    assert not active_on([won], ends, activity)


def test_two_wins_a_year_are_counted_back_from_the_last() -> None:
    wins = [date(2024, 1, 10), date(2024, 6, 1), date(2025, 3, 1)]
    two = Activity(successes=2)

    assert inactive_from(wins, date(2025, 3, 1), two) == date(2025, 6, 1)
    assert inactive_from(wins[:1], date(2024, 5, 1), two) == date(2025, 1, 10)
    assert inactive_from([], date(2025, 3, 1), two) is None


def test_preferred_terms_need_four_referrals_a_year_and_end_with_notice() -> None:
    four = Preferred(minimum=4)
    first_year = [date(2024, 5, 1)]
    two_in_2025 = [*first_year, date(2025, 2, 1), date(2025, 8, 1)]

    def kept(*more: date) -> bool:
        return keeps_preferred([*two_in_2025, *more], more[-1], four)

    assert kept(date(2025, 12, 31))
    assert kept(date(2026, 1, 30))
    assert not kept(date(2026, 1, 31))
    # The fourth of the year brings them back at once, and for the next year.
    again = [date(2026, 2, day) for day in (1, 2, 3, 4)]
    assert [kept(*again[:count]) for count in (3, 4)] == [False, True]
    assert kept(*again, date(2027, 12, 1))
    # Two bad years in a row give no second notice.
    assert not keeps_preferred([*two_in_2025, date(2027, 1, 1)], date(2027, 1, 1), four)


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        (Terms(groups=(Group(()),)), "groups.0"),
        (Terms(groups=(Group((Condition("colour", ("red",)),)),)), "groups.0.conditions.0"),
        (Terms(bands=Bands((Band(0, Decimal("0.1")), Band(0, Decimal("0.2"))))), "bands.1"),
        (Terms(bands=Bands((Band(0, amount_minor=5),))), "bands.0"),
        (Terms(bonus=Bonus("nth")), "bonus.n"),
        (Terms(bonus=Bonus("streak", n=3)), "bonus.period"),
        (Terms(cap=Cap(0)), "cap"),
        (Terms(payee="boss"), "payee"),
    ],
)
def test_terms_that_cannot_be_priced_are_refused(terms: Terms, place: str) -> None:
    with pytest.raises(TermsInvalid) as refused:
        check_terms(terms, trigger="revenue", reward="percent")

    assert refused.value.place == place
    with pytest.raises(TermsInvalid):
        check_policy(Policy(), scopes=["active"])


def test_terms_are_read_as_they_were_written_and_nothing_else() -> None:
    terms = Terms(
        groups=(Group((Condition("deal", least=5),), rate=Decimal("0.25")),),
        bands=Bands(THREE),
        bonus=Bonus("threshold", value=9, uplift_rate=Decimal("0.5")),
        cap=Cap(7, "referral"),
    )
    policy = Policy(base="net", caps=(Cap(9),), activity=Activity(2), preferred=Preferred(4))

    assert Terms.from_json(terms.as_json()) == terms
    assert Policy.from_json(policy.as_json()) == policy
    assert (Terms().as_json(), Policy().as_json()) == ({}, {})
    wrong: dict[str, Any]
    for wrong in ({"colour": 1}, {"cap": {"minor": "7"}}, {"bands": {}}, {"groups": {}}):
        with pytest.raises(UnknownTerms):
            Terms.from_json(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"gross_minor": 30_010},
        {"measured": 9_999},
        {"deducted_minor": 1},
        {"tax_minor": 1_000},
        {"caps": (CapUse(Cap(100)),)},
    ],
)
def test_an_input_changed_behind_its_back_makes_another_amount(change: dict[str, Any]) -> None:
    bands = Bands((Band(0, Decimal("0.1")), Band(10_000, Decimal("0.2"))))
    plan = version(percent("0.1", terms=Terms(bands=bands)))
    facts = event("revenue", "2025-01-10", 300)
    ((_, (draft,)),) = priced_history([Happening(facts, plan)])
    assert draft.trace.math is not None

    planted = replace(draft.trace, math=replace(draft.trace.math, **change))

    assert reproduced_minor(draft.trace) == 5_000
    assert reproduced_minor(planted) != planted.amount_minor


@given(seed=st.integers(0, 10**6))
def test_a_history_earns_the_same_however_it_is_cut(seed: int) -> None:
    """Pricing all at once and pricing each longer prefix anew agree: what comes later changes nothing before it."""
    chance = Random(seed)
    bands = Bands(THREE, mode=chance.choice(["whole", "marginal"]), measure="revenue")
    plan = version(
        percent("0.1", terms=Terms(bands=bands, cap=Cap(4_000))),
        fixed(70, rule=2, terms=Terms(bonus=Bonus("nth", n=2, repeat=True))),
        policy=Policy(two_stage="deductible"),
    )
    story = [
        event(
            chance.choice(["qualified", "won", "revenue", "refund"]),
            f"2025-{chance.randint(1, 12):02}-01",
            chance.randint(1, 5),
            referral=chance.choice("ABC"),
        )
        for _ in range(12)
    ]

    whole = sums(plan, story)

    assert [sums(plan, story[:size]) for size in range(13)] == [whole[:size] for size in range(13)]
