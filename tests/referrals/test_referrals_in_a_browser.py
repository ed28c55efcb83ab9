"""Referral pages in a real browser: sent from a phone in under a minute, with and without scripts, free of faults."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from prm.events.services import Actor
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.pipeline.services import add_note, set_next_step
from tests.browser import HAS_CHROMIUM, Visitor, chromium, serving, visitor
from tests.builders.people import PASSWORD
from tests.builders.referrals import People, a_partner, a_program, a_referral, people_of
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
QUESTIONS = [
    {"key": "seats", "label": "Employees", "type": "number", "required": False, "choices": []},
    {
        "key": "need",
        "label": "Interested in",
        "type": "choice",
        "required": False,
        "choices": ["Payroll", "Expenses"],
    },
]


@dataclass(frozen=True)
class Place:
    """A portal with a year of life in it, served."""

    origin: str
    world: World
    people: People
    busy_id: str
    waiting_id: str
    program_id: str


@pytest.fixture
def place(real_database: str) -> Iterator[Place]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program = a_program(custom_fields=QUESTIONS)
        people = people_of(world.acme, "Brightwater")
        harbour = a_partner("Harbour & Finch Associates", manager=world.manager)
        now = timezone.now()
        for number, (company, stage) in enumerate(
            [
                ("Tidewell Clinics", "accepted"),
                ("Greyfriars Hotels", "opportunity"),
                ("Ballycroy Distillers", "lost"),
                ("Moorgate Print Works", "rejected"),
                ("Rosslare Freight International Holdings and Partners", "submitted"),
            ]
        ):
            a_referral(
                now - timedelta(days=9 - number),
                partner=people.partner,
                by=people.rep,
                company=company,
                contact_email=f"ann@c{number}.example",
                contact_title="Finance director",
                stage=stage,
            )
        busy = a_referral(
            now - timedelta(days=30),
            partner=people.partner,
            by=people.rep,
            stage="qualified",
            contact_title="Finance director",
            contact_phone="+353 1 555 0148",
            country="IE",
            website="kestrel.example",
            context="They run payroll for 90 drivers on spreadsheets.",
            consent=True,
            custom={"seats": "118", "need": "Payroll"},
        )
        manager = Actor(user_id=world.manager.id)
        set_next_step(
            referral_id=busy.id,
            text="Kestrel's board decides",
            due_on=(now + timedelta(days=12)).date(),
            owner_id=world.manager.id,
            actor=manager,
            at=now,
        )
        add_note(
            referral_id=busy.id,
            text="Tom liked the expenses part most.",
            internal=False,
            actor=Actor(user_id=people.rep.id),
            at=now,
        )
        add_note(
            referral_id=busy.id,
            text="Discount of 10% is possible.",
            internal=True,
            actor=manager,
            at=now,
        )
        waiting = a_referral(
            now - timedelta(days=8),
            partner=harbour,
            company="Kestrel Logistics Ltd",
            contact_name="Tom A",
            # Of the same name as the other partner's, which holds its own account.
            contact_email="tom@kestrel-haulage.example",
        )
    with serving() as origin:
        yield Place(origin, world, people, str(busy.id), str(waiting.id), str(program.id))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _sign_in(person: Visitor, email: str) -> None:
    """Sign in; what the page behind the sign-in does wrong is that page's own test."""
    person.log_in(email, PASSWORD, at="/acme/accounts/login/")
    person.faults.clear()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_rep_sends_a_referral_from_a_phone_in_under_a_minute(
    place: Place, browser: Browser, scripts: bool
) -> None:
    with visitor(browser, place.origin, phone=True, java_script_enabled=scripts) as rep:
        _sign_in(rep, place.people.rep.email)
        started = time.monotonic()

        page = rep.open("/acme/referrals/new/")
        page.get_by_label("Company name").fill("Northgate Bakery")
        page.get_by_label("Full name").fill("Ida Baker")
        page.get_by_label("Work email").fill("ida@northgate.example")
        page.get_by_role("button", name="Submit referral").click()
        page.wait_for_url("**/referrals/*-*/")

        assert time.monotonic() - started < 60
        assert page.get_by_role("heading", level=1).inner_text() == "Northgate Bakery"
        assert page.get_by_text("Referral submitted").is_visible()
        assert rep.faults == []
    with tenant_scope(place.world.acme.id):
        assert Referral.objects.filter(company="Northgate Bakery").count() == 1


def test_two_presses_make_one_referral(place: Place, browser: Browser) -> None:
    with visitor(browser, place.origin, java_script_enabled=False) as rep:
        _sign_in(rep, place.people.rep.email)
        page = rep.open("/acme/referrals/new/")
        page.get_by_label("Company name").fill("Northgate Bakery")
        page.get_by_label("Full name").fill("Ida Baker")
        page.get_by_label("Work email").fill("ida@northgate.example")

        page.get_by_role("button", name="Submit referral").dblclick()
        page.wait_for_url("**/referrals/*-*/")

    with tenant_scope(place.world.acme.id):
        assert Referral.objects.filter(company="Northgate Bakery").count() == 1


def test_the_form_warns_while_typing_and_lets_the_person_go_on(
    place: Place, browser: Browser
) -> None:
    with visitor(browser, place.origin, phone=True) as rep:
        rep.expected = ("422",)
        _sign_in(rep, place.people.rep.email)
        page = rep.open("/acme/referrals/new/")
        page.get_by_label("Company name").fill("Kestrel")
        page.get_by_label("Website").fill("www.kestrel.example/about")
        page.get_by_label("Full name").fill("Tom")
        warning = page.get_by_text("You have a referral for this company: Kestrel Logistics")
        warning.wait_for()
        assert rep.problems() == []

        page.get_by_label("Work email").fill("tom2@kestrel.example")
        page.get_by_role("button", name="Submit referral").click()
        page.get_by_role("link", name="Confirm that you want to send it anyway").wait_for()
        assert page.get_by_label("Full name").input_value() == "Tom"
        assert rep.problems() == []
        page.get_by_label("Send it anyway").check()
        page.get_by_role("button", name="Submit referral").click()
        page.wait_for_url("**/referrals/*-*/")

    with tenant_scope(place.world.acme.id):
        assert (
            Referral.objects.filter(
                domain="kestrel.example", duplicate_of__in=["own", "known"]
            ).count()
            == 1
        )


def test_a_manager_answers_and_moves_a_referral(place: Place, browser: Browser) -> None:
    with visitor(browser, place.origin) as manager:
        _sign_in(manager, "manager@acme.example")
        page = manager.open("/acme/manage/review/")
        page.get_by_role("button", name=re.compile("Accept.*Kestrel Logistics Ltd")).click()
        page.get_by_text("Kestrel Logistics Ltd is now in Accepted").first.wait_for()

        manager.open(f"/acme/manage/referrals/{place.waiting_id}/")
        page.get_by_role("button", name="Move to").click()
        manager.picture("manage-referral-move-1440")
        page.get_by_role("button", name="Qualified").click()
        page.get_by_text("Kestrel Logistics Ltd is now in Qualified").first.wait_for()

        page.get_by_role("button", name="Move to").click()
        page.get_by_role("link", name="Lost").click()
        page.get_by_label("Reason").fill("They stay with what they have.")
        page.get_by_role("button", name="Move referral").click()
        page.get_by_text("Kestrel Logistics Ltd did not sign").wait_for()
        assert manager.problems() == []


def _looked_at(person: Visitor, path: str, name: str, *, colours: bool) -> None:
    person.open(path)
    person.picture(name, full=True)
    assert person.problems(colours=colours) == [], path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_pages_are_without_fault(
    place: Place, browser: Browser, phone: bool, dark: bool
) -> None:
    """Every rule is tried at both widths, those of colours in both schemes at both."""
    size = ("390" if phone else "1440") + ("-dark" if dark else "")
    colours = phone != dark
    with visitor(browser, place.origin, phone=phone, dark=dark) as rep:
        _sign_in(rep, place.people.rep.email)
        for path, name in [
            ("/acme/referrals/", "partner-referrals"),
            ("/acme/referrals/?view=won&q=x", "partner-referrals-none"),
            ("/acme/referrals/new/", "referral-new"),
            (f"/acme/referrals/{place.busy_id}/", "referral-detail"),
        ]:
            _looked_at(rep, path, f"{name}-{size}", colours=colours)
    with visitor(browser, place.origin, phone=phone, dark=dark) as admin:
        _sign_in(admin, "admin@acme.example")
        for path, name in [
            ("/acme/manage/review/", "queue"),
            ("/acme/manage/referrals/", "manage-referrals"),
            (f"/acme/manage/referrals/{place.busy_id}/", "manage-referral-detail"),
            (f"/acme/manage/referrals/{place.waiting_id}/", "manage-referral-waiting"),
            (f"/acme/manage/referrals/{place.waiting_id}/reject/", "manage-referral-reject"),
            ("/acme/manage/referrals/new/", "manage-referral-new-partner"),
            (
                f"/acme/manage/referrals/new/?partner={place.people.partner.id}",
                "manage-referral-new",
            ),
            (f"/acme/manage/programs/{place.program_id}/stages/", "stages"),
            (f"/acme/manage/programs/{place.program_id}/stages/new/", "stage-new"),
        ]:
            _looked_at(admin, path, f"{name}-{size}", colours=colours)
