"""From one frozen run each way of paying has its file; the files' totals are the run's, and none holds a formula."""

import csv
import io
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from commissions.payouts.bankfiles import NoAchHead, stored_file, write_files
from commissions.payouts.details import save_debtor_account
from commissions.payouts.models import ExclusionReason, PayoutExclusion, PayoutMethod, PayoutRun
from commissions.payouts.selectors import run_totals
from commissions.payouts.settings import AchHead, Clock, save_payout_settings
from commissions.payouts.templates import TemplateDraft, save_template
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from tests.builders.payouts import a_payee, approved_run
from tests.conftest import World

TODAY = date(2026, 11, 18)
HEAD = AchHead("021000021", "1234567890", "Acme Inc", "Chase")


def _payees(at: datetime) -> None:
    a_payee("Alder", 12_300, at=at)
    us = {"number": "4412345", "routing": "011401533", "ach_kind": "savings", "country": "US"}
    a_payee("Birch", 45_001, "USD", at=at, method=PayoutMethod.ACH, **us)
    a_payee("Beech", 7_000, at=at, method=PayoutMethod.ACH, **{**us, "number": "998877"})
    for name, minor, currency in (("Cedar", 800, "EUR"), ("Cherry", 950, "USD")):
        number = f"{name.lower()}@pal.example"
        a_payee(name, minor, currency, at=at, method=PayoutMethod.PAYPAL, number=number, country="")
    wise = {"number": "elm@wise.example", "holder": "=Elm", "country": ""}
    a_payee("Elm", 2_500, "GBP", at=at, method=PayoutMethod.WISE, **wise)


def _settings(world: World, at: datetime) -> None:
    actor = Actor(world.finance.id)
    save_debtor_account(iban="NL91ABNA0417164300", bic="ABNANL2A", actor=actor, at=at)
    save_payout_settings(methods=["sepa"], clock=Clock(), head=HEAD, actor=actor, at=at)


def _file(run: PayoutRun, kind: str) -> Path:
    path = stored_file(run, kind)
    assert path is not None
    return path


def test_each_way_has_its_file_and_all_of_them_total_the_run(
    world: World, acme: Tenant, at: datetime
) -> None:
    _payees(at)
    _settings(world, at)
    draft = TemplateDraft(
        "House bank",
        [("number", "Ref"), ("holder", "To"), ("amount", "Sum"), ("pay_on", "On")],
        delimiter=";",
        decimal_mark=",",
        day_format="%d/%m/%Y",
    )
    shape = save_template(draft=draft, actor=Actor(world.finance.id), at=at)
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    kinds = write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)

    own = f"template-{shape.id}"
    assert kinds == [
        "sepa", "ach", "paypal-eur", "paypal-usd", "wise", own, "csv", "xlsx", "zip",
    ]  # fmt: skip
    found: Counter[str] = Counter()
    batch = next(
        row for row in _file(run, "ach").read_bytes().decode().split("\r\n") if row[0] == "8"
    )
    found["USD"] += int(batch[32:44])
    for kind in ("paypal-eur", "paypal-usd"):
        for row in csv.reader(io.StringIO(_file(run, kind).read_text())):
            assert row[0].endswith("@pal.example")
            found[row[2]] += round(float(row[1]) * 100)
    (wise,) = csv.DictReader(io.StringIO(_file(run, "wise").read_text(encoding="utf-8-sig")))
    assert (wise["name"], wise["amountCurrency"], wise["recipientEmail"]) == (
        "'=Elm",
        "target",
        "elm@wise.example",
    )
    found[wise["targetCurrency"]] += round(float(wise["amount"]) * 100)
    found["EUR"] += 12_300  # the SEPA file has tests of its own
    assert found == {total.currency: total.amount_minor for total in run_totals(run.id)}
    first = _file(run, own).read_bytes().decode().split("\r\n")[:2]
    assert first == ["Ref;To;Sum;On", "PR-2026-11-0001;Brightwater Ltd;123,00;18/11/2026"]
    with zipfile.ZipFile(_file(run, "zip")) as archive:
        assert len(archive.namelist()) == 8
    left = PayoutExclusion.objects.get(run=run)
    assert (left.partner.name, left.reason) == ("Beech", ExclusionReason.OTHER_METHOD)


def test_without_the_banks_numbers_there_is_no_us_file(
    world: World, acme: Tenant, at: datetime
) -> None:
    us = {"number": "4412345", "routing": "011401533", "ach_kind": "checking", "country": "US"}
    a_payee("Birch", 45_001, "USD", at=at, method=PayoutMethod.ACH, **us)
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    with pytest.raises(NoAchHead):
        write_files(run, tenant=Tenant.objects.get(id=acme.id), today=TODAY)
    assert stored_file(run, "csv") is None
