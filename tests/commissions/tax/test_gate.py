"""Without an approved form nothing is paid out, and everything goes on being earned."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from commissions.ledger.selectors import balances_of
from commissions.payouts.freezing import candidates_of
from commissions.tax.models import TaxForm
from commissions.tax.rules import (
    APPROVED,
    EXPIRED,
    MISSING,
    RECEIVED,
    REFUSED,
    NotATaxNumber,
    Sent,
    checked_number,
    masked_number,
    standing,
)
from commissions.tax.selectors import tax_block
from commissions.tax.services import (
    AlreadyDecided,
    add_requirement,
    approve_form,
    end_requirement,
    number_of,
    refuse_form,
    send_form,
)
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM, Actor
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.payouts import a_payee, payable
from tests.builders.people import PASSWORD, a_member
from tests.builders.tax import a_form
from tests.conftest import World

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("form", "text", "kept"),
    [
        ("vat_id", "IT 00743110157", "IT00743110157"),
        ("vat_id", "ie 6433435F", "IE6433435F"),
        ("codice_fiscale", "rcc mnl 83S18 D969H", "RCCMNL83S18D969H"),
    ],
)
def test_numbers_are_checked_and_kept_plainly(form: str, text: str, kept: str) -> None:
    assert checked_number(form, text) == kept


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("vat_id", "IT00743110158"),
        ("vat_id", "00743110157"),
        ("codice_fiscale", "RCCMNL83S18D967H"),
    ],
)
def test_a_wrong_check_digit_is_refused(form: str, text: str) -> None:
    with pytest.raises(NotATaxNumber):
        checked_number(form, text)


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        ([], MISSING),
        ([Sent(RECEIVED)], RECEIVED),
        ([Sent(APPROVED), Sent(RECEIVED)], APPROVED),
        ([Sent(APPROVED, TODAY)], APPROVED),
        ([Sent(APPROVED, TODAY - timedelta(days=1))], EXPIRED),
        ([Sent(APPROVED, TODAY - timedelta(days=1)), Sent(REFUSED)], REFUSED),
    ],
)
def test_an_approved_form_counts_to_its_last_day(sent: list[Sent], state: str) -> None:
    assert standing(sent, TODAY) == state


def _reason(partner_id: object, at: datetime) -> str:
    (row,) = candidates_of(partner_id, at=at)  # type: ignore[arg-type]
    return row.reason


def test_the_gate_opens_with_the_approval_and_closes_after_the_last_day(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    partner.country = "IE"
    partner.save(update_fields=["country"])
    finance = Actor(world.finance.id)
    for country, form in (("US", "w9"), ("IE", "vat_id")):
        add_requirement(country=country, partner_type="", form=form, actor=finance, at=at)

    assert (_reason(partner.id, at), tax_block(partner.id, at)) == ("tax_form", MISSING)
    payable(partner.id, 500, at=at)
    assert balances_of(partner.id, "EUR").payable == 10_500
    sent = send_form(
        partner_id=partner.id, form="vat_id", number="IE 6433435F", actor=SYSTEM, at=at
    )
    assert (number_of(sent), sent.masked) == ("IE6433435F", masked_number("IE6433435F"))
    assert "6433435F" not in sent.number
    assert (_reason(partner.id, at), tax_block(partner.id, at)) == ("tax_form", RECEIVED)

    approve_form(form_id=sent.id, valid_until=TODAY, actor=finance, at=at)
    with pytest.raises(AlreadyDecided):
        refuse_form(form_id=sent.id, note="No", actor=finance, at=at)

    assert (_reason(partner.id, at), tax_block(partner.id, at)) == ("", None)
    # 23:30 of the last day in Amsterdam; an hour later it is over there, in UTC it is not.
    last = datetime.fromisoformat("2026-11-18T22:30:00+00:00")
    assert _reason(partner.id, last) == ""
    after = last + timedelta(hours=1)
    assert (_reason(partner.id, after), tax_block(partner.id, after)) == ("tax_form", EXPIRED)


def test_a_new_form_on_its_way_stops_nothing_and_an_ended_wish_neither(
    world: World, acme: Tenant, at: datetime
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    wish = add_requirement(country="", partner_type="referral", form="w9", actor=SYSTEM, at=at)
    first = a_form(partner.id)
    approve_form(form_id=first.id, valid_until=None, actor=SYSTEM, at=at)
    second = a_form(partner.id)
    assert tax_block(partner.id, at) is None

    refuse_form(form_id=second.id, note="Not signed", actor=SYSTEM, at=at)
    assert tax_block(partner.id, at) is None
    third = a_form(partner.id)
    approve_form(form_id=third.id, valid_until=None, actor=SYSTEM, at=at)
    assert list(TaxForm.objects.filter(replaced_at=None).values_list("id", flat=True)) == [third.id]

    add_requirement(country="", partner_type="", form="w8ben", actor=SYSTEM, at=at)
    assert _reason(partner.id, at) == "tax_form"
    for _again in range(2):
        end_requirement(requirement_id=wish.id, actor=SYSTEM, at=at)
    assert tax_block(partner.id, at) == MISSING


def test_both_sides_walk_the_pages(world: World, deliver: Callable[[], int]) -> None:
    at = timezone.now()
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=at)
        inside = {"partner_id": partner.id, "partner_name": partner.name}
        aoife = a_member(
            world.acme, Role.PARTNER_ADMIN, "aoife@brightwater.example", name="Aoife", **inside
        )
    boss, finance = Client(), Client()
    boss.force_login(aoife)
    finance.force_login(world.finance)
    assert "Nothing is needed from you" in boss.get("/acme/tax/").content.decode()
    finance.post("/acme/manage/tax/wanted/", {"form": "vat_id", "country": "", "partner_type": ""})
    assert "Missing" in boss.get("/acme/tax/").content.decode()
    home = boss.get("/acme/").content.decode()
    assert "A tax form is missing" in home
    assert 'href="/acme/tax/"' in home

    assert "reauthenticate" in boss.post("/acme/tax/vat_id/", {}).headers["Location"]
    boss.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert boss.post("/acme/tax/vat_id/", {"number": "IT00743110158"}).status_code == 422
    boss.post("/acme/tax/vat_id/", {"number": "IT00743110157"})
    deliver()
    with tenant_scope(world.acme.id):
        sent = TaxForm.objects.get()
    page = f"/acme/manage/tax/{sent.id}/"
    for asked in (finance.get(page), finance.post(page, {"do": "approve"})):
        assert "reauthenticate" in asked.headers["Location"]
    finance.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    assert "IT00743110157" in finance.get(page).content.decode()
    assert "00743110157" not in boss.get("/acme/tax/").content.decode()
    assert finance.post(page, {"do": "refuse"}).status_code == 422
    finance.post(page, {"do": "refuse", "note": "Belongs to another company"})
    deliver()
    assert "Belongs to another company" in boss.get("/acme/tax/").content.decode()
    boss.post("/acme/tax/vat_id/", {"number": "IT00743110157"})
    with tenant_scope(world.acme.id):
        again = TaxForm.objects.get(state="received")
    finance.post(f"/acme/manage/tax/{again.id}/", {"do": "approve"})
    assert "Approved" in boss.get("/acme/tax/").content.decode()
    with tenant_scope(world.acme.id):
        assert tax_block(partner.id, timezone.now()) is None
