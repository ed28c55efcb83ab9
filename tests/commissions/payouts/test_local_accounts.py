"""Wise pays accounts without an IBAN by their countries' own numbers: checked at entry, listed as Wise asks."""

import csv
from datetime import date, datetime

import pytest

from commissions.payouts.bankfiles import stored_file, stored_kinds, write_files
from commissions.payouts.forms import PayoutDetailsForm
from commissions.payouts.localaccounts import local_number
from commissions.payouts.models import ExclusionReason, PayoutAccount, PayoutExclusion, PayoutMethod
from commissions.payouts.rules import NotAnAccountNumber
from commissions.payouts.wording import file_words
from prm.accounts.secrets import decrypt
from prm.tenancy.models import Tenant
from tests.builders.payouts import a_payee, approved_run
from tests.conftest import World


@pytest.mark.parametrize(
    ("country", "number", "code", "found"),
    [
        pytest.param("GB", "12345678", "20-00-00", ("12345678", "200000"), id="sort code"),
        pytest.param("GB", "1234567", "20-00-00", "number-GB", id="a UK digit too few"),
        pytest.param("GB", "12345678", "2000", "code-GB", id="a short sort code"),
        pytest.param("AU", "1234 5678", "062-000", ("12345678", "062000"), id="BSB"),
        pytest.param("CA", "1234567", "12345-003", ("1234567", "12345-003"), id="as on a cheque"),
        pytest.param(
            "CA", "1234567", "000312345", ("1234567", "12345-003"), id="as banks route it"
        ),
        pytest.param("CA", "1234567", "12345003", "code-CA", id="either order"),
        pytest.param("IN", "123456789", "hdfc0000060", ("123456789", "HDFC0000060"), id="IFSC"),
        pytest.param("IN", "123456789", "HDFC1000060", "code-IN", id="no IFSC"),
        pytest.param("NZ", "01-902-0068389-00", "", ("0109020068389000", ""), id="NZ"),
        pytest.param("NZ", "01-902-0068388-00", "", "number-NZ", id="a wrong check digit"),
    ],
)
def test_numbers_are_those_of_the_country(
    country: str, number: str, code: str, found: tuple[str, str] | str
) -> None:
    if isinstance(found, str):
        with pytest.raises(NotAnAccountNumber) as refused:
            local_number(number, country=country, code=code)
        assert refused.value.why == found
    else:
        checked = local_number(number, country=country, code=code)
        assert ((checked.number, checked.routing), checked.country) == (found, country)


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        pytest.param({}, [], id="right"),
        pytest.param({"code": ""}, ["code"], id="no sort code"),
        pytest.param({"number": "123"}, ["number"], id="a short number"),
        pytest.param({"country": "US"}, ["country"], id="not a country of it"),
        pytest.param({"country": ""}, ["country"], id="no country"),
    ],
)
def test_a_problem_stands_beside_its_field(fields: dict[str, str], faulty: list[str]) -> None:
    typed = {
        "method": "wisebank",
        "holder": "Elm Ltd",
        "country": "GB",
        "number": "12345678",
        "code": "20-00-00",
        "ach_kind": "checking",
        "bic": "NOPE",
    }

    form = PayoutDetailsForm({**typed, **fields}, methods=["sepa", "wisebank"])

    assert sorted(form.errors) == faulty
    if not faulty:
        details = form.details()
        assert (details.number, details.routing, details.country) == ("12345678", "200000", "GB")
        assert (details.bic, details.ach_kind) == ("", "")


def test_wise_gets_a_list_by_country_and_other_currencies_stay_out(
    world: World, acme: Tenant, at: datetime
) -> None:
    way = PayoutMethod.WISE_ACCOUNT
    uk = {"number": "12345678", "routing": "200000", "country": "GB", "holder": "=Elm"}
    canada = {"number": "7654321", "routing": "12345-003", "country": "CA", "ach_kind": "savings"}
    a_payee("Elm", 2_500, "GBP", at=at, method=way, **uk)
    a_payee("Maple", 9_001, "CAD", at=at, method=way, **canada)
    a_payee("Oak", 700, "EUR", at=at, method=way, **{**uk, "number": "87654321"})
    run = approved_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    write_files(run, tenant=Tenant.objects.get(id=acme.id), today=date(2026, 11, 18))

    lists = [kind for kind in stored_kinds(run) if kind.startswith("wise")]
    assert lists == ["wise-cad", "wise-gbp"]
    assert file_words("wise-gbp", {}) == "Wise list, accounts in GBP"
    rows = {}
    for kind in lists:
        path = stored_file(run, kind)
        assert path is not None
        with path.open(encoding="utf-8-sig", newline="") as file:
            (rows[kind],) = csv.DictReader(file)
    common = {"recipientEmail": "", "receiverType": "BUSINESS", "amountCurrency": "target"}
    assert rows["wise-gbp"] == {
        **common,
        "name": "'=Elm",
        "paymentReference": "PR-2026-11-0001",
        "amount": "25.00",
        "sourceCurrency": "EUR",
        "targetCurrency": "GBP",
        "sortCode": "200000",
        "accountNumber": "12345678",
    }
    assert [
        rows["wise-cad"][name]
        for name in ("institutionNumber", "transitNumber", "accountNumber", "accountType")
    ] == ["003", "12345", "7654321", "SAVINGS"]
    left = PayoutExclusion.objects.get(run=run)
    assert (left.partner.name, left.reason) == ("Oak", ExclusionReason.OTHER_METHOD)
    account = PayoutAccount.objects.get(partner__name="Elm")
    assert (account.masked, decrypt(account.number)) == ("••\xa05678", "12345678")
    assert "12345678" not in account.number
