"""A visitor applies on a 360 px screen without JavaScript, from the program's page to the applicant's own page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize

from partners.applications.links import link_token
from partners.applications.models import Application
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, chromium, serving, violations
from tests.builders.applying import an_open_program
from tests.builders.commissions import a_plan
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
SMALL: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
def ground(real_database: str) -> World:
    world = make_world()
    with tenant_scope(world.acme.id):
        a_plan(an_open_program())
    return world


@pytest.fixture
def phone(ground: World) -> Iterator[tuple[Page, str]]:
    with serving() as origin, chromium() as browser:
        context = browser.new_context(
            viewport=SMALL,
            java_script_enabled=False,
            is_mobile=True,
            has_touch=True,
            locale="en-GB",
        )
        context.set_default_timeout(15000)
        yield context.new_page(), origin
        context.close()


def fits(page: Page) -> bool:
    """Tell whether the page needs no sideways scroll."""
    box = page.locator("main").bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= SMALL["width"]


def test_a_visitor_applies_without_javascript(ground: World, phone: tuple[Page, str]) -> None:
    page, origin = phone
    answer = page.goto(f"{origin}/acme/join/")
    assert answer is not None
    assert answer.status == 200
    page.get_by_role("link", name=re.compile("Read more")).click()
    assert page.get_by_role("heading", name="What you earn").is_visible()
    assert fits(page)

    page.get_by_role("link", name="Apply to become a partner").first.click()
    page.get_by_role("button", name="Continue").click()
    assert page.get_by_role("heading", name="There is a problem").is_visible()
    page.get_by_label("Company").fill("Oak & Sons")
    page.get_by_label("Country").select_option("IT")
    page.get_by_label("Your full name").fill("Olga Oak")
    page.get_by_label("Work email").fill("olga@oak.example")
    page.get_by_role("button", name="Continue").click()
    assert fits(page)

    page.get_by_label("How many clients?").fill("1")
    page.get_by_role("button", name="Save and finish later").click()
    assert page.get_by_role("heading", name="Your answers are saved").is_visible()
    with tenant_scope(ground.acme.id):
        link = re.search(r"http://[^/]+(/acme/application/\S+)", Mail.objects.get().text)
    assert link is not None
    page.goto(origin + link[1])
    assert page.get_by_label("How many clients?").input_value() == "1"
    page.get_by_label("How many clients?").fill("12")
    page.get_by_label("Books").check()
    page.get_by_role("button", name="Send application").click()

    assert page.get_by_role("heading", name="Thank you. Your answers have arrived").is_visible()
    with tenant_scope(ground.acme.id):
        application = Application.objects.get()
        token = link_token(application)
    assert application.number.endswith("-0001")
    page.goto(f"{origin}/acme/application/{token}/")
    assert page.get_by_text("A person reads your application").is_visible()
    assert fits(page)


def test_the_pages_are_free_of_faults(ground: World) -> None:
    with serving() as origin, chromium() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport=SMALL, color_scheme=scheme)
            for path in (
                "join/",
                "join/advisors/",
                "join/advisors/apply/",
                "join/advisors/apply/sent/",
            ):
                answer = page.goto(f"{origin}/acme/{path}")
                assert answer is not None
                assert answer.status == 200, path
                assert violations(page) == [], path
                assert page.evaluate("document.documentElement.scrollWidth") == SMALL["width"]
            page.close()
