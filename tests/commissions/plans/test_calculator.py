"""The calculator and the worked example say what the engine books, rule by rule."""

from datetime import date
from decimal import Decimal

import pytest

from commissions.plans.calculator import CalculatorForm, Sum, calculated
from commissions.plans.editor import preview_of
from commissions.plans.pages import example_of
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Band, Bands, Bonus, Cap, Condition, Group, Policy, Terms
from prm.money import Money

START = date(2026, 1, 31)
TENTH = Decimal("0.1")


@pytest.mark.parametrize(
    ("terms", "minor"),
    [
        pytest.param(Terms(), 48_000, id="a tenth of 48 payments of 100.00"),
        pytest.param(
            Terms(bands=Bands((Band(0, TENTH), Band(240_000, Decimal("0.2"))), measure="revenue")),
            72_000,
            id="a tenth of the first 2,400.00, a fifth of the rest",
        ),
        pytest.param(Terms(cap=Cap(5_000, "referral")), 20_000, id="50.00 of each customer"),
        pytest.param(
            Terms(groups=(Group((Condition("product", ("Pro",)),)),)), 0, id="nobody knows"
        ),
    ],
)
def test_it_prices_every_payment_by_the_engine(terms: Terms, minor: int) -> None:
    rule = RuleTerms("revenue", "percent", rate=TENTH, scope="lifetime", terms=terms)

    found = calculated(
        preview_of([rule], "EUR"),
        customers=4,
        value=Money(10_000, "EUR"),
        payments=12,
        start=START,
    )

    assert found.total_minor == minor
    assert found.left_out is bool(terms.groups)


def test_it_tells_each_rule_apart() -> None:
    rules = [
        RuleTerms("qualified", "fixed", amount_minor=5_000),
        RuleTerms("won", "fixed", amount_minor=50_000),
        RuleTerms("won", "fixed", amount_minor=9_000, terms=Terms(bonus=Bonus("nth", 2, "year"))),
    ]
    version = preview_of(rules, "EUR", Policy(two_stage="deductible"))

    found = calculated(
        version, customers=3, value=Money(10_000, "EUR"), payments=1, start=date(2026, 1, 1)
    )

    assert found.sums == [
        Sum("Qualified-lead bonus", 3, 15_000),
        Sum("Commission on the deal", 3, 135_000),
        Sum("Repeat bonus", 1, 9_000),
    ]


def test_the_example_deducts_and_caps_as_the_engine_does() -> None:
    rules = [
        RuleTerms("qualified", "fixed", amount_minor=5_000),
        RuleTerms("won", "fixed", amount_minor=50_000),
    ]

    lines = example_of(
        preview_of(rules, "EUR", Policy(two_stage="deductible")), Money(1_000_000, "EUR")
    )

    assert [(line.event, line.amount_minor) for line in lines] == [
        ("The referral qualifies", 5_000),
        ("The referral is won", 45_000),
    ]


@pytest.mark.parametrize("text", ["0", "51", "x", ""])
def test_a_bad_answer_shows_the_usual_one(text: str) -> None:
    form = CalculatorForm.of({"customers": text, "payments": "12", "value": "10"}, "EUR")

    assert form.errors["customers"]
    assert form.given["customers"] == 4
