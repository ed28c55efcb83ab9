"""Where a person is signed in is noted when something changes or five minutes have passed, not for every page."""

import time
from types import SimpleNamespace

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.signin import middleware
from tests.conftest import World

PAGE = "/acme/manage/referrals/"


@pytest.fixture
def browser(world: World) -> Client:
    client = Client(headers={"user-agent": "Firefox"})
    client.force_login(world.manager)
    return client


def _asked(browser: Client) -> list[str]:
    with CaptureQueriesContext(connection) as context:
        assert browser.get(PAGE).status_code == 200
    return [query["sql"] for query in context.captured_queries if "usersessions" in query["sql"]]


def test_the_first_page_notes_the_browser_and_the_next_asks_nothing(browser: Client) -> None:
    first, second = _asked(browser), _asked(browser)

    assert first != []
    assert second == []
    assert UserSession.objects.get().user_agent == "Firefox"


def test_another_browser_on_the_same_session_is_noted_at_once(browser: Client) -> None:
    browser.get(PAGE)

    browser.get(PAGE, headers={"user-agent": "Curl"})

    assert UserSession.objects.get().user_agent == "Curl"


def test_five_minutes_later_the_person_is_seen_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.get(PAGE)
    before = UserSession.objects.get().last_seen_at
    later = time.time() + middleware.SEEN_EVERY_S
    monkeypatch.setattr(middleware, "time", SimpleNamespace(time=lambda: later))

    browser.get(PAGE)

    assert UserSession.objects.get().last_seen_at > before
