"""A manager imports a file, finance books and takes back money: in a real browser, every page free of faults."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from tests.browser import HAS_CHROMIUM, PHONE, Visitor, chromium, serving, visitor
from tests.builders.people import PASSWORD
from tests.builders.referrals import a_program, a_referral
from tests.builders.revenue import a_customer, a_payment
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
PIPELINE = (
    "Deal id;Agent;Account;Deal stage;Create date;Close date;Amount\n"
    "1;Moses Frase;Kestrel Logistics International Holdings and Partners;Closed Won;20-10-16;01-03-17;1.054,00\n"
    "2;Moses Frase;;Proposal;21-10-16;;\n"
    "3;Zane Levy;Osprey;Thinking;;;\n"
)
PEOPLE = "agent,manager\nMoses Frase,Dustin Brinkmann\nZane Levy,Summer Sewald\n"
REVENUE = (
    "reference,kind,customer,amount,booked_on\nINV-7,renewal,{number},10,2026-01-02\nX,gift,,,\n"
)


@dataclass(frozen=True)
class Place:
    """A portal with one customer, served."""

    origin: str
    world: World
    open_id: str
    payment_id: str
    # The number of the referral that the customer came from.
    number: str

    def work(self) -> None:
        """Do the queued jobs, as a worker does."""
        with tenant_scope(self.world.acme.id):
            waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
        for job_id in waiting:
            run(self.world.acme.id, job_id)


@pytest.fixture
def place(real_database: str) -> Iterator[Place]:
    world = make_world()
    with tenant_scope(world.acme.id):
        a_program()
        at = timezone.now() - timedelta(days=40)
        customer = a_customer(at)
        paid = a_payment(customer, at, key="INV-1")
        waiting = a_referral(at, stage="accepted", company="Tidewell Clinics")
    with serving() as origin:
        yield Place(origin, world, str(waiting.id), str(paid.id), customer.referral.number)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def seen(person: Visitor, name: str) -> list[str]:
    """Look at the page wide and narrow, light and dark; return what is wrong.

    Every rule is tried at both widths, those of colours in both schemes at both.
    """
    wide = person.page.viewport_size or PHONE
    found = []
    for size in (wide, PHONE):
        person.page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)
            person.picture(f"{name}-{size['width']}-{scheme}", full=True)
            problems = person.problems(colours=(size == PHONE) != (scheme == "dark"))
            found += [f"{name} {size['width']} {scheme}: {fault}" for fault in problems]
    person.page.set_viewport_size(wide)
    person.page.emulate_media(color_scheme="light")
    return found


def press(person: Visitor, label: str) -> None:
    person.page.get_by_role("button", name=label).click()
    person.page.wait_for_load_state("networkidle")


def test_a_file_goes_in_and_out_again(browser: Browser, place: Place, tmp_path: Path) -> None:
    (tmp_path / "pipeline.csv").write_text(PIPELINE)
    (tmp_path / "people.csv").write_text(PEOPLE)
    with visitor(browser, place.origin) as person:
        page = person.log_in("manager@acme.example", PASSWORD)
        person.open("/acme/manage/imports/")
        faults = seen(person, "imports-empty")
        person.open("/acme/manage/imports/new/")
        faults += seen(person, "imports-new")
        page.locator("#id_file").set_input_files(tmp_path / "pipeline.csv")
        page.locator("summary").click()
        page.locator("#id_people").set_input_files(tmp_path / "people.csv")
        press(person, "Read file")
        faults += seen(person, "imports-columns")
        press(person, "Continue to values")
        faults += seen(person, "imports-values")
        press(person, "Check file")
        faults += seen(person, "imports-checking")
        place.work()
        # The page finds out by itself that the check is done.
        page.get_by_role("button", name="Import 1 referral").wait_for(timeout=15_000)
        faults += seen(person, "imports-checked")
        page.get_by_role("link", name="See rows").click()
        page.wait_for_load_state("networkidle")
        faults += seen(person, "imports-rows")
        page.go_back()
        press(person, "Import 1 referral")
        place.work()
        page.get_by_text("1 referral was imported").wait_for(timeout=15_000)
        faults += seen(person, "imports-done")
        page.get_by_role("link", name="Undo import").click()
        page.wait_for_load_state("networkidle")
        faults += seen(person, "imports-undo")
        press(person, "Undo import")
        place.work()
        page.get_by_text("This import was undone").wait_for(timeout=15_000)
        person.open("/acme/manage/imports/")
        faults += seen(person, "imports-list")
    assert faults == []


def test_revenue_is_won_booked_and_given_back(
    browser: Browser, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "revenue.csv").write_text(REVENUE.format(number=place.number))
    with visitor(browser, place.origin) as person:
        page = person.log_in("admin@acme.example", PASSWORD)
        person.open(f"/acme/manage/referrals/{place.open_id}/win/")
        faults = seen(person, "revenue-win")
        page.get_by_label("Deal value").fill("1,200.50")
        press(person, "Mark as won")
        page.get_by_text("Tidewell Clinics is won").first.wait_for(state="attached")
        person.open("/acme/manage/revenue/")
        faults += seen(person, "revenue-list")
        person.open("/acme/manage/revenue/new/?q=kest")
        faults += seen(person, "revenue-customers")
        page.get_by_role("link", name="Record payment").first.click()
        page.wait_for_load_state("networkidle")
        faults += seen(person, "revenue-new")
        page.get_by_label("Amount", exact=True).fill("300")
        press(person, "Record payment")
        person.open(f"/acme/manage/revenue/{place.payment_id}/refund/")
        faults += seen(person, "revenue-refund")
        page.get_by_label("Amount given back").fill("9999")
        person.expected = ("422",)
        press(person, "Record refund")
        faults += seen(person, "revenue-refund-too-much")
        page.get_by_label("Amount given back").fill("100")
        press(person, "Record refund")
        person.open("/acme/manage/revenue/upload/")
        faults += seen(person, "revenue-upload")
        page.locator("#id_file").set_input_files(tmp_path / "revenue.csv")
        press(person, "Check file")
        place.work()
        with tenant_scope(place.world.acme.id):
            check = Job.objects.get(kind="revenue.check")
        person.open(f"/acme/manage/revenue/upload/?check={check.id}")
        faults += seen(person, "revenue-checked")
        press(person, "Record 1 row")
        place.work()
    assert faults == []
    with tenant_scope(place.world.acme.id):
        found = RevenueEvent.objects.order_by("id").values_list(
            "kind", "amount_minor", "refunded_minor"
        )
        assert list(found) == [
            ("renewal", 50_000, 10_000),
            ("sale", 120_050, 0),
            ("renewal", 30_000, 0),
            ("refund", 10_000, 0),
            ("renewal", 1_000, 0),
        ]
