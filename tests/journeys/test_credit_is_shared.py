"""Two partners claim one company; a case splits the credit, and the money follows to the cent, in the browser."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.ledger.selectors import balances_of
from commissions.plans.services import RuleTerms
from commissions.verification import faults
from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.models import CaseParty
from referrals.pipeline.models import Referral
from tests.browser import HAS_CHROMIUM, Visitor, visitor
from tests.builders.commissions import a_plan
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.builders.sharing import a_link, a_page
from tests.journeys.conftest import Ground
from tests.journeys.steps import (
    PERSON,
    accepts,
    click,
    link_in,
    sent_mail,
    until,
    wins,
    words_of,
)
from tests.worker import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
BO, SOL, MANAGER = "bo@brightwater.example", "sol@solea.example", "manager@acme.example"
COMPANY, LEAD = "Kestrel Logistics", "tom@kestrel.example"
# 50.05 for the qualified lead, then 10 % of 12,345.67; 60 to 40.
BONUS, SALE = 5_005, 123_457
FIRST, SECOND = 3_003 + 74_074, 2_002 + 49_383
BO_READS = "Your link brought the first contact in November."
SOL_READS = "Your meeting led to the offer, after the first contact."


@dataclass
class Walk:
    """The journey under way, and what was wrong with the pages that people saw."""

    ground: Ground
    first: Partner
    second: Partner
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def look(self, person: Visitor, name: str) -> None:
        """Keep what axe and the eye for sideways scroll find on the page as it stands."""
        if found := person.problems():
            self.wrong[name] = found
        person.picture(f"credit-{name}", full=True)

    def inside(self) -> Any:
        """Open the tenant's scope."""
        return tenant_scope(self.ground.world.acme.id)


def two_partners(acme: Tenant) -> tuple[Partner, Partner]:
    """A plan without a hold; two partners with an admin each, the first with a link to its own page."""
    at = timezone.now() - timedelta(days=1)
    program = a_program("referral", name="Referral partners")
    a_plan(
        program,
        RuleTerms("qualified", "fixed", amount_minor=BONUS, label="Qualified-lead bonus"),
        RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"),
        hold_days=0,
    )
    partners = []
    for name, email, who in (("Brightwater", BO, "Bo Boss"), ("Solea", SOL, "Sol Sender")):
        partner = a_partner(name, program=program)
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        a_member(acme, Role.PARTNER_ADMIN, email, name=who, **inside)
        partners.append(partner)
    a_link(at, "autumn-fair", partner=partners[0], program=program, channel="fair")
    a_page(at, partner=partners[0], program=program)
    return partners[0], partners[1]


def comes_by_link(walk: Walk) -> Referral:
    """Somebody of the company clicks the first partner's link and asks for a call, without JavaScript."""
    ground = walk.ground
    opened = visitor(
        ground.browser, ground.origin, phone=True, java_script_enabled=False, user_agent=PERSON
    )
    tom = ground.stack.enter_context(opened)
    page = tom.open("/acme/r/autumn-fair/")
    page.get_by_label("Full name").fill("Tom Ashdown")
    page.get_by_label("Work email").fill(LEAD)
    page.get_by_label("Company", exact=True).fill(COMPANY)
    page.get_by_label("I agree that Acme contacts me").check()
    click(page, "Ask for an introduction")
    page.get_by_role("heading", name="Thank you. Your request has arrived").wait_for()
    assert tom.faults == []
    with walk.inside():
        return Referral.objects.get(partner_id=walk.first.id, company=COMPANY)


def learns_that_it_needs_review(walk: Walk, first: Referral) -> Referral:
    """The second partner asks before it types all, sends nevertheless, and reads nothing of the first."""
    sol = walk.ground.person(SOL)
    page = sol.open("/acme/referrals/availability/")
    page.get_by_label("Company name").fill(COMPANY)
    page.get_by_label("Website or work email").fill("www.kestrel.example")
    click(page, "Check company")
    page.get_by_role("status").get_by_text(f"{COMPANY} needs review").wait_for()
    tells_nothing(walk, sol, first)
    walk.look(sol, "availability")
    click(page, "Send it for review", role="link")
    page.get_by_label("Full name").fill("Tina Vance")
    page.get_by_label("Work email").fill("tina@kestrel.example")
    page.get_by_label("Work email").blur()
    page.get_by_text("Acme may know this company already").wait_for()
    tells_nothing(walk, sol, first)
    walk.look(sol, "known")
    page.locator("#known").get_by_role("checkbox").check()
    click(page, "Submit referral")
    page.get_by_role("heading", name=COMPANY, exact=True).wait_for()
    with walk.inside():
        second = Referral.objects.get(partner_id=walk.second.id)
    until(sol, f"/acme/referrals/{second.id}/", "Who gets the credit")
    tells_nothing(walk, sol, first)
    walk.look(sol, "second-referral")
    return second


def tells_nothing(walk: Walk, person: Visitor, other: Referral) -> None:
    """Neither name nor number of the other partner's referral stands anywhere in the page."""
    source = person.page.content()
    hidden = (walk.first.name, str(walk.first.id), other.number, str(other.id), LEAD, "Ashdown")
    assert [text for text in hidden if text in source] == []


def opens_a_case(walk: Walk, second: Referral, first: Referral) -> CaseParty:
    """The second partner objects; the worker finds the first, who is told."""
    sol = walk.ground.person(SOL)
    click(sol.page, "Object to this", role="link")
    sol.page.get_by_label("What you want to say").fill("We met their director on 12 November.")
    click(sol.page, "Open case")
    with walk.inside():
        case = CaseParty.objects.get(partner_id=walk.second.id)
    until(sol, f"/acme/cases/{case.case_id}/", "Another partner")
    tells_nothing(walk, sol, first)
    walk.look(sol, "case-open")
    assert case.number in sent_mail(walk.ground, BO, "case.partner")
    return case


def decides(walk: Walk, case: CaseParty) -> None:
    """The manager sees both sides and what a split does to the money, then confirms it."""
    manager = walk.ground.person(MANAGER)
    page = manager.open("/acme/manage/cases/")
    click(page, COMPANY, role="link")
    walk.look(manager, "case-staff")
    click(page, "Decide the case", role="link")
    page.get_by_label("The credit is split", exact=True).check()
    page.get_by_label("Rule that decided").select_option("split")
    for name, share, words in (("Brightwater", "60", BO_READS), ("Solea", "40", SOL_READS)):
        page.get_by_label(f"Share of {name}").fill(share)
        page.get_by_label(f"What {name} reads").fill(words)
    click(page, "Show what it does")
    preview = page.get_by_role("region", name="What this does").inner_text()
    assert "€30.03" in preview
    assert "€20.02" in preview
    walk.look(manager, "case-preview")
    click(page, "Confirm the decision")
    page.get_by_text("60% of the credit", exact=True).wait_for()


def read_their_own_reason(walk: Walk, case: CaseParty) -> None:
    """Each side reads its own words and part, and neither the other's words nor its name."""
    bo, sol = walk.ground.person(BO), walk.ground.person(SOL)
    for person, own, other, share, stranger in (
        (bo, BO_READS, SOL_READS, "60%", "Solea"),
        (sol, SOL_READS, BO_READS, "40%", "Brightwater"),
    ):
        person.open(f"/acme/cases/{case.case_id}/")
        words = words_of(person)
        assert own in words
        assert share in words
        source = person.page.content()
        assert [text for text in (other, stranger) if text in source] == []
    walk.look(sol, "decided")


def money_follows(walk: Walk) -> None:
    """Both partners' lines make the rewards to the cent, in the books and on their screens."""

    def payable() -> bool:
        with walk.inside():
            found = [
                balances_of(partner_id=row.id, currency="EUR") for row in (walk.first, walk.second)
            ]
        return [row.payable for row in found] == [FIRST, SECOND]

    eventually(payable, seconds=60, what="60 to 40 of both rewards becoming payable")
    with walk.inside():
        live = [row for row in Accrual.objects.all() if row.clawed_minor < row.amount_minor]
        earned = sorted(row.amount_minor - row.clawed_minor for row in live)
        assert list(faults()) == []
    assert earned == [2_002, 3_003, 49_383, 74_074]
    assert sum(earned) == BONUS + SALE
    bo, sol = walk.ground.person(BO), walk.ground.person(SOL)
    for person, balance, lines in (
        (bo, "€770.77", ("€740.74", "€30.03")),
        (sol, "€513.85", ("€493.83", "€20.02")),
    ):
        person.open("/acme/earnings/")
        words = words_of(person)
        assert [text for text in (balance, *lines) if text not in words] == []
    walk.look(sol, "earnings")


def test_two_partners_share_the_credit_for_one_company(ground: Ground) -> None:
    with tenant_scope(ground.world.acme.id):
        partners = two_partners(ground.world.acme)
    walk = Walk(ground, *partners)
    manager = ground.person(MANAGER)
    first = comes_by_link(walk)
    accepts(manager, first.id)
    second = learns_that_it_needs_review(walk, first)
    case = opens_a_case(walk, second, first)
    decides(walk, case)
    read_their_own_reason(walk, case)
    wins(manager, first.id, "12,345.67")
    money_follows(walk)

    assert link_in(sent_mail(ground, LEAD, "referral.person"), "person")
    assert {who: person.faults for who, person in ground.people.items() if person.faults} == {}
    assert walk.wrong == {}
