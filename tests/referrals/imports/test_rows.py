"""One row under one mapping: what goes in, what stays out, and what is said."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from referrals.imports.presets import mapping_of_toml, toml_of
from referrals.imports.rules import (
    KINDS,
    BadMapping,
    Draft,
    Mapping,
    People,
    Problem,
    RowReader,
    Setting,
    StageTarget,
    mapping_from,
)

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
HEADINGS = ["id", "who", "company", "stage", "start", "close", "value"]
COLUMNS = {
    "external_id": "id",
    "partner": "who",
    "company": "company",
    "stage": "stage",
    "registered_at": "start",
    "closed_at": "close",
    "deal": "value",
}
GOOD = ["7", "Brightwater", "Kestrel Ltd.", "Won", "2024-01-10", "2024-02-01", "100"]


def read(row: list[str], **settings: Any) -> tuple[Draft | None, list[Problem]]:
    mapping = replace(Mapping(columns=COLUMNS), **settings)
    setting = Setting(
        mapping=mapping,
        stages={kind: StageTarget(place, kind) for place, kind in enumerate(KINDS)},
        people={"moses frase": "Dustin Brinkmann"},
        currency="USD",
        zone=ZoneInfo("Europe/Amsterdam"),
        now=NOW,
        tag="import-1",
    )
    return RowReader(HEADINGS, setting).read(2, row)


def changed(**cells: str) -> list[str]:
    return [cells.get(heading, cell) for heading, cell in zip(HEADINGS, GOOD, strict=True)]


def codes(found: tuple[Draft | None, list[Problem]]) -> list[tuple[str, str]]:
    return [(problem.code, problem.severity) for problem in found[1]]


def test_a_whole_row_becomes_a_draft() -> None:
    draft, problems = read(GOOD)
    assert problems == []
    assert draft is not None
    assert (draft.external_id, draft.partner_norm, draft.company_norm) == (
        "7",
        "brightwater",
        "kestrel",
    )
    assert (draft.stage.kind, draft.deal_minor) == ("won", 10000)
    assert draft.registered_at == datetime(2024, 1, 10, 11, tzinfo=UTC)
    assert draft.stage_at == datetime(2024, 2, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"start": ""}, "no_date"),
        ({"start": "soon"}, "bad_date"),
        ({"start": "2027-01-01"}, "in_future"),
        ({"close": ""}, "no_close_date"),
        ({"close": "2024-01-09"}, "closed_before_start"),
        ({"company": ""}, "no_company"),
        ({"who": " "}, "no_partner"),
        ({"stage": "Dreaming"}, "unknown_stage"),
        ({"value": ""}, "no_amount"),
        ({"value": "-1"}, "negative_amount"),
        ({"value": "ten"}, "bad_amount"),
        ({"value": "1.005"}, "too_precise"),
        ({"id": ""}, "no_id"),
        ({"id": "x" * 81}, "too_long"),
    ],
)
def test_what_nobody_decided_about_stops_the_row(cells: dict[str, str], code: str) -> None:
    found = read(changed(**cells))
    assert found[0] is None
    assert codes(found) == [(code, "error")]


def test_every_lack_of_a_row_is_told() -> None:
    assert codes(read(changed(start="", company=""))) == [
        ("no_company", "error"),
        ("no_date", "error"),
    ]


def test_a_choice_lets_the_row_in_and_says_so() -> None:
    draft, problems = read(
        changed(start="", company="", stage="Open"),
        no_date="import_date",
        no_company="name",
        stages={"Open": "opportunity"},
    )
    assert draft is not None
    assert (draft.company, draft.registered_at) == ("Unknown account (7)", NOW)
    assert {problem.severity for problem in problems} == {"warning"}


def test_a_missing_date_may_be_the_closing_date_or_a_fixed_one() -> None:
    draft, _ = read(changed(start=""), no_date="close_date")
    assert draft is not None
    assert draft.registered_at == draft.stage_at == datetime(2024, 2, 1, 11, tzinfo=UTC)
    draft, _ = read(changed(start=""), no_date="fixed", fixed_date=date(2023, 7, 1))
    assert draft is not None
    assert draft.registered_at == datetime(2023, 7, 1, 10, tzinfo=UTC)


def test_left_out_is_left_out_whatever_else_is_wrong() -> None:
    found = read(changed(start="", company=""), no_date="skip")
    assert found[0] is None
    assert codes(found) == [("no_date", "skipped")]
    assert codes(read(changed(stage="Test"), stages={"test": "skip"})) == [
        ("stage_left_out", "skipped")
    ]


def test_people_lead_to_partners_and_keep_their_names() -> None:
    columns = {name: heading for name, heading in COLUMNS.items() if name != "partner"} | {
        "submitted_by": "who"
    }
    people = People(person="agent", partner="manager")
    draft, _ = read(changed(who="Moses  FRASE"), columns=columns, people=people)
    assert draft is not None
    assert (draft.partner, draft.submitted_by) == ("Dustin Brinkmann", "Moses FRASE")
    assert codes(read(changed(who="Nobody"), columns=columns, people=people)) == [
        ("unknown_person", "error")
    ]


def test_values_are_corrected_by_the_map() -> None:
    columns = {**COLUMNS, "product": "company"}
    draft, _ = read(
        changed(company="GTXPro"), columns=columns, values={"product": {"gtxpro": "GTX Pro"}}
    )
    assert draft is not None
    assert (draft.product, draft.company) == ("GTX Pro", "GTXPro")


def test_a_mapping_survives_json_and_toml() -> None:
    mapping = Mapping(
        columns=COLUMNS,
        name='Quoted "name"\nÜ 🙂',
        date_order="mdy",
        decimal=",",
        stages={"Closed Won": "won"},
        values={"product": {"GTXPro": "GTX Pro"}},
        people=People("agent", "manager", "people.csv"),
        no_date="fixed",
        fixed_date=date(2024, 1, 1),
        partner_name="Brightwater",
    )
    assert mapping_from(mapping.as_json()) == mapping
    assert mapping_of_toml(toml_of(mapping, people_file="people.csv")) == mapping


@pytest.mark.parametrize(
    "text",
    [
        "[columns]\nshoe_size = 'x'",
        "[choices]\nno_date = 'guess'",
        "[choices]\nno_date = 'fixed'",
        "[choices]\nelse = 'skip'",
        "[stages]\nWon = 'victory'",
        "[formats]\ndates = 'dym'",
        "[people]\nfile = 'x'",
        "[choices]\ncompany_name = '{secret}'",
        "columns = 3",
        "nonsense",
    ],
)
def test_a_wrong_mapping_is_refused(text: str) -> None:
    with pytest.raises(BadMapping):
        mapping_of_toml(text)
