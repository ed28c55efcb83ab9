"""Amounts, percentages, dates and addresses are read as people write them, and refused in words that help."""

from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation

from prm.money import Money
from prm.templatetags.fields import form_errors, problems
from prm.web.forms import (
    DateField,
    EmailField,
    MoneyField,
    NotAnAmount,
    PercentField,
    WebAddressField,
    amount_minor,
)


@pytest.mark.parametrize(
    ("text", "currency", "language", "minor"),
    [
        pytest.param("1,234.56", "EUR", "en", 123_456, id="English"),
        pytest.param("1.234,56", "EUR", "it", 123_456, id="Italian"),
        pytest.param("1.234,56", "EUR", "en", 123_456, id="Italian spelling in English"),
        pytest.param("1,234.56", "EUR", "it", 123_456, id="English spelling in Italian"),
        pytest.param(
            "1234.5", "EUR", "it", 123_450, id="a point with one digit is a decimal point"
        ),
        pytest.param("1.234", "EUR", "it", 123_400, id="a point before three digits groups"),
        pytest.param("1,234", "EUR", "en", 123_400, id="a comma before three digits groups"),
        pytest.param("12,50", "EUR", "en", 1_250, id="a comma before two digits is decimal"),
        pytest.param("€ 1 234,00", "EUR", "it", 123_400, id="sign and spaces"),
        pytest.param("1234567.89", "EUR", "en", 123_456_789, id="no grouping"),
        pytest.param("1,234,567", "EUR", "en", 123_456_700, id="two groups"),
        pytest.param("EUR 20", "EUR", "en", 2_000, id="code"),
        pytest.param("-5", "EUR", "en", -500, id="negative"),
        pytest.param("−5", "EUR", "en", -500, id="typographic minus"),
        pytest.param("1200", "JPY", "en", 1_200, id="yen"),
        pytest.param("1.200", "JPY", "it", 1_200, id="grouped yen"),
        pytest.param("1.234", "KWD", "en", 1_234, id="three decimals of a dinar in English"),
        pytest.param("1.234", "KWD", "it", 1_234_000, id="the same text groups in Italian"),
        pytest.param("0.500", "EUR", "en", 50, id="trailing zeros are not decimals"),
        pytest.param(".5", "EUR", "en", 50, id="no whole part"),
    ],
)
def test_an_amount_is_read(text: str, currency: str, language: str, minor: int) -> None:
    assert amount_minor(text, currency, language=language) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "Infinity",
        "1e5",
        "12.345,6.7",
        "1,23,456.00",
        "abc",
        "12 000 x",
        "٣",
        "1.234.56",
        "--5",
        "0x10",
        "1,2,3",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        amount_minor(text, "EUR", language="en")


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    with pytest.raises(NotAnAmount):
        amount_minor("10.5", "JPY", language="en")


class DealForm(forms.Form):
    company = forms.CharField(label="Company")
    email = EmailField(label="Email")
    site = WebAddressField(label="Website", required=False)
    deal = MoneyField(label="Deal value", currencies=["EUR", "USD"], zero=False)
    rate = PercentField(label="Rate", required=False)
    close = DateField(label="Decision", required=False)
    seats = forms.IntegerField(label="Seats", required=False, min_value=1, max_value=10)
    agreed = forms.BooleanField(label="They agreed")


GOOD = {"company": "Kestrel", "email": "Tom@Kestrel.example", "deal": "1,500.00", "agreed": "on"}


def test_a_whole_form_becomes_values() -> None:
    form = DealForm(
        {
            **GOOD,
            "deal_currency": "USD",
            "rate": "12,5 %",
            "close": "19/11/2026",
            "site": "kestrel.example",
        }
    )

    assert form.is_valid(), form.errors
    assert form.cleaned_data["deal"] == Money(150_000, "USD")
    assert form.cleaned_data["rate"] == Decimal("0.125")
    assert form.cleaned_data["close"] == date(2026, 11, 19)
    assert form.cleaned_data["email"] == "tom@kestrel.example"
    assert form.cleaned_data["site"] == "https://kestrel.example"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        pytest.param("deal", "0", "Enter an amount above 0", id="zero"),
        pytest.param("deal", "-5", "Enter an amount of 0 or more", id="negative"),
        pytest.param("deal", "9" * 20, "Enter an amount below €1,000,000,000,000.00", id="huge"),
        pytest.param("deal", "x", "Enter an amount like 1,234.56", id="no amount"),
        pytest.param("deal", "", "Enter an amount", id="none"),
        pytest.param("rate", "400", "Enter a percentage between 0% and 100%", id="over a hundred"),
        pytest.param(
            "email", "tom@", "Enter an email address in the format name@company.com", id="email"
        ),
        pytest.param("site", "javascript://x", "Enter a web address like company.com", id="scheme"),
        pytest.param("company", "", "Fill in “Company”", id="empty"),
        pytest.param("seats", "0", "“Seats”: enter 1 or more", id="too few"),
        pytest.param("seats", "11", "“Seats”: enter 10 or less", id="too many"),
        pytest.param("agreed", "", "Tick “They agreed” to go on", id="unticked"),
    ],
)
def test_a_problem_says_what_to_do(name: str, value: str, words: str) -> None:
    with translation.override("en"):
        form = DealForm({**GOOD, name: value})

        assert problems(form[name]) == [words]


def test_an_unknown_currency_is_refused() -> None:
    form = DealForm({**GOOD, "deal_currency": "XXX"})

    assert problems(form["deal"]) == ["Choose a currency from the list"]


def test_an_amount_is_shown_again_in_the_form_of_the_language() -> None:
    with translation.override("it"):
        form = DealForm(initial={"deal": Money(123_456, "USD")})
        html = render_to_string("components/field.html", {"field": form["deal"]})

    assert 'value="1.234,56"' in html
    assert '<option value="USD" selected>' in html


def test_what_was_typed_comes_back_with_its_error_tied_to_it() -> None:
    form = DealForm({**GOOD, "deal": "14x"})
    html = render_to_string("components/field.html", {"field": form["deal"]})

    assert 'value="14x"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_deal-err"' in html
    assert '<p class="err" id="id_deal-err">' in html


def test_the_summary_links_every_problem_to_its_control() -> None:
    form = DealForm({**GOOD, "company": "", "deal": "x"})

    assert [problem["target"] for problem in form_errors(form)] == ["id_company", "id_deal"]
    assert form_errors(DealForm()) == []


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_that_nobody_means_is_refused(text: str) -> None:
    with pytest.raises(forms.ValidationError, match="Enter a date like"):
        DateField().clean(text)
