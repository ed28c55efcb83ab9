"""Self-billing notes are numbered without gaps and printed in both languages; a year is certified once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.utils import translation

from commissions.payouts.models import Payout
from commissions.payouts.services import approve_run, settle_all
from commissions.statements.papers import export_rows, paper_of
from commissions.statements.services import issue_statement
from commissions.tax.certificate_paper import certificate_context, certificate_sheet
from commissions.tax.certificates import NothingPaid, is_unchanged, issue_certificate
from commissions.tax.keeping import FileDiffers
from commissions.tax.paper import keep_sheet, kept_sheet
from commissions.vat.billing import issue_bills
from commissions.vat.models import SelfBill, VatCharge
from commissions.vat.paper import bill_context, bill_sheet
from commissions.vat.services import agree_self_billing, end_self_billing, say_status
from commissions.verification import faults
from partners.directory.models import Partner
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.brands import PNG, brand_with
from tests.builders.payouts import a_payee, exported_run, payable, submitted_run
from tests.builders.tax import withheld_on_half
from tests.builders.vat import VAT_IE, a_vat_partner, a_vat_vendor
from tests.conftest import World, make_world

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_note_says_net_vat_and_the_laws_words_and_the_statement_too(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 100_000, at=at)
    a_vat_vendor(at=at)
    withheld_on_half(at)
    a_vat_partner(partner, "IE", at=at, bills=True)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    for _again in range(2):
        issue_bills(run_id=run.id, at=at)
    bill = SelfBill.objects.get()
    payable(partner.id, 50_000, at=at)
    later = exported_run(at=at + DAY, user_id=world.finance.id, approver_id=world.second_finance.id)
    issue_bills(run_id=later.id, at=at + DAY)

    english = bill_context(bill)
    with translation.override("it"):
        italian = bill_context(bill)

    numbers = list(SelfBill.objects.order_by("number").values_list("number", flat=True))
    assert numbers == ["SB-2026-0001", "SB-2026-0002"]
    assert english["rows"] == [
        ("Net", "€1,000.00"),
        ("VAT, reverse charge", "€0.00"),
        ("Gross", "€1,000.00"),
        ("Tax withheld", "−€115.00"),
    ]
    assert (english["total"][1], english["words"]) == ("€885.00", "Reverse charge, Article 196")
    assert italian["words"] == "Inversione contabile"
    assert f"VAT {VAT_IE}" in english["by_lines"]
    assert VAT_IE not in str(bill.facts)
    statement = issue_statement(
        partner_id=partner.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at + DAY
    )
    paper = paper_of(statement)
    (row,) = paper.vat
    assert (row.treatment, row.paper) == ("VAT, reverse charge", "SB-2026-0001")
    assert (row.net, row.vat, row.gross) == ("€1,000.00", "€0.00", "€1,000.00")
    assert row.words == "Reverse charge, Article 196"
    assert [part.heading for part in paper.sections] == ["Earned", "Tax"]
    assert [row[2] for row in export_rows(statement)][1:-1] == ["Earned", "Earned", "Tax"]
    assert not [row for row in faults() if row.check == "a self-billing note is its charge"]


def test_a_note_says_what_the_partner_was_when_its_payment_was_taxed(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, "IE", at=at, bills=True)
    run = submitted_run(at=at + HOUR, user_id=world.finance.id)
    for kind, number in (("person", ""), ("registered", "IE3628739L")):
        say_status(partner_id=partner.id, kind=kind, number=number, actor=SYSTEM, at=at + 2 * HOUR)
    end_self_billing(partner_id=partner.id, actor=SYSTEM, at=at + 2 * HOUR)
    agree_self_billing(partner_id=partner.id, text="Anew.", actor=SYSTEM, at=at + DAY)
    Partner.objects.filter(id=partner.id).update(legal_name="Another Ltd", address="Cork")
    Tenant.objects.filter(id=acme.id).update(legal_name="Acme Holding", legal_address="Vaduz")
    approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=at + DAY)

    issue_bills(run_id=run.id, at=at + DAY)

    bill = SelfBill.objects.get()
    shown = bill_context(bill)
    assert f"VAT {VAT_IE}" in shown["by_lines"]
    # Both sides have other names and addresses by now.
    assert (shown["by_lines"][0], shown["to_lines"][0]) == ("Brightwater", "Acme")
    assert not {"Cork", "Vaduz"} & {*shown["by_lines"], *shown["to_lines"]}
    assert (bill.treatment, bill.facts["agreed_at"]) == ("reverse", at.isoformat())


def test_vat_is_a_line_of_its_own_on_the_statement(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)

    statement = issue_statement(
        partner_id=partner.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
    )

    assert (statement.earned_minor, statement.adjusted_minor, statement.paid_minor) == (
        100_000,
        22_000,
        122_000,
    )
    (line,) = next(part for part in paper_of(statement).sections if part.key == "tax").lines
    assert (line.title, line.below, line.amount) == ("VAT", "VAT 22% of €1,000.00", "€220.00")
    assert ("Tax", "€220.00") in paper_of(statement).totals
    assert ("Adjustments", "€0.00") in paper_of(statement).totals


def test_a_year_is_certified_once_and_anew_when_it_changed(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    withheld_on_half(at)
    a_vat_partner(partner, at=at, bills=True)
    with pytest.raises(NothingPaid):
        issue_certificate(partner_id=partner.id, year=at.year, actor=SYSTEM, at=at)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)

    first = issue_certificate(partner_id=partner.id, year=at.year, actor=SYSTEM, at=at)
    again = issue_certificate(partner_id=partner.id, year=at.year, actor=SYSTEM, at=at + DAY)
    payable(partner.id, 10_000, at=at + DAY)
    run = exported_run(at=at + DAY, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at + DAY)
    second = issue_certificate(partner_id=partner.id, year=at.year, actor=SYSTEM, at=at + DAY)

    assert (first.number, again.id, second.number) == ("TC-2026-0001", first.id, "TC-2026-0002")
    assert second.replaces_id == first.id
    assert certificate_context(first)["totals"] == [
        ("EUR", "€1,000.00", "€115.00", "€220.00", "€1,105.00")
    ]
    assert certificate_context(second)["replaced"] == "TC-2026-0001"
    first.refresh_from_db()
    assert is_unchanged(first)
    first.totals[0]["paid_minor"] += 1
    assert not is_unchanged(first)


def test_a_paper_is_the_same_bytes_when_it_is_made_again(
    world: World, acme: Tenant, at: datetime
) -> None:
    pytest.importorskip("weasyprint")
    from commissions.tax.paper import sheet_pdf

    partner = a_payee("Ferrante", 100_000, at=at)
    a_vat_vendor(at=at)
    a_vat_partner(partner, at=at, bills=True)
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    issue_bills(run_id=run.id, at=at)
    bill = SelfBill.objects.get()

    first, again = (sheet_pdf(bill_sheet(bill, "it")) for _ in range(2))

    assert first.startswith(b"%PDF-")
    assert first == again
    assert first != sheet_pdf(bill_sheet(bill, "en"))


def test_a_certificate_comes_out_in_december_as_it_was_in_june_or_not_at_all(
    world: World, acme: Tenant, at: datetime
) -> None:
    pytest.importorskip("weasyprint")
    a_payee("Ferrante", 100_000, at=at)
    brand_with(PNG, "#0b6b75")
    run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=SYSTEM, at=at)
    partner_id = Payout.objects.get().partner_id
    row = issue_certificate(partner_id=partner_id, year=at.year, actor=SYSTEM, at=at)
    path = keep_sheet(certificate_sheet(row, "en"))
    first = path.read_bytes()
    brand_with(b"", "#aa0000")

    for damage in (path.unlink, partial(path.write_bytes, b"%PDF-touched")):
        damage()
        assert kept_sheet(certificate_sheet(row, "en")) is None
        assert keep_sheet(certificate_sheet(row, "en")).read_bytes() == first
    path.unlink()
    worded_anew = certificate_sheet(row, "en")
    worded_anew.context["span"] = "The whole year"
    with pytest.raises(FileDiffers):
        keep_sheet(worded_anew)
    assert not path.exists()


def test_ten_at_once_leave_no_gap_and_write_no_note_twice(real_database: str, at: datetime) -> None:
    world = make_world()
    runs: list[UUID] = []
    with tenant_scope(world.acme.id):
        a_vat_vendor(at=at)
    for place in range(3):
        with tenant_scope(world.acme.id):
            partner = a_payee(f"Partner {place}", 10_000, at=at)
            a_vat_partner(partner, at=at, bills=True)
            run = exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
            runs.append(run.id)

    def issue(place: int) -> int:
        try:
            with tenant_scope(world.acme.id):
                return issue_bills(run_id=runs[place % 3], at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        written = list(pool.map(issue, range(10)))

    with tenant_scope(world.acme.id):
        numbers = sorted(SelfBill.objects.values_list("number", flat=True))
        assert sum(written) == 3
        assert numbers == ["SB-2026-0001", "SB-2026-0002", "SB-2026-0003"]
        assert VatCharge.objects.count() == Payout.objects.count() == 3
        assert Event.objects.filter(name="tax.bill_issued").count() == 3
