"""The pages people sign in with, in a real browser: without faults, and under the strict policy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import HAS_CHROMIUM, Visitor, chromium, serving, visitor
from tests.builders.people import PASSWORD
from tests.conftest import make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]


@pytest.fixture
def origin(real_database: str) -> Iterator[str]:
    make_world()
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def look(person: Visitor, path: str, name: str) -> None:
    person.open(path)
    person.picture(name)
    assert person.problems() == [], path


@pytest.mark.parametrize("size", ["1440", "390"])
def test_the_way_in_and_the_account_pages_are_without_fault(
    origin: str, browser: Browser, size: str
) -> None:
    phone = size == "390"
    with visitor(browser, origin, phone=phone, dark=phone) as person:
        for path, name in [
            ("/acme/accounts/login/", "login"),
            ("/accounts/login/", "login-global"),
            ("/acme/accounts/login/code/", "login-code"),
            ("/acme/accounts/password/reset/", "reset"),
            ("/acme/accounts/signup/", "signup"),
            ("/acme/nothing/here/", "not-found"),
        ]:
            person.expected = ("404",)
            look(person, path, f"{name}-{size}")

        person.log_in("manager@acme.example", PASSWORD, at="/acme/accounts/login/")
        for path, name in [
            ("/acme/accounts/2fa/", "factors"),
            ("/acme/accounts/2fa/totp/activate/", "totp"),
            ("/acme/accounts/2fa/webauthn/add/", "key"),
            ("/acme/accounts/password/change/", "password"),
            ("/acme/accounts/email/", "email"),
            ("/acme/accounts/sessions/", "devices"),
            ("/acme/accounts/logout/", "logout"),
        ]:
            look(person, path, f"{name}-{size}")
            assert "/login/" not in person.page.url, path
            if "/reauthenticate/" in person.page.url:
                person.page.get_by_label("Password").fill(PASSWORD)
                person.page.get_by_role("button", name="Confirm").click()
                look(person, path, f"{name}-{size}")


def test_a_wrong_password_says_what_to_do_and_keeps_the_address(
    origin: str, browser: Browser
) -> None:
    with visitor(browser, origin) as person:
        page = person.log_in("manager@acme.example", "not the password", at="/acme/accounts/login/")
        person.picture("login-wrong")

        assert page.title().startswith("Error:")
        assert page.locator(".error-summary").evaluate("box => box === document.activeElement")
        assert page.get_by_label("Email").input_value() == "manager@acme.example"
        assert person.problems() == []


def test_a_passkey_is_added_and_lets_the_person_in(origin: str, browser: Browser) -> None:
    with visitor(browser, origin) as person:
        tools = person.context.new_cdp_session(person.page)
        tools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page = person.log_in("manager@acme.example", PASSWORD, at="/acme/accounts/login/")
        person.open("/acme/accounts/2fa/webauthn/add/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Name").fill("Laptop")
        if page.get_by_label("Passwordless").count():
            page.get_by_label("Passwordless").check()
        page.get_by_role("button", name="Add key").click()
        page.wait_for_url(re.compile(r"/(recovery-codes|webauthn/(?!add))"))
        page.wait_for_load_state("networkidle")
        person.picture("recovery-codes")
        assert person.problems() == []

        person.open("/acme/accounts/2fa/webauthn/")
        person.picture("keys")
        assert page.get_by_role("rowheader").filter(has_text="Laptop").count() == 1
        assert person.problems() == []
        person.open("/acme/accounts/logout/")
        page.get_by_role("main").get_by_role("button", name="Log out").click()
        person.open("/acme/accounts/login/")
        page.get_by_role("button", name="Log in with a passkey").click()
        page.wait_for_url(lambda url: "/login" not in url)

        assert (
            person.open("/acme/accounts/2fa/").get_by_role("heading", name="Two-step login").count()
            == 1
        )
