"""Coming in as people do it, in Chromium: invitation, mailed code, authenticator app when staff need one, switcher."""

from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone
from playwright.sync_api import Browser

from prm.accounts.capabilities import Role
from prm.accounts.invitations import token_of
from prm.accounts.models import Membership
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, chromium, serving, visitor
from tests.builders.accounts import an_invitation
from tests.builders.partners import a_partner
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World, make_world
from tests.prm.signin.conftest import code_in_the_mail

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
LOGIN = "/acme/accounts/login/"


@pytest.fixture
def world(real_database: str) -> World:
    """Make both tenants in a database whose commits are real."""
    return make_world()


@pytest.fixture
def origin(world: World) -> Iterator[str]:
    """Serve the portal; the host is localhost, where passkeys work without https."""
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module."""
    with chromium() as started:
        yield started


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_an_invited_person_joins_and_refers(
    world: World, origin: str, browser: Browser, *, phone: bool, dark: bool
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner(name="Cobalt Agency")
        invitation = an_invitation(
            email="nora@new.example",
            name="Nora New",
            partner_id=partner.id,
            partner_name=partner.name,
            at=timezone.now(),
        )
    size = "390-dark" if phone else "1440"
    with visitor(browser, origin, phone=phone, dark=dark) as nora:
        page = nora.open(f"/acme/invitations/{token_of(invitation)}/")
        nora.picture(f"invitation-{size}")
        assert page.url == f"{origin}/acme/invitation/"
        assert nora.problems() == []

        nora.expected = ("422",)
        page.get_by_label("Password").fill("short")
        page.get_by_role("button", name="Create login and join").click()
        page.wait_for_load_state("networkidle")
        nora.picture(f"invitation-wrong-{size}")
        assert page.locator(".error-summary").evaluate("box => box === document.activeElement")
        page.get_by_label("Password").fill("a quiet long phrase")
        page.get_by_role("button", name="Create login and join").click()
        page.wait_for_url(f"{origin}/acme/")
        assert nora.problems() == []

        nora.open(f"/acme/invitations/{token_of(invitation)}/")
        nora.picture(f"invitation-used-{size}")
        assert page.get_by_role("heading", name="This invitation cannot be used").count() == 1


def test_a_mailed_code_lets_in(world: World, origin: str, browser: Browser) -> None:
    with visitor(browser, origin, phone=True) as person:
        page = person.open(LOGIN)
        page.get_by_role("link", name="Email me a login code").click()
        page.get_by_label("Email").fill(world.admin.email)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/login/code/confirm/**")
        person.picture("code-390")
        assert person.problems() == []

        page.get_by_label("Code").fill(code_in_the_mail().lower())
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url("**/acme/manage/")


def test_staff_who_need_a_second_factor_set_one_up_and_use_it(
    world: World, origin: str, browser: Browser, half_minute: int
) -> None:
    Tenant.objects.filter(id=world.acme.id).update(require_second_factor=True)
    with visitor(browser, origin) as person:
        page = person.log_in(world.finance.email, PASSWORD, at=LOGIN)
        assert page.url.endswith("/acme/accounts/2fa/")
        person.picture("factor-needed-1440")
        page.get_by_role("link", name="Set up").first.click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        secret = page.locator("#authenticator_secret").input_value()
        code = format_hotp_value(hotp_value(secret, half_minute))
        page.get_by_label("Code from the app").fill(code)
        page.get_by_role("button", name="Turn on").click()
        page.wait_for_url("**/recovery-codes/**")
        person.open("/acme/manage/")
        assert page.url == f"{origin}/acme/manage/"

        with visitor(browser, origin) as elsewhere:
            elsewhere.log_in(world.finance.email, PASSWORD, at=LOGIN)
            elsewhere.picture("factor-1440")
            assert elsewhere.page.url.startswith(f"{origin}/acme/accounts/2fa/authenticate/")
            assert elsewhere.problems() == []
            elsewhere.open("/acme/manage/")
            assert (
                "/accounts/login/" in elsewhere.page.url
                or "/2fa/authenticate/" in elsewhere.page.url
            )


def test_one_person_works_in_two_places_of_one_vendor(
    world: World, origin: str, browser: Browser
) -> None:
    with tenant_scope(world.acme.id):
        places = {name: a_partner(name=name) for name in ("Brightwater", "Cobalt")}
    for name, partner in places.items():
        role = Role.PARTNER_ADMIN if name == "Brightwater" else Role.PARTNER_REP
        a_member(
            world.acme,
            role,
            "mia@many.example",
            name="Mia Many",
            partner_id=partner.id,
            partner_name=name,
        )
    Membership.objects.filter(partner_name="Cobalt").update(sees_earnings=True)
    with visitor(browser, origin) as mia:
        page = mia.log_in("mia@many.example", PASSWORD, at="/accounts/login/")
        mia.picture("places-1440")
        assert mia.problems() == []
        page.locator("li", has_text="Brightwater").get_by_role("button").click()
        page.wait_for_url(f"{origin}/acme/")
        assert page.get_by_role("link", name="Team").count() == 1

        second = mia.context.new_page()
        second.goto(f"{origin}/acme/team/invite/")
        page.get_by_role("button", name="Mia Many").click()
        page.get_by_role("link", name="Switch organisation").click()
        page.locator("li", has_text="Cobalt").get_by_role("button").click()
        page.wait_for_url(f"{origin}/acme/")
        assert page.get_by_role("link", name="Team").count() == 0

        second.get_by_label("Email").fill("eve@evil.example")
        second.get_by_role("button", name="Send invitation").click()
        second.wait_for_load_state("networkidle")
        assert second.get_by_role("heading", name="This page is out of date").count() == 1
