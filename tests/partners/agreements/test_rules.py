"""Merge fields, hashes and differences of agreements, as pure rules."""

import pytest

from partners.agreements.differences import changes_between
from partners.agreements.rules import BadMergeFields, checked_text, language_of, merged, text_hash
from partners.programs.texts import rendered


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("{{ commision }}", ["commision"], id="a misspelt field"),
        pytest.param("{{ partner.user.password }}", ["partner.user.password"], id="a path"),
        pytest.param("{{ today", ["{{"], id="an open brace"),
        pytest.param("x }} and {{ y }}", ["y", "}}"], id="a loose brace beside an unknown field"),
        pytest.param("{{ today|safe }}", ["today|safe"], id="a filter"),
    ],
)
def test_refuses_fields_it_does_not_know_by_name(text: str, names: list[str]) -> None:
    with pytest.raises(BadMergeFields) as refused:
        checked_text(text)

    assert refused.value.names == names


def test_takes_known_fields_with_and_without_spaces() -> None:
    assert checked_text(" {{today}} {{  program }}\r\nx ") == "{{today}} {{  program }}\nx"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("{{ commission }}", "{{ commission }}", id="a field"),
        pytest.param(
            "{% load x %}{{ 1|add:2 }}", "{% load x %}{{ 1|add:2 }}", id="template syntax"
        ),
        pytest.param(
            "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", id="HTML"
        ),
        pytest.param("**Bold** & `Co`", "**Bold** &amp; `Co`", id="markdown"),
        pytest.param("[x](javascript:alert(1))", "[x](javascript:alert(1))", id="a link"),
        pytest.param("a | b # c", "a | b # c", id="a table and a heading"),
    ],
)
def test_a_value_stays_words(value: str, shown: str) -> None:
    text = merged("For {{ partner_name }}.", {"partner_name": value, "commission": "20%"})

    assert str(rendered(text)) == f"<p>For {shown}.</p>"


def test_a_value_at_the_start_of_a_line_makes_no_list_nor_heading() -> None:
    assert str(rendered(merged("{{ partner_name }}", {"partner_name": "1. FC"}))) == "<p>1. FC</p>"
    assert str(rendered(merged("{{ partner_name }}", {"partner_name": "# Co"}))) == "<p># Co</p>"


def test_several_values_are_listed_on_a_line_of_their_own_and_joined_inside_one() -> None:
    rules = {"commission": ("20% of {{ today }}", "€50"), "today": "Monday"}

    assert "<li>20% of {{ today }}</li>" in rendered(
        merged("You earn:\n\n{{ commission }}\n", rules)
    )
    assert merged("Earn {{ commission }} on {{ today }}", rules).endswith("; €50 on Monday")


def test_the_hash_is_of_the_bytes() -> None:
    assert text_hash("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert text_hash("e") != text_hash("é")


def test_the_language_wanted_wins_then_the_vendors_then_any() -> None:
    texts = {"it": "Ciao", "en": "Hello", "de": ""}

    assert language_of(texts, "it", "en") == "it"
    assert language_of(texts, "de", "en") == "en"
    assert language_of({"it": "Ciao"}, "de", "en") == "it"


def test_says_which_words_changed_under_which_heading() -> None:
    old = "## Money\nYou earn 20% of the first payment\nand nothing else.\n\n## Time\nSame."
    new = "## Money\nYou earn 25% of the first payment and nothing else.\n\n## Time\nSame.\n\nNew line."

    first, second = changes_between(old, new)

    assert (first.heading, first.kind) == ("Money", "changed")
    assert [(p.kind, p.text) for p in first.pieces if p.kind != "same"] == [
        ("removed", "20%"),
        ("added", "25%"),
    ]
    assert (second.heading, second.kind, second.pieces[0].text) == ("Time", "added", "New line.")


def test_other_line_breaks_are_no_change() -> None:
    assert changes_between("One two\nthree.", "One  two three.") == []


def test_a_paragraph_that_went_is_said_to_be_gone() -> None:
    (change,) = changes_between("Keep.\n\nGo away.", "Keep.")

    assert (change.kind, change.pieces[0].text) == ("removed", "Go away.")
