"""Payments are expected on days on which banks settle them: no weekends, none of the days that T2 is closed.

Who pays US banks too waits for the Federal Reserve as well.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from commissions.calendar.rules import Clock, pay_day
from commissions.payouts.forms import RunForm
from commissions.payouts.models import PayoutSettings
from commissions.payouts.rules import bank_day_from, is_bank_day, next_bank_day
from commissions.payouts.settings import pays_us_banks


@pytest.mark.parametrize(
    ("today", "paid"),
    [
        pytest.param(date(2026, 11, 18), date(2026, 11, 19), id="the day after"),
        pytest.param(date(2026, 11, 20), date(2026, 11, 23), id="over a weekend"),
        pytest.param(date(2026, 12, 24), date(2026, 12, 28), id="over Christmas and a weekend"),
        pytest.param(date(2026, 12, 31), date(2027, 1, 4), id="over New Year and a weekend"),
        pytest.param(date(2027, 3, 25), date(2027, 3, 30), id="over Easter"),
        pytest.param(date(2026, 4, 30), date(2026, 5, 4), id="over the first of May"),
    ],
)
def test_the_next_day_on_which_banks_pay(today: date, paid: date) -> None:
    assert next_bank_day(today) == paid


# The Federal Reserve's list of holidays, without those of a Saturday, on which it is open the Friday before:
# Independence Day 2026, Juneteenth and Christmas 2027. That of a Sunday, Independence Day 2027, is kept on Monday.
FED_CLOSED = {
    2026: [
        "01-01",
        "01-19",
        "02-16",
        "05-25",
        "06-19",
        "09-07",
        "10-12",
        "11-11",
        "11-26",
        "12-25",
    ],
    2027: ["01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"],
}
T2_CLOSED = {
    2026: ["01-01", "04-03", "04-06", "05-01", "12-25"],
    2027: ["01-01", "03-26", "03-29"],
}


@pytest.mark.parametrize("year", [2026, 2027])
def test_who_pays_us_banks_waits_for_both_calendars(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=count) for count in range(365)]
    closed = {
        us: [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not is_bank_day(day, us=us)]
        for us in (False, True)
    }

    assert closed[False] == T2_CLOSED[year]
    assert closed[True] == sorted({*T2_CLOSED[year], *FED_CLOSED[year]})


def test_a_us_file_that_is_made_late_names_a_day_on_which_it_settles() -> None:
    assert bank_day_from(date(2026, 11, 26), us=True) == date(2026, 11, 27)
    assert bank_day_from(date(2026, 11, 26)) == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, False),
        ({"methods": ["sepa", "ach"]}, True),
        # Nobody new may choose it; who chose it before is still paid.
        (
            {
                "ach_routing": "021000021",
                "ach_company_id": "1",
                "ach_company_name": "Acme",
                "ach_bank_name": "Chase",
            },
            True,
        ),
    ],
)
def test_days_of_us_banks_count_for_vendors_that_send_them_files(
    fields: dict[str, Any], counts: bool
) -> None:
    assert pays_us_banks(PayoutSettings(**fields)) is counts


def test_the_money_calendar_waits_for_the_bank_too() -> None:
    clock = Clock("monthly", 24)

    assert pay_day(date(2026, 12, 2), today=date(2026, 12, 2), clock=clock) == date(2026, 12, 28)
    # Thanksgiving.
    us = Clock("monthly", 25, us=True)
    assert pay_day(date(2026, 11, 2), today=date(2026, 11, 2), clock=us) == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("day", "us", "said"),
    [
        (
            "2026-12-25",
            False,
            ["Banks do not pay on that day. The next one on which they do is 28\xa0December 2026"],
        ),
        ("2026-12-28", False, []),
        ("2027-01-18", False, []),
        (
            "2027-01-18",
            True,
            ["Banks do not pay on that day. The next one on which they do is 19\xa0January 2027"],
        ),
    ],
)
def test_a_run_takes_only_days_on_which_banks_pay(day: str, us: bool, said: list[str]) -> None:
    form = RunForm({"pay_on": day}, today=date(2026, 12, 1), us=us)

    assert form.errors.get("pay_on", []) == said
