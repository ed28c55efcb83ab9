"""The editor writes every kind of rule, shows it again as it was written, and refuses bands at their row."""

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from commissions.plans.editor import PlanEditor
from commissions.plans.services import PlanTerms, RuleTerms
from commissions.plans.terms import (
    Activity,
    Band,
    Bands,
    Bonus,
    Budget,
    Cap,
    Condition,
    Group,
    Policy,
    Preferred,
    Terms,
)

TENTH = Decimal("0.1")
LIFETIME: dict[str, Any] = {"rate": TENTH, "scope": "lifetime"}
BY_SALES = Bands((Band(0, TENTH), Band(10_000_000, Decimal("0.15"))))
BY_COUNT = Bands(
    (Band(0, amount_minor=10_000), Band(5, amount_minor=20_000)), "whole", "count", "year"
)
IN_ITALY = Group(
    (Condition("country", ("IT", "SM")), Condition("deal", least=500_000)), rate=Decimal("0.125")
)
ELSE = Group((Condition("payment", ("renewal",)),))


def test_every_kind_of_rule_is_shown_and_written_again_as_it_was() -> None:
    rules = [
        RuleTerms("qualified", "fixed", amount_minor=15_000, label="Lead"),
        RuleTerms("revenue", "percent", rate=Decimal("0.125"), scope="months", months=12),
        RuleTerms("revenue", "percent", **LIFETIME, terms=Terms(bands=BY_SALES)),
        RuleTerms("won", "fixed", amount_minor=10_000, terms=Terms(bands=BY_COUNT)),
        RuleTerms(
            "won", "fixed", amount_minor=50_000, terms=Terms(bonus=Bonus("nth", 3, "quarter"))
        ),
        RuleTerms(
            "won",
            "fixed",
            amount_minor=50_000,
            terms=Terms(bonus=Bonus("streak", 3, "month"), payee="rep"),
        ),
        RuleTerms(
            "revenue",
            "percent",
            **LIFETIME,
            terms=Terms(
                bonus=Bonus(
                    "threshold",
                    measure="sales",
                    value=10_000_000,
                    uplift_rate=Decimal("0.15"),
                )
            ),
        ),
        RuleTerms(
            "revenue",
            "percent",
            **LIFETIME,
            terms=Terms(
                bonus=Bonus("renewal"),
                groups=(IN_ITALY, ELSE),
                cap=Cap(500_000, "partner", "quarter"),
            ),
        ),
        RuleTerms("revenue", "percent", rate=TENTH, scope="active"),
    ]
    terms = PlanTerms(
        rules=rules,
        hold_days=45,
        minimum_payout_minor=5_000,
        note="Why",
        policy=Policy(
            base="net",
            basis="cash",
            two_stage="deductible",
            after_loss="take_back",
            caps=(Cap(100_000, "referral"), Cap(900_000, "partner", "year")),
            budget=Budget(2_000_000, "quarter"),
            activity=Activity(2, "quarter", "calendar"),
            preferred=Preferred(4, "year", 0),
        ),
        notice_days=60,
        rationale="So",
    )

    again = PlanEditor("EUR", data=posted(PlanEditor("EUR", terms=terms, starts_on="2027-01-01")))

    assert again.is_valid, [again.problems, again.form.errors]
    assert again.terms == terms


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([("0", "1,000.00"), ("2,000.00", "")], (1, "start"), "Nothing is paid between"),
        ([("0", "1,000.00"), ("500.00", "")], (1, "start"), "begins inside the one before"),
        ([("10.00", "")], (0, "start"), "The first band starts at 0"),
        ([("0", "1,000.00")], (0, "end"), "the last band has no end"),
        ([("0", "0"), ("0", "")], (0, "end"), "ends before it begins"),
        ([("0", "some"), ("0", "")], (0, "end"), "Enter an amount"),
    ],
)
def test_a_gap_or_an_overlap_is_refused_at_its_row(
    rows: list[tuple[str, str]], place: tuple[int, str], words: str
) -> None:
    rule = RuleTerms("revenue", "percent", **LIFETIME, terms=Terms(bands=BY_SALES))
    data = posted(PlanEditor("EUR", terms=PlanTerms([rule]), starts_on="2027-01-01"))
    data.setlist("r0-b", [str(number) for number in range(len(rows))])
    for number, (start, end) in enumerate(rows):
        data[f"r0-b{number}-start"], data[f"r0-b{number}-end"] = start, end
        data[f"r0-b{number}-rate"] = "10"

    editor = PlanEditor("EUR", data=data)

    assert not editor.is_valid
    number, name = place
    assert words in str(editor.rows[0].bands.forms[number].errors[name])
    assert [row["target"] for row in editor.problems] == [f"id_r0-b{number}-{name}"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("values", "x" * 10_000), ("values", "a\x00b"), ("key", "9" * 5_000), ("key", "\x00")],
)
def test_a_condition_that_no_field_takes_is_refused_beside_it(name: str, text: str) -> None:
    terms = Terms(groups=(Group((Condition("metadata", ("Ship",), key="how"),)),))
    rule = RuleTerms("revenue", "percent", **LIFETIME, terms=terms)
    data = posted(PlanEditor("EUR", terms=PlanTerms([rule]), starts_on="2027-01-01"))
    data[f"r0-c0-{name}"] = text

    editor = PlanEditor("EUR", data=data)

    assert not editor.is_valid
    assert list(editor.rows[0].conditions.forms[0].errors) == [name]


def test_bands_and_conditions_come_and_go_with_what_was_typed() -> None:
    rule = RuleTerms("revenue", "percent", **LIFETIME, terms=Terms(bands=BY_SALES))
    data = posted(PlanEditor("EUR", terms=PlanTerms([rule]), starts_on="2027-01-01"))
    data["r0-label"] = "Half typed"

    data["act"] = "add-band-0"
    more = PlanEditor("EUR", data=data)
    data["act"] = "remove-band-0-0"
    fewer = PlanEditor("EUR", data=data)
    data["act"] = "add-condition-0"
    asked = PlanEditor("EUR", data=data)

    assert [row["start"].value() for row in more.rows[0].bands.forms] == ["0.00", "100,000.00", ""]
    assert [row["start"].value() for row in fewer.rows[0].bands.forms] == ["100,000.00"]
    assert len(asked.rows[0].conditions.forms) == 1
    assert {row.rows[0]["label"].value() for row in (more, fewer, asked)} == {"Half typed"}
    assert not asked.complete


@pytest.mark.parametrize(
    ("act", "begins_in"),
    [
        ("", ""),
        ("save", ""),
        ("example", ""),
        ("add", "r2-event"),
        ("remove-0", "r1-event"),
        ("remove-1", "r0-event"),
        ("add-band-0", "r0-b2-start"),
        ("remove-band-0-1", "r0-event"),
        ("add-condition-1", "r1-c0-subject"),
        ("add-condition-7", ""),
    ],
)
def test_the_page_begins_in_what_a_button_brought(act: str, begins_in: str) -> None:
    rules = [
        RuleTerms("revenue", "percent", **LIFETIME, terms=Terms(bands=BY_SALES)),
        RuleTerms("revenue", "percent", **LIFETIME),
    ]
    data = posted(PlanEditor("EUR", terms=PlanTerms(rules), starts_on="2027-01-01"))
    data["act"] = act

    editor = PlanEditor("EUR", data=data)

    forms = [form for row in editor.rows for form in (row, *row.bands.forms, *row.conditions.forms)]
    found = [field.html_name for form in forms for field in form if "autofocus" in str(field)]
    assert found == ([begins_in] if begins_in else [])


def test_a_rule_while_active_asks_for_what_active_means() -> None:
    rule = RuleTerms("revenue", "percent", rate=TENTH, scope="active")

    editor = PlanEditor(
        "EUR", data=posted(PlanEditor("EUR", terms=PlanTerms([rule]), starts_on="2027-01-01"))
    )

    assert not editor.is_valid
    assert "say when it is" in str(editor.form.errors["activity_n"])


def posted(editor: PlanEditor) -> QueryDict:
    """Return what a browser would send of an editor as it is shown."""
    data = QueryDict(mutable=True)
    data["act"] = "save"
    forms: list[Any] = [editor.form]
    for number, row in editor.numbered:
        data.appendlist("row", number)
        data[f"r{number}-kind"] = row.kind
        forms.append(row)
        for rows in (row.bands, row.conditions):
            for own, form in rows.numbered:
                data.appendlist(rows.name, str(own))
                forms.append(form)
    for form in forms:
        for field in form:
            value = field.field.widget.format_value(field.value())
            parts = value if isinstance(value, list) else [value]
            if hasattr(field.field.widget, "decompress"):
                parts = field.field.widget.decompress(field.value())
            if parts[0] not in (None, "", False):
                data[field.html_name] = str(parts[0])
    return data
