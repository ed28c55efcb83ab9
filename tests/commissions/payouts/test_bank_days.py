"""Payments are expected on days on which banks settle them: no weekends, none of the days that T2 is closed."""

from datetime import date

import pytest

from commissions.calendar.rules import Clock, pay_day
from commissions.payouts.forms import RunForm
from commissions.payouts.rules import next_bank_day


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


def test_the_money_calendar_waits_for_the_bank_too() -> None:
    clock = Clock("monthly", 24)

    assert pay_day(date(2026, 12, 2), today=date(2026, 12, 2), clock=clock) == date(2026, 12, 28)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (
            "2026-12-25",
            ["Banks do not pay on that day. The next one on which they do is 28\xa0December 2026"],
        ),
        ("2026-12-28", []),
    ],
)
def test_a_run_takes_only_days_on_which_banks_pay(day: str, said: list[str]) -> None:
    form = RunForm({"pay_on": day}, today=date(2026, 12, 1))

    assert form.errors.get("pay_on", []) == said
