"""The PDF of a statement says what the ledger says, is the same bytes every time, and asks nobody for anything."""

import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from commissions.payouts.models import Payout
from commissions.payouts.services import settle_all
from commissions.statements.models import Statement
from commissions.statements.papers import export_header, export_rows
from commissions.statements.pdf import keep_pdf, statement_pdf
from commissions.statements.services import issue_statement
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import csv_lines
from prm.web.formats import money_text
from tests.builders.commissions import an_accrual
from tests.builders.payouts import a_payee, bank_details, exported_run, payable
from tests.builders.referrals import a_partner
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("acme")
TODAY = date(2026, 11, 18)


def _text(content: bytes) -> str:
    # Extraction puts no-break spaces and line ends where the page has them.
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split()
    )


def _issued(partner_id: UUID, at: datetime) -> Statement:
    statement = issue_statement(
        partner_id=partner_id, currency="EUR", until_on=TODAY, actor=SYSTEM, at=at
    )
    return Statement.objects.get(id=statement.id)


def test_page_csv_and_ledger_agree_to_the_cent(world: World, at: datetime) -> None:
    partner = a_payee("Łódź Çelik & Søn", 123_456, at=at)
    payable(partner.id, -301, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=Payout.objects.get().run_id, actor=Actor(world.finance.id), at=at)
    payable(partner.id, 99, at=at)

    statement = _issued(partner.id, at)
    text = _text(statement_pdf(statement))
    rows = list(export_rows(statement))

    for minor in (123_555, -301, 123_155, 99):
        assert money_text(minor, "EUR").replace("\u00a0", " ") in text
    assert "Łódź Çelik & Søn" in text
    assert statement.digest in text.replace(" ", "")
    assert "PR-2026-11-0001" in text
    amounts = [row[-1].minor for row in rows]
    assert sum(amounts[:-1]) == amounts[-1] == statement.closing_minor == 99
    assert len(rows) == statement.line_count + 2 == 6
    assert rows[-1][-1] == Money(99, "EUR")


def test_the_same_statement_is_the_same_bytes_and_tagged(at: datetime) -> None:
    statement = _issued(a_payee("Brightwater", 10_000, at=at).id, at)

    first, again = statement_pdf(statement), statement_pdf(Statement.objects.get(id=statement.id))

    assert first == again
    catalog: Any = PdfReader(io.BytesIO(first)).trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert keep_pdf(statement).read_bytes() == first
    assert keep_pdf(statement).stat().st_mode & 0o077 == 0


def test_a_long_statement_is_summed_up_with_its_lines_attached(at: datetime) -> None:
    partner = a_payee("Brightwater", 1, at=at)
    for minor in range(2, 105):
        payable(partner.id, minor, at=at)

    statement = _issued(partner.id, at)
    reader = PdfReader(io.BytesIO(statement_pdf(statement)))

    assert statement.line_count == 104
    assert statement.earned_minor == sum(range(1, 105))
    assert len(reader.pages) == 1
    assert list(reader.attachments) == [f"{statement.number}.csv"]
    attached = reader.attachments[f"{statement.number}.csv"][0].decode()
    assert attached == "".join(csv_lines(export_header(), export_rows(statement)))
    assert "104 lines" in _text(statement_pdf(statement))


def test_a_short_statement_with_everything_in_it_is_one_page(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_partner("Brightwater")
    bank_details(partner.id, at=at)
    payable(partner.id, 123_456, at=at)
    payable(partner.id, -301, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=Payout.objects.get().run_id, actor=Actor(world.finance.id), at=at)
    for days in range(3):
        an_accrual(
            at - timedelta(days=days),
            partner=partner,
            company=f"Kestrel Logistics and Harbour Storage of the North {days}",
        )
    statement = _issued(partner.id, at)
    content = statement_pdf(statement)

    assert statement.line_count == 6
    assert "Where the closing balance stands" in _text(content)
    assert len(PdfReader(io.BytesIO(content)).pages) == 1


def test_notes_never_stand_alone_on_a_last_page(acme: Tenant, at: datetime) -> None:
    partner = a_partner("Brightwater")
    for number in range(12):
        an_accrual(at, partner=partner, company=f"Kestrel Logistics {number}")

    first, last = PdfReader(io.BytesIO(statement_pdf(_issued(partner.id, at)))).pages

    assert "Kestrel Logistics 11" in first.extract_text()
    for words in ("Opening balance", "Closing balance, EUR", "Questions"):
        assert words in last.extract_text()


def test_hostile_names_neither_run_nor_fetch(at: datetime) -> None:
    name = '<img src="file:///etc/hostname"><link rel=attachment href="file:///etc/passwd">=1+1'
    partner = a_payee("Brightwater", 10_000, at=at)
    type(partner).objects.filter(id=partner.id).update(legal_name=name)

    statement = _issued(partner.id, at)
    content = statement_pdf(statement)

    assert "file:///etc/hostname" in _text(content).replace("/ h", "/h")
    assert list(PdfReader(io.BytesIO(content)).attachments) == [f"{statement.number}.csv"]


def test_an_address_in_the_style_is_not_fetched(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: even markup that gets through finds only data: addresses open."""
    from commissions.statements import pdf

    statement = _issued(a_payee("Brightwater", 10_000, at=at).id, at)
    html = '<html lang="en"><title>x</title><link rel=attachment href="file:///etc/passwd"><img alt="" src="file:///etc/passwd"><p>ok'
    monkeypatch.setattr(pdf, "render_to_string", lambda *_: html)

    content = statement_pdf(statement)
    assert list(PdfReader(io.BytesIO(content)).attachments) == [f"{statement.number}.csv"]


def test_it_is_printed_in_the_language_and_with_the_names_of_its_day(at: datetime) -> None:
    Tenant.objects.filter(slug="acme").update(language="it", legal_name="Acme S.p.A.")
    partner = a_payee("Brightwater", 123_456, at=at)
    statement = _issued(partner.id, at)
    Tenant.objects.filter(slug="acme").update(language="en", legal_name="Other Inc")

    text = _text(statement_pdf(statement))

    assert "1.234,56 €" in text
    assert "Acme S.p.A." in text
