"""From a form on a phone to settled money and a statement, in the browser, with a real worker: the spine."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, cast

import pytest
from django.utils import timezone
from pypdf import PdfReader

from commissions.ledger.selectors import balances_of
from commissions.payouts.details import PayoutDetails, save_debtor_account, save_payout_details
from commissions.payouts.models import Payout, PayoutRun
from commissions.plans.services import RuleTerms
from commissions.statements.models import Statement
from partners.directory.models import Partner
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.browser import HAS_CHROMIUM
from tests.builders.commissions import a_plan
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_program
from tests.journeys.conftest import Ground
from tests.journeys.money_books import prove_again
from tests.worker import eventually

pytestmark = pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed")

REP, BOSS = "rep@brightwater.example", "boss@brightwater.example"


def a_ready_program(acme: Tenant) -> Partner:
    """A plan of 50.00 when qualified and 10 % of the first payment, no hold; a partner with bank details."""
    long_ago = timezone.now() - timedelta(days=60)
    program = a_program("referral", name="Referral partners")
    a_plan(
        program,
        RuleTerms("qualified", "fixed", amount_minor=5_000, label="Qualified-lead bonus"),
        RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"),
        hold_days=0,
    )
    partner = a_partner("Brightwater", program=program)
    inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
    a_member(acme, Role.PARTNER_REP, REP, name="Rae Rep", **inside)
    a_member(acme, Role.PARTNER_ADMIN, BOSS, name="Bo Boss", **inside)
    details = PayoutDetails(
        method="sepa", holder="Brightwater Ltd", number="NL91ABNA0417164300", country="NL"
    )
    save_payout_details(partner_id=partner.id, details=details, actor=SYSTEM, at=long_ago)
    save_debtor_account(iban="DE89370400440532013000", bic="COBADEFFXXX", actor=SYSTEM, at=long_ago)
    return partner


def mails_to(ground: Ground, email: str) -> list[str]:
    with tenant_scope(ground.world.acme.id):
        return list(
            Mail.objects.filter(to=email, state="sent")
            .order_by("id")
            .values_list("subject", flat=True)
        )


def submits_on_a_phone(ground: Ground) -> Referral:
    rep = ground.person(REP, phone=True)
    page = rep.open("/acme/referrals/new/")
    page.get_by_label("Company name").fill("Kestrel Logistics")
    page.get_by_label("Full name").fill("Tom Ashdown")
    page.get_by_label("Work email").fill("tom@kestrel.example")
    assert rep.problems() == []
    rep.picture("journey-submit")
    page.get_by_role("button", name="Submit referral").click()
    page.wait_for_load_state("networkidle")
    assert rep.faults == []
    page.get_by_role("heading", name="Kestrel Logistics", exact=True).wait_for()
    with tenant_scope(ground.world.acme.id):
        return Referral.objects.get(company="Kestrel Logistics")


def takes_it_to_won(ground: Ground, referral: Referral) -> None:
    manager = ground.person("manager@acme.example")
    page = manager.open("/acme/manage/review/")
    page.get_by_role("link", name="Kestrel Logistics").first.click()
    page.wait_for_load_state("networkidle")
    manager.open(f"/acme/manage/referrals/{referral.id}/")
    page.get_by_role("button", name="Accept referral").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("button", name="Qualified").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Mark as won").click()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Deal value").fill("12,345.60")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    assert "Won" in page.locator("main").inner_text()
    assert manager.problems() == []


def finance_prepares(ground: Ground) -> PayoutRun:
    finance = ground.person("finance@acme.example")
    page = finance.open("/acme/manage/payouts/new/")
    assert "€1,284.56" in page.locator("main").inner_text()
    page.locator("main form .form-foot button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    assert "Waiting for another person" in page.locator("main").inner_text()
    assert page.get_by_role("link", name=re.compile("^Approve")).count() == 0
    assert finance.problems() == []
    with tenant_scope(ground.world.acme.id):
        return PayoutRun.objects.get()


def another_approves(ground: Ground, run: PayoutRun) -> None:
    second = ground.person("second@acme.example")
    page = second.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("link", name="Approve 1 payout").click()
    page.wait_for_load_state("networkidle")
    prove_again(page)
    page.get_by_label(re.compile("Type the total")).fill("1,284.56")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    assert "Approved" in page.locator("main").inner_text()
    assert second.problems() == []


def finance_exports_and_settles(ground: Ground, run: PayoutRun) -> bytes:
    finance = ground.person("finance@acme.example")
    page = finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("button", name="Make bank files").click()
    page.wait_for_load_state("networkidle")

    def exported() -> bool:
        with tenant_scope(ground.world.acme.id):
            return Payout.objects.get().state == "exported"

    eventually(exported, seconds=60, what="the bank files")
    files = f"{ground.origin}/acme/manage/payouts/{run.id}/files"
    sepa = finance.context.request.get(f"{files}/sepa/").body()
    finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("link", name="Mark all as paid").click()
    page.get_by_role("button", name="Mark all as paid").click()
    page.wait_for_load_state("networkidle")
    assert "Settled" in page.locator("main").inner_text()
    return sepa


def issues_the_statement(ground: Ground, run: PayoutRun) -> Statement:
    finance = ground.person("finance@acme.example")
    page = finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("button", name="Statements as zip").click()
    page.wait_for_load_state("networkidle")

    def issued() -> Statement | None:
        with tenant_scope(ground.world.acme.id):
            return Statement.objects.first()

    return cast("Statement", eventually(issued, seconds=60, what="the statement"))


def partner_reads_the_statement(ground: Ground, statement: Statement) -> str:
    boss = ground.person(BOSS)
    page = boss.open("/acme/earnings/")
    page.get_by_role("link", name=re.compile("^Paid")).first.click()
    page.wait_for_load_state("networkidle")
    assert "€1,234.56" in page.locator("main").inner_text()
    boss.open(f"/acme/statements/{statement.id}/")
    assert "€1,284.56" in page.locator("main").inner_text()

    def pdf() -> bytes | None:
        answer = boss.context.request.get(f"{ground.origin}/acme/statements/{statement.id}/pdf/")
        return answer.body() if answer.headers.get("content-type") == "application/pdf" else None

    paper = eventually(pdf, seconds=60, what="the PDF")
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages)


def test_a_partner_gets_paid(ground: Ground) -> None:
    with tenant_scope(ground.world.acme.id):
        partner = a_ready_program(ground.world.acme)
    referral = submits_on_a_phone(ground)
    takes_it_to_won(ground, referral)

    def payable() -> bool:
        with tenant_scope(ground.world.acme.id):
            return balances_of(partner_id=partner.id, currency="EUR").payable == 128_456

    eventually(payable, seconds=60, what="50.00 and 10 % of 12,345.60 becoming payable")
    eventually(lambda: len(mails_to(ground, REP)) >= 4, seconds=60, what="a mail per milestone")
    run = finance_prepares(ground)
    another_approves(ground, run)
    sepa = finance_exports_and_settles(ground, run)
    statement = issues_the_statement(ground, run)
    text = partner_reads_the_statement(ground, statement)

    assert b'<InstdAmt Ccy="EUR">1284.56</InstdAmt>' in sepa
    assert (statement.opening_minor, statement.earned_minor, statement.paid_minor) == (
        0,
        128_456,
        128_456,
    )
    assert statement.closing_minor == 0
    assert all(figure in text for figure in ("1,234.56", "50.00", "1,284.56", statement.number))
    assert all(person.faults == [] for person in ground.people.values())
