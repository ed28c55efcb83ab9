"""The engine computes what an event earns, and its trace reproduces the amount."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate
from uuid import UUID

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from commissions.plans.rules import (
    Facts,
    Rule,
    Trace,
    Version,
    clawed_target,
    drafts_for,
    months_later,
    reproduced_minor,
    version_covering,
)
from commissions.plans.wording import explain, rule_words, term_lines
from commissions.plans.wording_changes import differences
from prm.money import CurrencyMismatch, Money

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 3, 31)


def a_version(*rules: Rule, number: int = 1, currency: str = "USD", hold_days: int = 30) -> Version:
    return Version(UUID(int=number), number, currency, START, None, hold_days, 0, rules)


def a_payment(
    minor: int, *, number: int = 1, on: date = DAY, first_on: date = DAY, currency: str = "USD"
) -> Facts:
    return Facts("revenue", Money(minor, currency), on, number, first_on)


FIRST = Rule(1, "revenue", "percent", rate=Decimal("0.2"), scope="first")
YEAR = Rule(2, "revenue", "percent", rate=Decimal("0.1"), scope="months", months=12)
ALWAYS = Rule(3, "revenue", "percent", rate=Decimal("0.05"), scope="lifetime")
BONUS = Rule(4, "qualified", "fixed", amount_minor=15_000)
WON = Rule(5, "won", "percent", rate=Decimal("0.15"))


@pytest.mark.parametrize(
    ("base", "rate", "earned"),
    [
        pytest.param(100_000, "0.10", 10_000, id="ten percent"),
        pytest.param(25, "0.10", 2, id="half a cent to the even cent below"),
        pytest.param(35, "0.10", 4, id="half a cent to the even cent above"),
        pytest.param(105_400, "0.2", 21_080, id="twenty percent of 1,054.00"),
    ],
)
def test_a_percentage_is_rounded_half_even_once(base: int, rate: str, earned: int) -> None:
    rule = Rule(1, "revenue", "percent", rate=Decimal(rate), scope="lifetime")

    (draft,) = drafts_for(a_payment(base), a_version(rule))

    assert draft.amount == Money(earned, "USD")


def test_every_rule_of_the_event_pays_in_order() -> None:
    version = a_version(FIRST, YEAR, ALWAYS, BONUS, WON)

    earned = {d.rule_id: d.amount.minor for d in drafts_for(a_payment(10_000), version)}
    later = {d.rule_id: d.amount.minor for d in drafts_for(a_payment(10_000, number=2), version)}
    qualified = drafts_for(Facts("qualified", Money(0, "USD"), DAY), version)

    assert earned == {1: 2_000, 2: 1_000, 3: 500}
    assert later == {2: 1_000, 3: 500}
    assert [(d.rule_id, d.amount.minor) for d in qualified] == [(4, 15_000)]


def test_the_first_months_end_on_the_day_of_the_first_payment() -> None:
    version = a_version(YEAR)
    first = date(2026, 2, 28)

    inside = drafts_for(a_payment(1_000, number=12, on=date(2027, 2, 27), first_on=first), version)
    outside = drafts_for(a_payment(1_000, number=13, on=date(2027, 2, 28), first_on=first), version)

    assert (len(inside), len(outside)) == (1, 0)


def test_months_clamp_to_the_end_of_a_shorter_month() -> None:
    assert months_later(date(2027, 12, 31), 2) == date(2028, 2, 29)
    assert months_later(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_later(date(2026, 1, 31), 3) == date(2026, 4, 30)


def test_a_reward_that_rounds_to_nothing_is_left_out() -> None:
    assert drafts_for(a_payment(2), a_version(ALWAYS)) == []


def test_no_rate_between_currencies_is_guessed() -> None:
    with pytest.raises(CurrencyMismatch):
        drafts_for(a_payment(1_000, currency="EUR"), a_version(ALWAYS))


def test_a_referral_is_priced_by_the_version_in_force_when_it_was_registered() -> None:
    change = datetime(2026, 6, 1, tzinfo=UTC)
    first = Version(UUID(int=1), 1, "USD", START, change, 30, 0, (FIRST,))
    second = Version(UUID(int=2), 2, "USD", change, None, 30, 0, (ALWAYS,))

    assert version_covering([first, second], datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)) == first
    assert version_covering([first, second], change) == second
    assert version_covering([first, second], datetime(2025, 12, 31, tzinfo=UTC)) is None


@given(
    base=st.integers(1, 10**13),
    rate=st.decimals("0.000001", "1", places=6),
)
def test_the_trace_reproduces_the_amount(base: int, rate: Decimal) -> None:
    version = a_version(Rule(1, "revenue", "percent", rate=rate, scope="lifetime"))

    for draft in drafts_for(a_payment(base), version):
        stored = Trace.from_json(draft.trace.as_json())
        assert reproduced_minor(stored) == draft.amount.minor == stored.amount_minor


@given(
    amount=st.integers(1, 10**12),
    parts=st.lists(st.integers(1, 10**9), min_size=1, max_size=12),
)
def test_any_sequence_of_refunds_that_reaches_the_whole_takes_back_the_whole(
    amount: int, parts: list[int]
) -> None:
    paid = sum(parts)
    taken = [
        clawed_target(amount, refunded_minor=total, paid_minor=paid) for total in accumulate(parts)
    ]

    assert taken == sorted(taken)
    assert taken[-1] == amount


@pytest.mark.parametrize(
    ("amount", "refunded", "paid", "taken"),
    # Exact halves go to the even cent, also where a quotient has no end.
    [(3, 1, 6, 0), (9, 1, 6, 2), (1, 1, 2, 0), (3, 1, 2, 2), (17_500, 33_000, 99_999, 5_775)],
)
def test_a_part_is_rounded_once(amount: int, refunded: int, paid: int, taken: int) -> None:
    assert clawed_target(amount, refunded_minor=refunded, paid_minor=paid) == taken


def test_the_explanation_is_a_sentence_of_the_readers_language() -> None:
    (draft,) = drafts_for(a_payment(105_400), a_version(FIRST))

    assert explain(draft.trace) == "20% of $1,054.00, plan v1, first payment"
    with translation.override("it"):
        assert "1.054,00" in explain(draft.trace)


def test_terms_read_as_sentences() -> None:
    version = a_version(BONUS, YEAR)

    assert term_lines(version) == [
        "$150.00 when a referral qualifies",
        "10% of each payment in the customer's first 12 months",
        "Ready for payout 30 days after it is earned",
    ]
    assert (
        rule_words(Rule(9, "revenue", "fixed", amount_minor=500, scope="lifetime"), "JPY")
        == "¥500 on every payment of the customer"
    )


def test_a_difference_names_what_changes_and_nothing_else() -> None:
    old = a_version(BONUS, ALWAYS)
    new = a_version(
        BONUS,
        Rule(3, "revenue", "percent", rate=Decimal("0.075"), scope="lifetime"),
        WON,
        number=2,
        hold_days=45,
    )

    found = [(row.before, row.after) for row in differences(old, new)]

    assert found == [
        ("5% of every payment of the customer", "7.5% of every payment of the customer"),
        ("", "15% of the deal value when a referral is won"),
        (
            "Ready for payout 30 days after it is earned",
            "Ready for payout 45 days after it is earned",
        ),
    ]
    assert differences(old, a_version(BONUS, ALWAYS, number=2)) == []
