"""From a visitor on a small phone without scripts to a partner's first referral, in the browser, with a real worker."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize

from commissions.plans.services import RuleTerms
from partners.applications.models import Application, ApplicationState
from partners.applications.services import edit_admission
from partners.directory.models import Enrollment, EnrollmentState
from partners.onboarding.building import StepDraft
from partners.onboarding.models import Entitlement, Fact, RewardKind, Run, StepKind
from partners.programs.models import Program
from partners.training.models import Certificate, Course, Taking
from prm.events.services import SYSTEM
from prm.notices.mailbox import mail_name, opened_mail
from prm.notices.models import AccountMail, MailState
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.formats import day_text
from referrals.pipeline.models import Referral
from referrals.pipeline.services import ensure_stages
from tests.browser import HAS_CHROMIUM, Visitor, visitor
from tests.builders.agreements import TEXT, an_agreement
from tests.builders.commissions import a_plan
from tests.builders.onboarding import a_track, fact_step, read_step
from tests.builders.partners import LONG_AGO, a_program
from tests.builders.people import PASSWORD
from tests.builders.training import a_course
from tests.journeys.conftest import Ground
from tests.journeys.steps import PERSON, TOOL, link_in, sent_mail, until
from tests.worker import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
OLGA, PIA = "olga@oak.example", "pia@pine.example"
SMALL: ViewportSize = {"width": 360, "height": 740}
REAPPLY_DAYS = 90
QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "clients",
        "type": "number",
        "required": True,
        "least": 3,
        "points": 10,
        "label": {"en": "How many clients do you advise?", "it": "Quanti clienti seguite?"},
        "decline": {"en": "The program starts at three clients.", "it": "Servono tre clienti."},
    },
    {
        "key": "work",
        "type": "one",
        "required": True,
        "label": {"en": "What do you do?", "it": "Che cosa fate?"},
        "choices": [
            {"key": "books", "label": {"en": "Books", "it": "Contabilità"}, "points": 20},
            {"key": "other", "label": {"en": "Other", "it": "Altro"}},
        ],
    },
]


@dataclass
class Walk:
    """A journey under way: its people at their browsers, and what was wrong with the pages they saw."""

    ground: Ground
    program: Program
    course: Course
    people: dict[str, Visitor] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def at_a_phone(self, name: str, *, scripts: bool, agent: str = PERSON) -> Visitor:
        """Open a browser of 360 pixels for somebody who is not signed in."""
        if name not in self.people:
            opened = visitor(
                self.ground.browser,
                self.ground.origin,
                phone=True,
                java_script_enabled=scripts,
                user_agent=agent,
            )
            self.people[name] = self.ground.stack.enter_context(opened)
            self.people[name].page.set_viewport_size(SMALL)
            self.people[name].page.set_default_timeout(15_000)
        return self.people[name]

    def look(self, person: Visitor) -> None:
        """Keep what axe and the eye for sideways scroll find on the page as it stands."""
        if found := [
            *person.axe(),
            *([f"{wide}px too wide"] if (wide := person.sideways()) else []),
        ]:
            self.wrong[person.page.url] = found
        person.picture(f"visitor-{len(self.ground.people)}-{person.page.title()[:40]}", full=True)

    def look_without(self, person: Visitor) -> None:
        """Look at the page of a browser without JavaScript: it fits; a second browser with scripts runs axe on it."""
        box = person.page.locator("main").bounding_box()
        if box is None or box["x"] < 0 or box["x"] + box["width"] > SMALL["width"]:
            self.wrong[f"{person.page.url} without scripts"] = [f"main is {box}"]
        # A tool by name, so that its looks are not counted as visits.
        mirror = self.at_a_phone("mirror", scripts=True, agent=TOOL)
        mirror.open(person.page.url)
        self.look(mirror)

    def inside(self) -> Any:
        """Open the tenant's scope."""
        return tenant_scope(self.ground.world.acme.id)


def a_ready_program(acme: Tenant) -> tuple[Program, Course]:
    """A program that lacks nothing for its page: a course admits; the track has that course, two facts and a text."""
    at = timezone.now() - timedelta(days=1)
    Tenant.objects.filter(id=acme.id).update(support_email="partners@acme.example")
    program = a_program(
        "Advisors",
        summary="For advisors.",
        objective="Win firms through advisors",
        metric="won",
        metric_target=40,
    )
    ensure_stages(program_id=program.id)
    a_plan(program, RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"))
    an_agreement(program, TEXT, it="# Condizioni\n\n{{ program }}")
    course = a_course("Selling Acme", lessons=2, questions=3, open_to_applicants=True)
    edit_admission(
        program_id=program.id,
        mode="course",
        course_id=course.id,
        questions=QUESTIONS,
        reapply_days=REAPPLY_DAYS,
        actor=SYSTEM,
        at=LONG_AGO,
    )
    a_track(
        program,
        StepDraft(kind=StepKind.COURSE, course_id=course.id),
        fact_step(Fact.AGREEMENT, due_days=5, blocks_next=True),
        fact_step(Fact.PROFILE, due_days=10),
        read_step("How a good referral reads", due_days=10),
        finish_days=14,
        published_at=at,
    )
    return program, course


def goes_public(walk: Walk) -> None:
    """The program admin reads the checklist and puts the page up."""
    admin = walk.ground.person("admin@acme.example")
    page = admin.open(f"/acme/manage/programs/{walk.program.id}/publish/")
    page.get_by_role("button", name="Publish program").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Open page").wait_for()
    walk.look(admin)


def sent_invitation(walk: Walk, to: str) -> str:
    """Wait for the invitation; its text is in the delivered mail only."""

    def sent() -> str:
        row = AccountMail.objects.filter(to=to, state=MailState.SENT).first()
        mail = opened_mail(mail_name(row.message_id)) if row else None
        return mail.text if mail else ""

    return str(eventually(sent, seconds=60, what=f"the invitation of {to}"))


def fills_who(page: Page, *, company: str, name: str, email: str) -> None:
    page.get_by_label("Company").fill(company)
    page.get_by_label("Country").select_option("IT")
    page.get_by_label("Your full name").fill(name)
    page.get_by_label("Work email").fill(email)
    page.get_by_role("button", name="Continue").click()


def applies(walk: Walk) -> str:
    """Olga reads the page and answers two screens on 360 pixels without JavaScript; returns her link from the mail."""
    olga = walk.at_a_phone("olga", scripts=False)
    page = olga.open("/acme/join/advisors/?utm_source=newsletter")
    assert "Sign the agreement" in page.locator("main").inner_text()
    walk.look_without(olga)
    page.get_by_role("link", name="Apply to become a partner").first.click()
    walk.look_without(olga)
    fills_who(page, company="Oak & Sons", name="Olga Oak", email=OLGA)
    page.get_by_label("How many clients do you advise?").fill("12")
    page.get_by_label("Books").check()
    walk.look_without(olga)
    page.get_by_role("button", name="Send application").click()
    page.get_by_role("heading", name="Thank you").wait_for()
    assert "pass" in page.locator("main").inner_text().lower()
    walk.look_without(olga)
    text = sent_mail(walk.ground, OLGA, "application.received")
    return link_in(text, "application")


def passes_the_course(walk: Walk, link: str) -> None:
    """Olga takes the course under her own link: lessons, a failed try, then the pass."""
    olga = walk.at_a_phone("olga", scripts=False)
    page = olga.open(link)
    page.get_by_text("Pass the course, and you are in").wait_for()
    walk.look_without(olga)
    page.get_by_role("link", name="Open the course").click()
    walk.look_without(olga)
    page.get_by_role("link", name="Begin the first lesson").click()
    walk.look_without(olga)
    page.get_by_role("button", name="Done, next lesson").click()
    page.get_by_role("button", name="Done, back to the course").click()
    answers(page, "wrong answer")
    page.get_by_role("heading", name="Not passed this time").wait_for()
    assert "right answer" not in page.locator("main").inner_text().replace("right answers", "")
    page.get_by_role("link", name="Back to the course").click()
    answers(page, "right answer", look=lambda: walk.look_without(olga))
    page.get_by_role("heading", name="You passed").wait_for()
    walk.look_without(olga)


def answers(page: Page, answer: str, *, look: Callable[[], None] | None = None) -> None:
    page.locator("main").get_by_role("button", name=re.compile("Begin the quiz|Try again")).click()
    page.get_by_role("button", name="Submit answers").wait_for()
    for question in page.locator("fieldset.field").all():
        question.get_by_label(answer, exact=True).check()
    if look:
        look()
    page.get_by_role("button", name="Submit answers").click()


def is_let_in(walk: Walk, link: str) -> None:
    """The rule lets her in, her page says so, and nobody of the vendor did anything."""
    olga = walk.at_a_phone("olga", scripts=False)
    until(olga, link, "Welcome, you are a partner")
    walk.look_without(olga)
    with walk.inside():
        row = Application.objects.get(email=OLGA)
        assert row.partner_id
        enrolled = Enrollment.objects.get(partner_id=row.partner_id)
        assert (row.state, row.decided_rule, row.decided_by_id) == ("approved", "course", None)
        assert (row.source, row.score) == ("newsletter", 30)
        assert enrolled.state == EnrollmentState.APPROVED
    assert "accepted Oak & Sons as a partner" in sent_mail(
        walk.ground, OLGA, "application.approved"
    )


def accepts_the_invitation(walk: Walk) -> Visitor:
    """Olga opens the mail's link in another browser, sets a password, and is in."""
    boss = walk.at_a_phone("boss", scripts=True)
    page = boss.open(link_in(sent_invitation(walk, OLGA), "invitations"))
    page.get_by_role("heading", name="Join Oak & Sons").wait_for()
    assert page.get_by_label("Your name").input_value() == "Olga Oak"
    page.get_by_label("Password").fill(PASSWORD)
    walk.look(boss)
    page.get_by_role("button", name="Create login and join").click()
    page.wait_for_load_state("networkidle")
    walk.look(boss)
    return boss


def is_refused_before_signing(walk: Walk, boss: Visitor) -> None:
    """The address itself refuses, names what is missing and leads there."""
    boss.expected = ("status of 403",)
    page = boss.open("/acme/referrals/new/")
    boss.expected = ()
    page.get_by_role("heading", name="Not open yet").wait_for()
    assert page.get_by_label("Company name").count() == 0
    walk.look(boss)
    page.locator("main").get_by_role("link", name="Sign the agreement").first.click()
    page.wait_for_load_state("networkidle")


def signs(walk: Walk, boss: Visitor) -> None:
    """The text is merged for her company; without the tick nothing is signed."""
    page = boss.page
    assert "Oak & Sons" in page.locator("main .prose").first.inner_text()
    page.get_by_label("Your full name").fill("Olga Oak")
    page.get_by_label("Your position").fill("Owner")
    walk.look(boss)
    page.get_by_label("I have read this agreement").check()
    page.get_by_role("button", name="Sign agreement").click()
    page.wait_for_load_state("networkidle")
    page.get_by_text("Text and hash match").wait_for()
    walk.look(boss)
    assert "Advisors" in sent_mail(walk.ground, OLGA, "agreement.copy")


def finishes_the_track(walk: Walk, boss: Visitor) -> None:
    """The passed course and the signature count by themselves; the profile and a text are left to do."""
    page = until(boss, "/acme/onboarding/", "2 of 4 steps done")
    walk.look(boss)
    page.locator("main").get_by_role("link", name="Complete your company's profile").first.click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name=re.compile("Edit profile")).first.click()
    page.get_by_label("About your company, in English").fill("We keep the books of workshops.")
    page.get_by_label("Accounting and tax").check()
    page.get_by_label("Manufacturing").check()
    page.get_by_label("Countries you work in").select_option("IT")
    page.get_by_label("Languages you speak").select_option("it")
    page.get_by_label("Email for customers").fill("hello@oak.example")
    walk.look(boss)
    page.get_by_role("button", name="Save profile").click()
    page.wait_for_load_state("networkidle")
    walk.look(boss)
    page = until(boss, "/acme/onboarding/", "3 of 4 steps done")
    page.get_by_role("link", name=re.compile("^Do this step")).click()
    page.wait_for_load_state("networkidle")
    walk.look(boss)
    page.get_by_role("button", name="I have read this").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("strong").filter(has_text="You have finished all steps").wait_for()
    assert "First lead" in page.get_by_role("region", name="You earned").inner_text()
    walk.look(boss)
    with walk.inside():
        run = Run.objects.get()
        earned = list(Entitlement.objects.values_list("kind", "partner_id"))
    assert run.finished_at is not None
    assert run.finish_by is not None
    assert run.finished_at < run.finish_by
    assert earned == [(RewardKind.FIRST_LEAD, run.partner_id)]


def certificate_is_verified(walk: Walk, boss: Visitor) -> None:
    """The certificate of the applicant is the partner's now; a stranger checks it by its public address."""
    page = boss.open("/acme/certificates/")
    walk.look(boss)
    with walk.inside():
        certificate = Certificate.objects.get()
    assert certificate.number in page.locator("main").inner_text()
    stranger = walk.at_a_phone("stranger", scripts=True)
    public = stranger.open(f"/acme/certificates/{certificate.code}/")
    words = public.locator("main").inner_text()
    assert "This certificate is valid" in words
    assert all(fact in words for fact in (certificate.number, "Olga Oak", "Selling Acme"))
    assert OLGA not in public.content()
    walk.look(stranger)
    wrong = certificate.code[:-1] + ("2" if certificate.code[-1] != "2" else "3")
    stranger.expected = ("status of 404",)
    public = stranger.open(f"/acme/certificates/{wrong}/")
    assert "No certificate has this code" in public.locator("main").inner_text()


def refers(walk: Walk, boss: Visitor) -> None:
    page = boss.open("/acme/referrals/new/")
    page.get_by_label("Company name").fill("Kestrel Logistics")
    page.get_by_label("Full name").fill("Tom Ashdown")
    page.get_by_label("Work email").fill("tom@kestrel.example")
    walk.look(boss)
    page.get_by_role("button", name="Submit referral").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("heading", name="Kestrel Logistics", exact=True).wait_for()
    with walk.inside():
        assert Referral.objects.get().partner_id == Run.objects.get().partner_id


def is_knocked_out(walk: Walk) -> None:
    """A second applicant with too few clients is declined at once, with the day to apply again, on page and by mail."""
    pia = walk.at_a_phone("pia", scripts=True)
    page = pia.open("/acme/join/advisors/")
    page.get_by_role("link", name="Apply to become a partner").first.click()
    fills_who(page, company="Pine Studio", name="Pia Pine", email=PIA)
    page.get_by_label("How many clients do you advise?").fill("1")
    page.get_by_label("Other", exact=True).check()
    page.get_by_role("button", name="Send application").click()
    page.get_by_role("heading", name="This program does not fit yet").wait_for()
    zone = ZoneInfo(walk.ground.world.acme.time_zone)
    again = timezone.now().astimezone(zone).date() + timedelta(days=REAPPLY_DAYS)
    words = page.locator("main").inner_text()
    assert "The program starts at three clients." in words
    assert f"You can apply again from {day_text(again, 'long')}." in words
    walk.look(pia)
    mail = sent_mail(walk.ground, PIA, "application.knocked_out")
    assert day_text(again, "long") in mail
    with walk.inside():
        row = Application.objects.get(email=PIA)
        assert (row.state, row.reapply_on) == (ApplicationState.DECLINED, again)
        assert row.partner_id is None


FUNNEL = {
    "Page views": 2,
    "Forms begun": 2,
    "Applied": 2,
    "Approved": 1,
    "Signed": 1,
    "Onboarding finished": 1,
    "First referral": 1,
}


def funnel_reconciles(walk: Walk, *, query: str, numbers: dict[str, int]) -> None:
    """Each number of the funnel is the number of rows, or the sum of the visits, on the page it leads to."""
    manager = walk.ground.person("manager@acme.example")
    page = manager.open(f"/acme/manage/onboarding/{query}")
    walk.look(manager)
    table = page.get_by_role("table", name="From page view to first referral")
    seen = {}
    for row in table.locator("tbody tr").all():
        link = row.get_by_role("link")
        count = int(link.inner_text().split()[0])
        seen[row.get_by_role("rowheader").inner_text()] = (
            count,
            link.get_attribute("href") or "",
        )
    assert {label: count for label, (count, _url) in seen.items()} == numbers
    for label, (count, url) in seen.items():
        page = manager.open(url if url.startswith("/") else f"/acme/manage/onboarding/{url}")
        assert page.locator("h1").inner_text() == f"{label}: {count}"
        rows = page.locator("main table tbody tr")
        if label in {"Page views", "Forms begun"}:
            found = sum(int(row.locator("td").last.inner_text()) for row in rows.all())
        else:
            found = rows.count()
        assert found == count, label
    walk.look(manager)


def test_a_visitor_becomes_a_partner(ground: Ground) -> None:
    with tenant_scope(ground.world.acme.id):
        program, course = a_ready_program(ground.world.acme)
    walk = Walk(ground, program, course)
    goes_public(walk)
    link = applies(walk)
    passes_the_course(walk, link)
    is_let_in(walk, link)
    boss = accepts_the_invitation(walk)
    is_refused_before_signing(walk, boss)
    signs(walk, boss)
    finishes_the_track(walk, boss)
    certificate_is_verified(walk, boss)
    refers(walk, boss)
    is_knocked_out(walk)
    with walk.inside():
        assert Taking.objects.get().partner_id == Run.objects.get().partner_id
    funnel_reconciles(walk, query="", numbers=FUNNEL)
    newsletter = {**FUNNEL, "Page views": 1, "Forms begun": 1, "Applied": 1}
    funnel_reconciles(walk, query="?source=newsletter", numbers=newsletter)

    everybody = [*walk.people.items(), *ground.people.items()]
    assert {name: person.faults for name, person in everybody if person.faults} == {}
    assert walk.wrong == {}
