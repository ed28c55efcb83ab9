"""Promises in business hours: weekends, holidays, changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prm.workhours.rules import Calendar, NeverOpen, due_at, minutes_between

ROME = ZoneInfo("Europe/Rome")
NINE_TO_FIVE = ((540, 1020), (540, 1020), (540, 1020), (540, 1020), (540, 1020), None, None)
OFFICE = Calendar(ROME, NINE_TO_FIVE)


def at(text: str, zone: ZoneInfo = ROME) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        # 2026-10-02 is a Friday.
        ("2026-10-02 16:00", 480, "2026-10-05 16:00"),
        ("2026-10-02 17:00", 60, "2026-10-05 10:00"),
        ("2026-10-02 22:30", 60, "2026-10-05 10:00"),
        ("2026-10-03 12:00", 60, "2026-10-05 10:00"),
        ("2026-10-05 07:00", 480, "2026-10-05 17:00"),
        ("2026-10-05 09:00", 481, "2026-10-06 09:01"),
        ("2026-10-05 09:10", 30, "2026-10-05 09:40"),
        ("2026-10-05 10:00", 0, "2026-10-05 10:00"),
        ("2026-10-01 16:59", 1, "2026-10-01 17:00"),
        ("2026-10-01 09:00", 40 * 60, "2026-10-07 17:00"),
        # The clocks go back on the last Sunday of October and forward on the last of March.
        ("2026-10-23 16:00", 480, "2026-10-26 16:00"),
        ("2026-03-27 16:00", 480, "2026-03-30 16:00"),
    ],
)
def test_a_promise_runs_in_working_time(start: str, minutes: int, end: str) -> None:
    assert due_at(at(start), minutes, OFFICE) == at(end)


def test_a_holiday_puts_the_promise_off_by_a_day() -> None:
    holiday = Calendar(ROME, NINE_TO_FIVE, closed=frozenset({date(2026, 10, 5)}))

    assert due_at(at("2026-10-02 16:00"), 480, holiday) == at("2026-10-06 16:00")


@pytest.mark.parametrize(
    ("country", "region", "end"),
    [
        # All Saints is a Sunday in 2026; 6 January is a holiday in Italy, in Bavaria, not in Berlin nor in Ireland.
        ("IT", "", "2026-01-07 10:00"),
        ("DE", "BY", "2026-01-07 10:00"),
        ("DE", "BE", "2026-01-06 10:00"),
        ("IE", "", "2026-01-06 10:00"),
        ("", "", "2026-01-06 10:00"),
        ("XX", "", "2026-01-06 10:00"),
    ],
)
def test_public_holidays_are_those_of_the_country_and_region(
    country: str, region: str, end: str
) -> None:
    calendar = Calendar(ROME, NINE_TO_FIVE, country, region)

    assert due_at(at("2026-01-05 16:00"), 120, calendar) == at(end)


def test_real_minutes_count_on_the_day_the_clocks_change() -> None:
    around_the_clock = Calendar(ROME, ((0, 1440),) * 7)

    # 24 real hours from Saturday noon: the night is an hour longer.
    assert due_at(at("2026-10-24 12:00"), 1440, around_the_clock) == at("2026-10-25 11:00")


def test_the_zone_of_the_sender_does_not_matter() -> None:
    sent = at("2026-10-02 16:00").astimezone(ZoneInfo("Pacific/Auckland"))

    assert due_at(sent, 480, OFFICE) == at("2026-10-05 16:00")


def test_a_calendar_without_working_time_promises_nothing() -> None:
    with pytest.raises(NeverOpen):
        due_at(at("2026-10-02 16:00"), 60, Calendar(ROME, (None,) * 7))


@given(
    after=st.integers(0, 3_000_000),
    minutes=st.integers(0, 20_000),
)
def test_what_is_due_is_so_many_working_minutes_away(after: int, minutes: int) -> None:
    begin = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=after)

    assert minutes_between(begin, due_at(begin, minutes, OFFICE), OFFICE) == minutes
