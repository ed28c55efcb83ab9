"""The math of a line names every input that made its amount, and the engine's own result from them."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from commissions.earnings import math as shown
from commissions.earnings.lines import Line
from commissions.plans.editor import preview_of
from commissions.plans.rules import Facts, drafts_for
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Band, Bands, Cap, Condition, Group, Policy, Terms
from commissions.plans.wording import explain
from prm.money import Money


def test_bands_tax_conditions_and_caps_are_shown_step_by_step(monkeypatch: Any) -> None:
    terms = Terms(
        groups=(Group((Condition("country", ("IT",)),)),),
        bands=Bands((Band(0, Decimal("0.1")), Band(50_000, Decimal("0.15"))), measure="revenue"),
        cap=Cap(10_000, "referral"),
    )
    rule = RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="lifetime", terms=terms)
    facts = Facts(
        "revenue",
        Money(122_000, "EUR"),
        date(2026, 5, 1),
        1,
        date(2026, 5, 1),
        referral="R",
        tax_minor=22_000,
        kind="sale",
        country="IT",
    )
    (draft,) = drafts_for(facts, preview_of([rule], "EUR", Policy(base="net")))
    accrual = SimpleNamespace(amount_minor=draft.amount.minor, clawed_minor=0)
    monkeypatch.setattr(shown, "_exception", lambda _accrual: "")
    line = SimpleNamespace(
        trace=draft.trace, currency="EUR", accrual=accrual, amount_minor=draft.amount.minor
    )

    steps = shown.math_of(cast("Line", line))

    assert draft.amount == Money(10_000, "EUR")
    assert [row for row in steps if row[0] in {"Payment", "Tax taken out", "Band", "Cap"}] == [
        ("Payment", "€1,220.00"),
        ("Tax taken out", "−€220.00"),
        ("Band", "10% of €500.00"),
        ("Band", "15% of €500.00"),
        ("Cap", "at most €100.00 per referral; €0.00 used before"),
    ]
    told = dict(steps)
    assert told["Conditions that held"] == "for customers in Italy"
    assert told["Counted before it"] == "€0.00"
    assert told["Conversion"] == "None: event, plan and reward are in EUR"
    assert told["Computed again"] == "€100.00, from what is stored here"
    assert explain(draft.trace) == (
        "10% of €500.00 and 15% of €500.00, plan v0, first payment; €1,220.00 without €220.00 of tax and"
        " discount; capped at €100.00, of which €0.00 were used before"
    )


def test_the_clause_is_the_heading_above_the_rule() -> None:
    text = "# Agreement\n\nWords.\n\n## 3. Commission\n\n- 20% of every payment\n\n## 4. End\n"

    assert shown.heading_of(text, ["20% of every payment"]) == "3. Commission"
    assert shown.heading_of(text, ["5% of nothing", ""]) == ""
