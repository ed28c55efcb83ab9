"""From an Italian landing page on a phone to an erased person whose deal still counts, in the browser."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from django.utils.translation import gettext

from commissions.accruals.models import Accrual
from commissions.ledger.models import Balance, Transfer
from commissions.ledger.selectors import balances_of
from commissions.plans.services import RuleTerms
from commissions.verification import faults
from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.pipeline.services import change_stage
from referrals.revenue.services import win_referral
from tests.browser import HAS_CHROMIUM, PHONE, Visitor, visitor
from tests.builders.commissions import a_plan
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program, stage_of
from tests.builders.sharing import a_page
from tests.journeys.conftest import Ground
from tests.journeys.steps import (
    PERSON,
    TOOL,
    click,
    link_in,
    sent_mail,
    words_of,
)
from tests.worker import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
GIULIA, MANAGER = "giulia@ferrante.example", "manager@acme.example"
ANNA, NAME, COMPANY = "anna.bianchi@officine.example", "Anna Bianchi", "Officine del Lago"
HEADLINE = "Le paghe fatte prima di pranzo"
DEAL, EARNED = 987_650, 98_765


@dataclass
class Walk:
    """The journey under way: Anna at her phone without scripts, and what was wrong with the pages."""

    ground: Ground
    partner: Partner
    people: dict[str, Visitor] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def at_a_phone(self, name: str, *, scripts: bool, agent: str = PERSON) -> Visitor:
        """Open a browser of 390 pixels for somebody without a login who reads Italian."""
        if name not in self.people:
            opened = visitor(
                self.ground.browser,
                self.ground.origin,
                phone=True,
                java_script_enabled=scripts,
                user_agent=agent,
                locale="it-IT",
            )
            self.people[name] = self.ground.stack.enter_context(opened)
        return self.people[name]

    def look_without(self, person: Visitor, name: str) -> None:
        """Look at a page of Anna's: it fits; a second browser with scripts runs axe on the same address."""
        assert person.page.locator("html").get_attribute("lang") == "it"
        box = person.page.locator("main").bounding_box()
        if box is None or box["x"] < 0 or box["x"] + box["width"] > PHONE["width"]:
            self.wrong[f"{name} without scripts"] = [f"main is {box}"]
        mirror = self.at_a_phone("mirror", scripts=True, agent=TOOL)
        mirror.open(person.page.url)
        self.look(mirror, name)

    def look(self, person: Visitor, name: str) -> None:
        """Keep what axe and the eye for sideways scroll find on the page as it stands."""
        if found := person.problems():
            self.wrong[name] = found
        person.picture(f"person-{name}", full=True)

    def inside(self) -> Any:
        """Open the tenant's scope."""
        return tenant_scope(self.ground.world.acme.id)


def it(words: str) -> str:
    """Return words of ours as an Italian reader sees them."""
    with translation.override("it"):
        return gettext(words)


def an_italian_page(acme: Tenant) -> Partner:
    """A plan without a hold, and a partner whose page is written in Italian."""
    at = timezone.now() - timedelta(days=1)
    program = a_program("referral", name="Consulenti")
    a_plan(
        program, RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"), hold_days=0
    )
    partner = a_partner("Studio Ferrante", program=program)
    a_member(
        acme,
        Role.PARTNER_ADMIN,
        GIULIA,
        name="Giulia Ferrante",
        partner_id=partner.id,
        partner_name=partner.name,
    )
    a_page(
        at,
        partner=partner,
        program=program,
        headline=HEADLINE,
        introduction="Abbiamo portato **22 clienti**.",
        language="it",
    )
    return partner


def asks_for_a_call(walk: Walk) -> Referral:
    """Anna reads the page and sends the form, without JavaScript."""
    anna = walk.at_a_phone("anna", scripts=False)
    page = anna.open("/acme/p/studio-ferrante/")
    page.get_by_role("heading", name=HEADLINE, exact=True).wait_for()
    walk.look_without(anna, "landing")
    page.get_by_label(it("Full name"), exact=True).fill(NAME)
    page.get_by_label(it("Work email"), exact=True).fill(ANNA)
    page.get_by_label(it("Company"), exact=True).fill(COMPANY)
    page.get_by_role("checkbox").check()
    click(page, it("Ask for an introduction"))
    page.get_by_role("heading", name=it("Thank you. Your request has arrived")).wait_for()
    walk.look_without(anna, "thanks")
    with walk.inside():
        return Referral.objects.get(partner_id=walk.partner.id)


def becomes_a_customer(walk: Walk, referral: Referral) -> None:
    """The deal is won; the worker books what it earns."""
    at = timezone.now()
    with walk.inside():
        program_id = referral.program_id
        step: dict[str, Any] = {"referral_id": referral.id, "actor": SYSTEM, "at": at}
        change_stage(**step, to_stage_id=stage_of(program_id, "accepted").id)
        deal = Money(DEAL, "EUR")
        win_referral(**step, to_stage_id=stage_of(program_id, "won").id, deal=deal)

    def payable() -> bool:
        with walk.inside():
            return balances_of(partner_id=walk.partner.id, currency="EUR").payable == EARNED

    eventually(payable, seconds=60, what="10 % of 9,876.50 becoming payable")


def ledger_digest(walk: Walk) -> str:
    """Return one name of every row of the books: transfers, balances, and lines with their explanations."""
    with walk.inside():
        assert list(faults()) == []
        rows = [
            list(model.objects.order_by("id").values()) for model in (Transfer, Balance, Accrual)
        ]
    assert all(rows)
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def partners_pages(walk: Walk, referral: Referral) -> tuple[str, str]:
    """Return what the partner reads at its phone about the referral, and of its earnings."""
    giulia = walk.ground.person(GIULIA, phone=True)
    giulia.open(f"/acme/referrals/{referral.id}/")
    about = words_of(giulia)
    giulia.open("/acme/earnings/")
    return about, words_of(giulia)


def has_her_data_erased(walk: Walk) -> None:
    """Anna follows the link of the notice, reads what is known, and has it erased, without JavaScript."""
    text = sent_mail(walk.ground, ANNA, "referral.person")
    assert "Studio Ferrante" in text
    assert it("See your data, object or erase:") in text
    anna = walk.at_a_phone("anna", scripts=False)
    page = anna.open(link_in(text, "person"))
    assert all(fact in words_of(anna) for fact in (NAME, ANNA, COMPANY, "Studio Ferrante"))
    walk.look_without(anna, "known")
    page.get_by_label(it("Erase my personal data. I know that this cannot be undone")).check()
    click(page, it("Erase my data"))
    page.get_by_text(it("Your personal data is erased"), exact=True).wait_for()
    assert [fact for fact in (NAME, ANNA) if fact in page.content()] == []
    walk.look_without(anna, "erased")


def nobody_knows_her(walk: Walk, referral: Referral, about: str) -> None:
    """Partner and vendor read the pseudonym in the place of the person."""
    with walk.inside():
        pseudonym = Referral.objects.get(id=referral.id).contact_name
    assert pseudonym.startswith("Person ")
    assert pseudonym in about
    assert COMPANY in about
    giulia, manager = walk.ground.person(GIULIA), walk.ground.person(MANAGER)
    walk.look(giulia, "earnings")
    giulia.open(f"/acme/referrals/{referral.id}/")
    walk.look(giulia, "referral")
    page = manager.open(f"/acme/manage/referrals/{referral.id}/")
    assert pseudonym in words_of(manager)
    assert [fact for fact in ("Anna", "Bianchi", ANNA) if fact in page.content()] == []
    walk.look(manager, "staff")


def test_the_person_referred_is_erased_and_the_sums_stay(ground: Ground) -> None:
    with tenant_scope(ground.world.acme.id):
        partner = an_italian_page(ground.world.acme)
    walk = Walk(ground, partner)
    referral = asks_for_a_call(walk)
    becomes_a_customer(walk, referral)
    before, earned = partners_pages(walk, referral)
    books = ledger_digest(walk)
    assert "A•••" in before
    assert "€987.65" in earned

    has_her_data_erased(walk)

    after, still_earned = partners_pages(walk, referral)
    nobody_knows_her(walk, referral, after)
    assert [fact for fact in ("Anna", "Bianchi", "A•••") if fact in after] == []
    assert still_earned == earned
    assert ledger_digest(walk) == books

    everybody = [*walk.people.items(), *ground.people.items()]
    assert {who: person.faults for who, person in everybody if person.faults} == {}
    assert walk.wrong == {}
