"""The page of the working week: saved, kept when wrong, told in the audit trail."""

from typing import Any

import pytest
from django.test import Client

from prm.accounts.models import User
from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from prm.workhours.models import ClosedDay, WorkCalendar
from prm.workhours.selectors import calendar_of_tenant
from tests.conftest import World

URL = "/acme/manage/settings/hours/"


def week(**changes: str) -> dict[str, str]:
    days = {f"from_{number}": "09:00" if number < 5 else "" for number in range(7)}
    days |= {f"to_{number}": "17:00" if number < 5 else "" for number in range(7)}
    return {**days, "country": "", "region": "", "closed": "", **changes}


def send(user: User, data: dict[str, str]) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(URL, data)


def test_the_week_holidays_and_closed_days_are_kept_and_told(world: World) -> None:
    answer = send(
        world.admin,
        week(
            from_4="08:30",
            to_4="12:00",
            country="IT",
            closed="2026-12-24 Christmas Eve\n\n2026-12-31",
        ),
    )

    assert answer.status_code == 303
    with tenant_scope(world.acme.id):
        calendar = calendar_of_tenant()
        told = Event.objects.get(name="workhours.changed")
    assert calendar.hours[4] == (510, 720)
    assert calendar.hours[5] is None
    assert calendar.country == "IT"
    assert sorted(map(str, calendar.closed)) == ["2026-12-24", "2026-12-31"]
    assert told.changes["closed_days"] == [[], ["2026-12-24 Christmas Eve", "2026-12-31"]]


def test_the_same_again_writes_nothing(world: World) -> None:
    for _ in range(2):
        send(world.admin, week(closed="2026-12-24 Christmas Eve"))

    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="workhours.changed").count() == 1
        assert (WorkCalendar.objects.count(), ClosedDay.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to_0": ""}, "Enter both times"),
        ({"to_0": "08:00"}, "Enter a time after the start"),
        ({"closed": "2026-12-24 Eve\nChristmas"}, "Line 2 does not start with a day"),
        ({"country": "XX"}, "Select a valid choice"),
        ({"from_0": "25:99"}, "Enter a valid time"),
        ({f"{part}_{n}": "" for part in ("from", "to") for n in range(7)}, "at least one day"),
    ],
)
def test_a_wrong_week_is_named_at_its_field_and_nothing_is_lost(
    world: World, changes: dict[str, str], words: str
) -> None:
    answer = send(world.admin, week(**{"from_1": "07:45", **changes}))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "07:45" in page or changes.get("from_1") == ""
    with tenant_scope(world.acme.id):
        assert not WorkCalendar.objects.exists()
