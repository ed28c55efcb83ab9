"""The vetting queue by keyboard, in Chromium: through the rows, to each decision, and out of the way of typing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from partners.applications.models import Application
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, Visitor, chromium, serving, visitor
from tests.builders.applications import an_admission, an_application
from tests.builders.partners import a_program
from tests.builders.people import PASSWORD
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
QUEUE = "/acme/manage/applications/"
COMPANIES = ("Alder Ltd", "Birch Ltd", "Cedar Ltd")


@pytest.fixture
def ground(real_database: str) -> World:
    world, now = make_world(), timezone.now()
    with tenant_scope(world.acme.id):
        program = a_program()
        an_admission(program)
        for days, name in enumerate(reversed(COMPANIES), start=1):
            an_application(program, name, at=now - timedelta(days=days))
    return world


@pytest.fixture
def manager(ground: World) -> Iterator[Visitor]:
    with serving() as origin, chromium() as browser, visitor(browser, origin) as person:
        person.log_in("manager@acme.example", PASSWORD, at="/acme/accounts/login/")
        yield person


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_keys_lead_through_the_queue_and_to_each_decision(ground: World, manager: Visitor) -> None:
    page = manager.open(QUEUE)
    alder, _birch, cedar = (page.get_by_role("link", name=name) for name in COMPANIES)

    press(page, "j")
    expect(alder).to_be_focused()
    press(page, "j", "ArrowDown", "ArrowDown")
    expect(cedar).to_be_focused()
    press(page, "k", "ArrowUp")
    expect(alder).to_be_focused()
    press(page, "ArrowUp")
    expect(alder).to_be_focused()

    box = page.locator("tbody tr").first.locator("input[type=checkbox]")
    press(page, "x")
    expect(box).to_be_checked()
    expect(alder).to_be_focused()
    press(page, "x")
    expect(box).not_to_be_checked()

    press(page, "?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    assert manager.axe() == []
    press(page, "a", "j")
    expect(keys).to_be_visible()
    press(page, "Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    expect(keys).to_be_visible()
    press(page, "Escape")

    for key, heading in (
        ("d", "Decline application"),
        ("i", "Ask for information"),
        ("a", "Approve"),
    ):
        page = manager.open(QUEUE)
        press(page, "j", "j", key)
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        expect(page.locator("main")).to_contain_text("Birch Ltd")
    assert manager.problems() == []


def test_keys_decide_on_the_page_of_one_and_leave_typing_alone(
    ground: World, manager: Visitor
) -> None:
    page = manager.open(QUEUE)
    press(page, "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder Ltd")
    press(page, "d")
    reason = page.get_by_label("Reason")
    reason.click()
    page.keyboard.type("jaded, as an idea? x")
    expect(reason).to_have_value("jaded, as an idea? x")
    page.locator("main form button[type=submit]").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Birch Ltd")
    press(page, "a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar Ltd")
    with tenant_scope(ground.acme.id):
        found = dict(Application.objects.values_list("company", "state"))
    assert found == {"Alder Ltd": "declined", "Birch Ltd": "approved", "Cedar Ltd": "submitted"}
    assert manager.problems() == []


def test_no_key_acts_with_control_or_in_the_search(ground: World, manager: Visitor) -> None:
    page = manager.open(QUEUE)
    press(page, "j", "Control+d")
    search = page.locator("main input[type=search]").first
    search.click()
    page.keyboard.type("jxad")
    expect(search).to_have_value("jxad")
    expect(page).to_have_url(f"{manager.origin}{QUEUE}")
