"""Partners, programs, updates, jobs and the audit trail in a real browser, wide and narrow, free of faults."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from playwright.sync_api import Browser, expect

from partners.directory.services import change_partner_state, edit_partner
from prm.accounts.capabilities import Role
from prm.accounts.invitations import invite
from prm.events.models import QueuedEvent
from prm.events.relay import relay_tenant
from prm.events.seals import seal_tenant
from prm.events.services import Actor
from prm.jobs.models import Job, JobState
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, chromium, serving, visitor
from tests.builders.agreements import a_signature, an_agreement
from tests.builders.partners import a_partner, a_program
from tests.builders.people import PASSWORD, a_member
from tests.builders.referrals import a_referral
from tests.conftest import World, make_world

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
TERMS = "# What you earn\n\nA commission on the **first payment**.\n\n- paid monthly\n- after a hold of 30 days\n\n[Questions](https://velden.example/)"
QUESTIONS = [
    {
        "key": "seats",
        "label": "How many employees?",
        "type": "number",
        "required": True,
        "choices": [],
    },
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
    """A portal with partners in it, served."""

    origin: str
    world: World
    partner: str
    program: str
    running: str
    done: str
    failed: str


@pytest.fixture
def place(real_database: str, tmp_path: Path, settings: Any) -> Iterator[Place]:
    settings.EMAIL_BACKEND = "prm.notices.mailbox.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.MAILBOX = True
    world, now = make_world(), timezone.now()
    mara = Actor(user_id=world.manager.id, name="Mara Manager")
    with tenant_scope(world.acme.id):
        program = a_program(
            custom_fields=QUESTIONS,
            summary="For accountants and consultants.",
        )
        terms = an_agreement(program, TERMS)
        partner = a_partner(
            "Brightwater Advisory",
            programs=(program,),
            type="accountant",
            country="IE",
            website="brightwater.example",
        )
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        rep = a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@brightwater.example",
            name="Aoife Brennan",
            **inside,
        )
        invite(
            email="new@brightwater.example", roles=[Role.PARTNER_REP], actor=mara, at=now, **inside
        )
        edit_partner(
            partner_id=partner.id, segment="Dublin", manager_id=world.manager.id, actor=mara, at=now
        )
        for name in (
            "Kestrel Consulting",
            "Numera Studio Associato di Commercialisti e Revisori Contabili",
            "Harbour & Finch",
        ):
            change_partner_state(
                partner_id=a_partner(name).id,
                state="paused",
                reason="Tax form is missing",
                actor=mara,
                at=now,
            )
        a_signature(terms, partner, rep)
        a_referral(now, partner=partner, by=rep, program=program, stage="accepted")
        job: dict[str, Any] = {"started_by": world.admin, "kind": "audit.export"}
        running = Job.objects.create(
            state=JobState.RUNNING,
            done_count=268,
            total_count=418,
            started_at=now,
            leased_until=now,
            **job,
        )
        done = Job.objects.create(state=JobState.DONE, result={"rows": 418, "skipped": 6}, **job)
        failed = Job.objects.create(
            state=JobState.FAILED, error="The file has no header row.", **job
        )
    relay_tenant(world.acme.id)
    seal_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        from prm.events.services import emit

        emit("referral.won", subject="referral:1", actor=mara, at=now)
        QueuedEvent.objects.update(attempts=3, error="pipeline.tell: KeyError: 'company'")
    mail = EmailMultiAlternatives(
        "Your code",
        "Your code is\n\n418203\n",
        "Acme <p@x.example>",
        ["boss@brightwater.example"],
        headers={"Message-ID": "<1@x>"},
    )
    mail.attach_alternative("<p>Your code is <b>418203</b></p>", "text/html")
    mail.send()
    with serving() as origin:
        yield Place(
            origin,
            world,
            str(partner.id),
            str(program.id),
            str(running.id),
            str(done.id),
            str(failed.id),
        )


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def staff_pages(place: Place) -> dict[str, str]:
    manage = "/acme/manage"
    return {
        "partner-list": f"{manage}/partners/",
        "partner-list-empty": f"{manage}/partners/?q=nothing",
        "partner-detail": f"{manage}/partners/{place.partner}/",
        "partner-new": f"{manage}/partners/new/",
        "partner-edit": f"{manage}/partners/{place.partner}/edit/",
        "partner-invite": f"{manage}/partners/{place.partner}/invite/",
        "partner-pause": f"{manage}/partners/{place.partner}/state/paused/",
        "program-list": f"{manage}/programs/",
        "program-detail": f"{manage}/programs/{place.program}/",
        "program-new": f"{manage}/programs/new/",
        "program-fields": f"{manage}/programs/{place.program}/fields/",
        "job-list": f"{manage}/jobs/",
        "job-running": f"/acme/jobs/{place.running}/",
        "job-done": f"/acme/jobs/{place.done}/",
        "job-failed": f"/acme/jobs/{place.failed}/",
        "stuck": f"{manage}/stuck/",
        "audit": f"{manage}/audit/",
        "updates": "/acme/updates/",
        "preferences": "/acme/updates/preferences/",
        "mailbox": "/mail/",
    }


@pytest.mark.parametrize("size", ["1440", "390-dark"])
def test_every_page_is_free_of_faults(place: Place, browser: Browser, size: str) -> None:
    phone = dark = size == "390-dark"
    found: dict[str, list[str]] = {}
    with visitor(browser, place.origin, phone=phone, dark=dark) as staff:
        staff.log_in("admin@acme.example", PASSWORD, at="/acme/accounts/login/")
        for name, path in staff_pages(place).items():
            staff.open(path)
            staff.picture(f"{name}-{size}", full=True)
            found[name] = staff.problems()
            staff.faults.clear()
    with visitor(browser, place.origin, phone=phone, dark=dark) as boss:
        boss.log_in("boss@brightwater.example", PASSWORD, at="/acme/accounts/login/")
        for name, path in {
            "agreement": "/acme/agreement/",
            "partner-updates": "/acme/updates/",
        }.items():
            boss.open(path)
            boss.picture(f"{name}-{size}", full=True)
            found[name] = boss.problems()
            boss.faults.clear()

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_a_running_job_swaps_itself_for_its_result(place: Place, browser: Browser) -> None:
    with visitor(browser, place.origin) as staff:
        staff.log_in("admin@acme.example", PASSWORD, at="/acme/accounts/login/")
        page = staff.open(f"/acme/jobs/{place.running}/")
        assert "268 of 418 rows" in page.locator("#job").inner_text()
        with tenant_scope(place.world.acme.id):
            Job.objects.filter(id=place.running).update(state=JobState.DONE, result={"rows": 418})

        page.get_by_text("Done", exact=True).first.wait_for(timeout=8_000)

        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(3_000)
        assert asked == []  # 286 ended the polling
        assert staff.problems() == []


def test_a_partner_is_added_without_scripts(place: Place, browser: Browser) -> None:
    with visitor(browser, place.origin, java_script_enabled=False) as staff:
        staff.log_in("manager@acme.example", PASSWORD, at="/acme/accounts/login/")
        page = staff.open("/acme/manage/partners/new/")
        page.get_by_label("Name", exact=True).fill("Westbrook Bookkeeping")
        page.get_by_label("Website").fill("westbrook.example")
        page.get_by_role("button", name="Add partner").click()

        assert page.locator("h1").inner_text().startswith("Westbrook Bookkeeping")


def test_the_focus_is_where_the_answer_is(place: Place, browser: Browser) -> None:
    with visitor(browser, place.origin) as staff:
        staff.log_in("admin@acme.example", PASSWORD, at="/acme/accounts/login/")
        page = staff.open(f"/acme/manage/programs/{place.program}/plans/draft/")
        page.get_by_role("button", name="Add a rule").click()
        expect(page.locator("#id_r1-event")).to_be_focused()

        # The skip link's fragment is not sent along: it would take the focus from what is wrong.
        page.locator("a.skip").press("Enter")
        expect(page).to_have_url(re.compile("#main$"))
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator(".error-summary")).to_be_focused()
