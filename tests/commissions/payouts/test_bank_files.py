"""The bank files: a SEPA file that fits its schema and totals the run, a CSV with every payment, both stored."""

import csv
import io
import re
from datetime import date, datetime
from xml.etree import ElementTree as ET

import pytest

from commissions.payouts.bankfiles import (
    NoDebtorAccount,
    sepa_file,
    stored_file,
    stored_kinds,
    write_files,
)
from commissions.payouts.details import debtor_account, save_debtor_account
from commissions.payouts.models import PayoutMethod, PayoutRun
from prm.events.models import Event
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from tests.builders.payouts import IBAN_GERMANY, IBAN_IRELAND, a_payee, approved_run
from tests.conftest import World

TODAY = date(2026, 11, 18)
DEBTOR = "NL91ABNA0417164300"
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def _run(world: World, at: datetime) -> PayoutRun:
    a_payee("Ålder & <Søn>", 123_456, at=at, holder="Ålder & Søn A/S", bic="AIBKIE2DXXX")
    a_payee("Birch", 5, at=at, number=IBAN_GERMANY)
    a_payee(
        "=Dollar",
        77_700,
        "USD",
        at=at,
        number="021000021123456",
        method=PayoutMethod.BANK,
        country="US",
    )
    a_payee("Euros to a bank", 900, at=at, number="998877", method=PayoutMethod.BANK, country="AU")
    save_debtor_account(iban=DEBTOR, bic="ABNANL2A", actor=Actor(world.finance.id), at=at)
    return approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)


def test_the_sepa_file_holds_the_euro_payments_and_their_sum(
    world: World, acme: Tenant, at: datetime
) -> None:
    run = _run(world, at)

    content = sepa_file(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)

    assert content is not None
    root = ET.fromstring(content)  # noqa: S314  written by us a moment ago
    assert root.findtext(".//p:GrpHdr/p:MsgId", namespaces=NS) == "PR-2026-11"
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", namespaces=NS) == "2"
    assert root.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NS) == "1234.61"
    assert root.findtext(".//p:DbtrAcct/p:Id/p:IBAN", namespaces=NS) == DEBTOR
    assert root.findtext(".//p:ReqdExctnDt/p:Dt", namespaces=NS) == "2026-11-18"
    ids = [node.text for node in root.findall(".//p:EndToEndId", NS)]
    ibans = [node.text for node in root.findall(".//p:CdtrAcct/p:Id/p:IBAN", NS)]
    assert sorted(zip(ids, ibans, strict=True)) == [
        ("PR-2026-11-0002", IBAN_GERMANY),
        ("PR-2026-11-0004", IBAN_IRELAND),
    ]


def test_every_payment_is_in_the_csv_and_none_is_a_formula(
    world: World, acme: Tenant, at: datetime
) -> None:
    run = _run(world, at)

    kinds = write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)

    assert kinds == stored_kinds(run) == ["sepa", "csv", "xlsx"]
    path = stored_file(run, "csv")
    assert path is not None
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    assert [(row["Payment"], row["Currency"], row["Amount"]) for row in rows] == [
        ("PR-2026-11-0001", "USD", "777.00"),
        ("PR-2026-11-0002", "EUR", "0.05"),
        ("PR-2026-11-0003", "EUR", "9.00"),
        ("PR-2026-11-0004", "EUR", "1234.56"),
    ]
    assert rows[0]["Partner"] == "'=Dollar"
    assert rows[3]["Account number"] == IBAN_IRELAND
    assert path.stat().st_mode & 0o077 == 0


def test_without_the_vendors_account_there_is_no_sepa_file(
    world: World, acme: Tenant, at: datetime
) -> None:
    a_payee("Alder", 100, at=at)
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    with pytest.raises(NoDebtorAccount):
        write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)
    assert stored_kinds(run) == []


def test_a_run_without_euros_needs_no_sepa_file(world: World, acme: Tenant, at: datetime) -> None:
    a_payee(
        "Dollar",
        77_700,
        "USD",
        at=at,
        number="021000021123456",
        method=PayoutMethod.BANK,
        country="US",
    )
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    assert write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY) == ["csv", "xlsx"]


def test_the_vendors_account_is_stored_sealed_and_its_change_recorded_masked(
    world: World, acme: Tenant, at: datetime
) -> None:
    for _ in range(2):
        save_debtor_account(iban=DEBTOR, bic="ABNANL2A", actor=Actor(world.finance.id), at=at)

    tenant = Tenant.objects.get(id=acme.id)
    assert DEBTOR not in tenant.payout_account
    account = debtor_account(tenant)
    assert account is not None
    assert (account.iban, account.masked) == (DEBTOR, "NL\u00a0••\u00a04300")
    assert Event.objects.get(name="payout_source.changed").changes == {
        "account": ["", "NL\u00a0••\u00a04300"]
    }


@pytest.mark.parametrize(
    ("holder", "written"),
    [
        pytest.param("Ålder & <Søn> A/S", "Alder + Son A/S", id="marks of XML"),
        pytest.param("Иванов и сыновья", "Ivanov i synov'ia", id="Cyrillic"),
        pytest.param("株式会社", "Zhu Shi Hui She", id="Japanese"),
        pytest.param("//Quote “Ltd”_#@*//", "Quote Ltd", id="marks that banks refuse"),
        pytest.param("Zoë\u200bß\tGmbH", "Zoe ss GmbH", id="invisible characters"),
        pytest.param("\U0001f600", "NOTPROVIDED", id="nothing that can be written"),
        pytest.param("é" * 140, "e" * 70, id="too long"),
    ],
)
def test_names_of_any_script_are_written_in_what_banks_take(
    world: World, acme: Tenant, at: datetime, holder: str, written: str
) -> None:
    a_payee("Brightwater", 100, at=at, holder=holder)
    save_debtor_account(iban=DEBTOR, bic="", actor=Actor(world.finance.id), at=at)
    Tenant.objects.filter(id=acme.id).update(
        name="Acme & <Söhne> 株" * 6, legal_name="\U0001f600 & Söhne"
    )
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    content = sepa_file(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)

    assert content is not None
    root = ET.fromstring(content)  # noqa: S314  written by us a moment ago
    assert root.findtext(".//p:Cdtr/p:Nm", namespaces=NS) == written
    texts = [node.text for name in ("Nm", "Ustrd") for node in root.findall(f".//p:{name}", NS)]
    assert len(texts) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9/?:().,'+ -]{1,140}", text or "") for text in texts)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " ="])
def test_no_cell_of_the_csv_starts_a_formula(
    world: World, acme: Tenant, at: datetime, start: str
) -> None:
    evil = f"{start}HYPERLINK(1)"
    a_payee(f"{start}cmd", 100, at=at, holder=evil)
    save_debtor_account(iban=DEBTOR, bic="", actor=Actor(world.finance.id), at=at)
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)

    path = stored_file(run, "csv")
    assert path is not None
    row = next(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert row["Account holder"].startswith("'")
    assert all(not cell.strip().startswith(("=", "+", "-", "@")) for cell in row.values())
