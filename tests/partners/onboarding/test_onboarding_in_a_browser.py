"""Onboarding in a browser: a rep goes through the track on a phone without scripts, no page has a fault."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from partners.onboarding.models import Entitlement, RewardKind, Run
from prm.accounts.capabilities import Role
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, chromium, serving, visitor
from tests.builders.onboarding import (
    a_run,
    a_track,
    approval_step,
    read_step,
    steps_in,
    upload_step,
)
from tests.builders.partners import a_partner, a_program
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LOGIN = "/acme/accounts/login/"


@dataclass(frozen=True)
class Place:
    """A portal with a partner at the start of a track, served."""

    origin: str
    world: World
    run: Run
    program: str
    papers: int


@pytest.fixture
def place(real_database: str) -> Iterator[Place]:
    world = make_world()
    with tenant_scope(world.acme.id):
        program, partner = a_program(), a_partner("Brightwater Advisory")
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        a_member(world.acme, Role.PARTNER_REP, "rep@brightwater.example", name="Rhea Rep", **inside)
        a_track(
            program,
            read_step(
                "Read the handbook for partners who refer firms of twenty people and more",
                due_days=3,
            ),
            upload_step(
                "Bring your papers",
                milestone={"en": "Verified"},
                reward_kind=RewardKind.DISCOUNT,
                reward_text={"en": "10% off"},
            ),
            approval_step("First call", may_skip=True),
            finish_days=14,
        )
        run = a_run(partner.id, program, at=timezone.now())
        papers = steps_in(run)[1].id
    with serving() as origin:
        yield Place(origin, world, run, str(program.id), papers)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_a_rep_goes_through_the_track_on_a_phone_without_scripts(
    place: Place, browser: Browser
) -> None:
    with visitor(browser, place.origin, phone=True, java_script_enabled=False) as rep:
        rep.log_in("rep@brightwater.example", PASSWORD, at=LOGIN)
        page = rep.open("/acme/onboarding/")
        page.get_by_role("link", name="Do this step").click()
        page.get_by_role("button", name="I have read this").click()
        page.get_by_role("link", name="Do this step").click()
        page.set_input_files(
            "input[type=file]",
            {"name": "papers.pdf", "mimeType": "application/pdf", "buffer": PDF},
        )
        page.get_by_role("button", name="Hand in").click()
        assert "Nothing to do for you right now" in page.locator("main").inner_text()
        with visitor(browser, place.origin) as manager:
            manager.log_in("manager@acme.example", PASSWORD, at=LOGIN)
            queue = manager.open("/acme/manage/onboarding/approvals/")
            queue.get_by_role("link", name="Brightwater Advisory").click()
            queue.get_by_role("button", name="Approve step").click()
            assert manager.problems() == []
        page = rep.open("/acme/onboarding/")
        page.get_by_role("link", name="Do this step").click()
        page.get_by_role("button", name="Skip this step").click()
        assert "You have finished all steps" in page.locator("main").inner_text()
        assert rep.faults == []

    with tenant_scope(place.world.acme.id):
        kinds = sorted(Entitlement.objects.values_list("kind", flat=True))
    assert kinds == [RewardKind.DISCOUNT, RewardKind.FIRST_LEAD]


@pytest.mark.parametrize("size", ["1440", "390-dark"])
def test_no_page_of_onboarding_has_a_fault(place: Place, browser: Browser, size: str) -> None:
    phone = dark = size == "390-dark"
    found: dict[str, list[str]] = {}
    with visitor(browser, place.origin, phone=phone, dark=dark) as rep:
        rep.log_in("rep@brightwater.example", PASSWORD, at=LOGIN)
        for path in ("/acme/onboarding/", f"/acme/onboarding/steps/{place.papers}/"):
            rep.open(path)
            found[path] = rep.problems()
    with visitor(browser, place.origin, phone=phone, dark=dark) as admin:
        admin.log_in("admin@acme.example", PASSWORD, at=LOGIN)
        for path in (
            "onboarding/",
            "onboarding/partners/?still=0",
            "onboarding/approvals/",
            "onboarding/rewards/",
            "onboarding/figures/applied/",
            f"onboarding/runs/{place.run.id}/",
            f"onboarding/steps/{place.papers}/",
            f"programs/{place.program}/tracks/",
            f"programs/{place.program}/tracks/new/",
            f"tracks/{place.run.track_id}/",
            f"tracks/{place.run.track_id}/steps/new/",
            f"programs/{place.program}/unlocks/",
        ):
            admin.open(f"/acme/manage/{path}")
            found[path] = admin.problems()

    assert {path: problems for path, problems in found.items() if problems} == {}
