"""Amounts, numbers and dates read as a person of the language writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.html import strip_tags

from prm.web.formats import (
    ago_text,
    day_text,
    moment_text,
    money_compact,
    money_plain,
    money_text,
    number_text,
    percent_text,
)

THURSDAY = datetime(2026, 11, 19, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        pytest.param(421_000, "EUR", "en", "€4,210.00", id="British euro"),
        pytest.param(
            -31_000, "EUR", "en", "−€310.00", id="minus is a minus sign, before the currency"
        ),
        pytest.param(421_000, "EUR", "it", "4.210,00\u00a0€", id="Italian euro"),
        pytest.param(-31_000, "EUR", "it", "−310,00\u00a0€", id="Italian minus"),
        pytest.param(112_500, "USD", "en", "$1,125.00", id="dollar without its country"),
        pytest.param(112_500, "USD", "it", "1.125,00\u00a0$", id="Italian dollar"),
        pytest.param(1_234_567, "JPY", "en", "¥1,234,567", id="yen has no decimals"),
        pytest.param(1_234_567, "KWD", "it", "1.234,567\u00a0KWD", id="dinar has three"),
        pytest.param(5, "EUR", "en", "€0.05", id="five cents keep their zero"),
    ],
)
def test_an_amount_reads_as_its_language_writes_it(
    minor: int, currency: str, language: str, text: str
) -> None:
    assert money_text(minor, currency, language=language) == text


def test_an_amount_may_carry_its_code_or_stand_bare() -> None:
    assert money_text(421_000, "EUR", language="en", sign="code") == "EUR\u00a04,210.00"
    assert money_text(421_000, "EUR", language="it", sign="code") == "4.210,00\u00a0EUR"
    assert money_text(-421_000, "EUR", language="it", sign="none") == "−4.210,00"
    assert money_text(5_000, "EUR", language="en", plus=True) == "+€50.00"


def test_an_amount_for_machines_has_a_point_and_no_grouping() -> None:
    assert money_plain(-123_456_789, "EUR") == "-1234567.89"
    assert money_plain(5, "KWD") == "0.005"
    assert money_plain(1_200, "JPY") == "1200"


@pytest.mark.parametrize(
    ("minor", "language", "text"),
    [
        pytest.param(167_400_000, "en", "€1.67m", id="millions"),
        pytest.param(450_000, "en", "€4.5k", id="thousands"),
        pytest.param(300_000, "en", "€3k", id="no false precision"),
        pytest.param(167_400_000, "it", "1,67\u00a0Mln\u00a0€", id="Italian millions"),
        pytest.param(24_000_000, "it", "240.000\u00a0€", id="Italian thousands are written out"),
    ],
)
def test_a_short_amount(minor: int, language: str, text: str) -> None:
    assert money_compact(minor, "EUR", language=language) == text


def test_numbers_and_percentages() -> None:
    assert number_text(1204, language="en") == "1,204"
    assert number_text(1204, language="it") == "1.204"
    assert percent_text(0.15, digits=1, language="en") == "15%"
    assert percent_text(0.125, digits=1, language="it") == "12,5%"
    assert percent_text(-0.02, language="en") == "−2%"


def test_days_keep_day_and_month_together() -> None:
    assert day_text(date(2026, 11, 19), language="en") == "19\u00a0November 2026"
    assert day_text(date(2026, 9, 9), "medium", language="en") == "9\u00a0Sep 2026"
    assert day_text(date(2026, 11, 19), "short", language="it") == "19\u00a0nov"
    assert day_text(date(2026, 10, 1), language="it") == "1º\u00a0ottobre 2026"
    assert day_text(date(2026, 10, 11), language="it") == "11\u00a0ottobre 2026"
    assert day_text(date(2026, 11, 19), "weekday", language="en") == "Thu 19\u00a0Nov"


def test_moments_are_told_in_the_active_zone() -> None:
    with timezone.override("Europe/Amsterdam"):
        assert moment_text(THURSDAY, language="en") == "19\u00a0November 2026, 09:12"
        assert moment_text(THURSDAY, "medium", language="it") == "19\u00a0nov 2026, ore\u00a009:12"


@pytest.mark.parametrize(
    ("age", "text"),
    [
        pytest.param(timedelta(seconds=20), "Just now", id="seconds"),
        pytest.param(timedelta(minutes=1), "1 minute ago", id="a minute"),
        pytest.param(timedelta(hours=2), "2 hours ago", id="hours"),
        pytest.param(timedelta(hours=26), "Yesterday", id="the day before"),
        pytest.param(timedelta(days=3), "3 days ago", id="days"),
        pytest.param(timedelta(days=8), "11\u00a0Nov", id="older than a week is a date"),
        pytest.param(timedelta(days=400), "15\u00a0Oct 2025", id="another year is named"),
        pytest.param(timedelta(days=-2), "21\u00a0Nov", id="deadlines are dates"),
    ],
)
def test_how_long_ago(age: timedelta, text: str) -> None:
    with translation.override("en"):
        assert ago_text(THURSDAY - age, now=THURSDAY) == text


@pytest.mark.parametrize(
    ("language", "age", "text"),
    [
        ("en", timedelta(seconds=5), "just now"),
        ("en", timedelta(hours=10), "yesterday"),
        ("en", timedelta(hours=2), "2 hours ago"),
        ("en", timedelta(days=20), "30\u00a0Oct"),
        ("it", timedelta(seconds=5), "adesso"),
        ("it", timedelta(hours=10), "ieri"),
    ],
)
def test_inside_a_sentence_no_word_begins_with_a_capital(
    language: str, age: timedelta, text: str
) -> None:
    with translation.override(language):
        assert ago_text(THURSDAY - age, now=THURSDAY, inside=True) == text


def test_templates_ask_for_words_inside_a_sentence() -> None:
    source = "{% load dates %}{% ago moment %}, sent {% ago moment inside=True %}"

    shown = Template(source).render(Context({"moment": timezone.now()}))

    assert strip_tags(shown) == "Just now, sent just now"
