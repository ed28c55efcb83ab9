"""Dates and amounts of foreign files mean one thing, and the guess says when it does not know."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from prm.web.foreign_formats import (
    NotADate,
    NotANumber,
    TooPrecise,
    guess_dates,
    guess_numbers,
    read_minor,
    read_moment,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("20-10-16", "dmy", "2016-10-20"),
        ("10/20/2016", "mdy", "2016-10-20"),
        ("16.10.20", "ymd", "2016-10-20"),
        ("2016-10-20", "dmy", "2016-10-20"),
        ("2016/10/20", "mdy", "2016-10-20"),
        ("1 March 2017", "mdy", "2017-03-01"),
        ("1 marzo 2017", "mdy", "2017-03-01"),
        ("Mar 1, 2017", "dmy", "2017-03-01"),
    ],
)
def test_days_are_read_in_the_order_of_the_file(text: str, order: str, day: str) -> None:
    moment = read_moment(text, order, AMSTERDAM)
    assert (moment.date().isoformat(), moment.hour) == (day, 12)


def test_a_clock_and_a_zone_are_kept() -> None:
    assert (
        read_moment("2024-01-31 09:05", "dmy", AMSTERDAM).isoformat() == "2024-01-31T09:05:00+01:00"
    )
    assert (
        read_moment("2024-01-31T09:05:00Z", "dmy", AMSTERDAM).isoformat()
        == "2024-01-31T09:05:00+00:00"
    )


@pytest.mark.parametrize(
    "text", ["", "31-02-2024", "2024-13-01", "1-1-1", "tomorrow", "20-10-16-5", "45231", "01-03-69"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NotADate):
        read_moment(text, "dmy", AMSTERDAM)


def test_the_order_is_guessed_from_days_no_other_order_has() -> None:
    guess = guess_dates(["01-03-17", "20-10-16", ""], TODAY)
    assert (guess.order, guess.example, guess.meaning) == ("dmy", "20-10-16", date(2016, 10, 20))
    assert guess_dates(["03/01/2017", "10/20/2016"], TODAY).order == "mdy"
    assert guess_dates(["03/01/2017", "10/20/2016"], TODAY).sure
    assert guess_dates(["2017-03-01"], TODAY).sure


def test_a_guess_between_two_orders_is_not_sure() -> None:
    assert not guess_dates(["01/03/2017", "02/04/2017"], TODAY).sure
    assert guess_dates(["01/01/2017", "02/02/2017"], TODAY).sure


def test_days_ahead_of_today_speak_against_an_order() -> None:
    """Thirty-one as a year would lie in the future."""
    guess = guess_dates(["31-10-16", "30-09-16"], TODAY)
    assert (guess.order, guess.sure) == ("dmy", True)


@pytest.mark.parametrize(
    ("text", "mark", "currency", "minor"),
    [
        ("1054", ".", "USD", 105400),
        ("1,054.50", ".", "USD", 105450),
        ("1.054,50", ",", "EUR", 105450),
        ("€ 1 054,5", ",", "EUR", 105450),
        ("(12.00)", ".", "USD", -1200),
        ("-3", ".", "JPY", -3),
        ("1.250", ".", "KWD", 1250),
        ("12.500", ".", "USD", 1250),
    ],
)
def test_amounts_are_read_exactly(text: str, mark: str, currency: str, minor: int) -> None:
    assert read_minor(text, mark, currency) == minor


def test_what_is_no_amount_is_refused() -> None:
    for text in ("", "abc", "1,2,3", "1.2.3", "12,34", "1e5", "٣"):
        with pytest.raises(NotANumber):
            read_minor(text, ".", "USD")
    with pytest.raises(TooPrecise):
        read_minor("1.005", ".", "USD")


def test_the_decimal_mark_is_guessed() -> None:
    assert guess_numbers(["1.054,00", "3"], "EUR").decimal == ","
    assert guess_numbers(["1,054.00", "3"], "EUR").decimal == "."
    assert guess_numbers(["3", "4"], "EUR").sure
    assert guess_numbers(["1,50"], "KWD").decimal == ","
