"""A way of paying that does not carry what was earned is named with its money, and saved only on a person's word."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.payouts.carrying import carries
from commissions.payouts.models import PayoutAccount
from commissions.payouts.selectors import preview_run
from commissions.payouts.settings import AchHead, Clock, save_payout_settings
from prm.accounts.capabilities import Role
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.payouts import a_payee, payable
from tests.builders.people import PASSWORD, a_member
from tests.builders.referrals import a_partner
from tests.conftest import World

US_ACCOUNT = {
    "method": "ach",
    "holder": "Brightwater Inc",
    "number": "4412345",
    "routing": "011401533",
    "ach_kind": "checking",
}
SORT_CODE = {
    "method": "wisebank",
    "holder": "Brightwater Ltd",
    "number": "12345678",
    "country": "GB",
    "code": "20-00-00",
}
WAYS = [
    pytest.param("ach", "US", "USD", True, id="dollars to the US"),
    pytest.param("ach", "US", "EUR", False, id="euros to the US"),
    pytest.param("wisebank", "GB", "GBP", True, id="pounds to a sort code"),
    pytest.param("wisebank", "GB", "EUR", False, id="euros to a sort code"),
    pytest.param("bank", "", "JPY", True, id="a bank transfer takes any"),
]


@pytest.mark.parametrize(("method", "country", "currency", "is_carried"), WAYS)
def test_the_form_and_a_run_agree_on_what_is_carried(
    method: str, country: str, currency: str, is_carried: bool, acme: Tenant, at: datetime
) -> None:
    a_payee("Brightwater", 500, currency, at=at, method=method, number="4412345", country=country)

    (row,) = preview_run(at=at).candidates

    assert carries(method, country, currency) is is_carried
    assert row.reason == ("" if is_carried else "other_method")


def test_it_is_saved_when_a_person_says_so_for_this_very_way(world: World) -> None:
    at = timezone.now()
    with tenant_scope(world.acme.id):
        save_payout_settings(
            methods=["sepa", "ach", "wisebank"],
            clock=Clock(),
            head=AchHead(),
            actor=Actor(world.finance.id),
            at=at,
        )
        partner = a_partner(name="Brightwater")
        payable(partner.id, 5_000, at=at)
        # What is still on hold waits too.
        an_accrual(at, partner=partner)
        payable(partner.id, 700, "USD", at=at)
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        admin = a_member(world.acme, Role.PARTNER_ADMIN, "boss@brightwater.example", **inside)
    client = Client()
    client.force_login(admin)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    page = "/acme/payout-details/change/"

    asked = client.post(page, {**US_ACCOUNT, "anyway": "on"})
    other = client.post(page, {**SORT_CODE, "asked": "ach-US", "anyway": "on"})

    assert (asked.status_code, other.status_code) == (422, 422)
    words = asked.content.decode()
    assert "EUR: €250.00 waits and would stay unpaid" in words
    assert "USD: " not in words
    assert "USD: $7.00 waits and would stay unpaid" in other.content.decode().replace("US$", "$")
    with tenant_scope(world.acme.id):
        assert not PayoutAccount.objects.exists()

    said = client.post(page, {**SORT_CODE, "asked": "wisebank-GB", "anyway": "on"})

    assert said.status_code == 303
    with tenant_scope(world.acme.id):
        assert PayoutAccount.objects.get().country == "GB"
