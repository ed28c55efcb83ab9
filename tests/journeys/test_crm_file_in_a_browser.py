"""The real CRM export in the browser: read, checked, imported, paid by one run, stated on six papers."""

import io
import re
import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from commissions.accruals.models import Accrual, Release
from commissions.payouts.models import Payout, PayoutRun
from commissions.plans.services import RuleTerms
from commissions.statements.models import Statement
from prm.jobs.models import Job
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM
from tests.builders.commissions import a_plan
from tests.builders.referrals import a_program
from tests.journeys.conftest import Ground
from tests.journeys.money_books import opened_fresh, prove_again
from tests.journeys.test_crm_file_gets_paid import DATA, MAPPING, OWED
from tests.worker import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.skipif(
        not (DATA / "sales_pipeline.csv").is_file(),
        reason="../shared/data/crm-opportunities is not on this machine",
    ),
]


def manager_imports(ground: Ground) -> None:
    manager = ground.person("manager@acme.example")
    page = manager.open("/acme/manage/imports/new/")
    page.locator("#id_file").set_input_files(DATA / "sales_pipeline.csv")
    page.locator("summary").click()
    page.locator("#id_people").set_input_files(DATA / "sales_teams.csv")
    page.locator("#id_preset").set_input_files(MAPPING)
    for step in ("Read file", "Continue to values", "Check file"):
        # With a preset some steps have nothing left to ask.
        if page.get_by_role("button", name=step).count():
            page.get_by_role("button", name=step).click()
            page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Import 8,800 referrals").click(timeout=60_000)
    page.get_by_text("8,800 referrals were imported").wait_for(timeout=90_000)
    assert manager.problems() == []


def finance_enters_details(ground: Ground, names: list[str]) -> None:
    finance = ground.person("finance@acme.example")
    for number, name in enumerate(names):
        page = finance.open("/acme/manage/payouts/new/")
        page.get_by_role("link", name=re.compile(f"Enter payout details.*{name}")).click()
        page.wait_for_load_state("networkidle")
        prove_again(page)
        page.locator("input[name=method][value=bank]").check()
        page.get_by_label("IBAN or account number").fill(f"00012345678{number}")
        page.get_by_label("BIC (SWIFT)").fill("BOFAUS3N")
        page.get_by_role("button", name="Save payout details").click()
        page.wait_for_load_state("networkidle")
        assert page.url.endswith("/manage/payouts/new/"), page.locator("main").inner_text()[:600]


def paid_by_one_run(ground: Ground) -> PayoutRun:
    finance, second = (ground.person(f"{who}@acme.example") for who in ("finance", "second"))
    page = finance.open("/acme/manage/payouts/new/")
    assert "$2,001,106.80" in page.locator("main").inner_text()
    page.locator("main form .form-foot button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    with tenant_scope(ground.world.acme.id):
        run = PayoutRun.objects.get()
    page = opened_fresh(second, f"/acme/manage/payouts/{run.id}/approve/")
    page.get_by_label(re.compile("Type the total")).fill("2,001,106.80")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state("networkidle")
    page = finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("button", name="Make bank files").click()

    def state() -> set[str]:
        with tenant_scope(ground.world.acme.id):
            return set(Payout.objects.values_list("state", flat=True))

    eventually(lambda: state() == {"exported"}, seconds=90, what="the bank files")
    page = finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("link", name="Mark all as paid").click()
    page.get_by_role("button", name="Mark all as paid").click()
    eventually(lambda: state() == {"settled"}, seconds=30, what="the settlement")
    page = finance.open(f"/acme/manage/payouts/{run.id}/")
    page.get_by_role("button", name="Statements as zip").click()
    return run


def zipped_statements(ground: Ground) -> list[str]:
    def finished() -> Job | None:
        with tenant_scope(ground.world.acme.id):
            return Job.objects.filter(kind="payouts.statements", state="done").first()

    job = eventually(finished, seconds=180, what="the statements")
    finance = ground.person("finance@acme.example")
    answer = finance.context.request.get(f"{ground.origin}/acme/jobs/{job.id}/file/")
    with zipfile.ZipFile(io.BytesIO(answer.body())) as archive:
        return archive.namelist()


def test_the_crm_export_is_imported_paid_and_stated(ground: Ground) -> None:
    with tenant_scope(ground.world.acme.id):
        a_plan(
            a_program("crm", name="CRM history", currency="USD"),
            RuleTerms("won", "percent", rate=Decimal("0.2")),
            starts_at=datetime(2016, 1, 1, tzinfo=UTC),
            at=timezone.now(),
        )

    manager_imports(ground)

    def priced() -> bool:
        with tenant_scope(ground.world.acme.id):
            return (Accrual.objects.count(), Release.objects.count()) == (4238, 4238)

    eventually(priced, seconds=120, what="pricing and releasing 4,238 wins")
    finance_enters_details(ground, sorted(OWED))
    paid_by_one_run(ground)
    names = zipped_statements(ground)
    with tenant_scope(ground.world.acme.id):
        papers = list(Statement.objects.select_related("partner"))
        paid = dict(Payout.objects.values_list("partner__name", "amount_minor"))

    assert paid == OWED
    assert {paper.partner.name: paper.earned_minor for paper in papers} == OWED
    assert {paper.closing_minor for paper in papers} == {0}
    assert len([name for name in names if name.endswith(".pdf")]) == 6
    assert len([name for name in names if re.fullmatch(r"ST-.*\.csv", name)]) == 6
    assert len([name for name in names if name.endswith("-contents.csv")]) == 1
    assert all(person.faults == [] for person in ground.people.values())
