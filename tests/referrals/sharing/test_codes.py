"""A code that a customer gives when it pays: on the form, in a file, from another system; counted once, shown."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prm.jobs.files import private_path
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.attribution.models import Touch
from referrals.revenue.models import Customer, RevenueEvent
from referrals.sharing.codes import use_code
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import Coupon, Lead
from referrals.sharing.services import retire_coupon
from tests.builders.api import Caller, a_key
from tests.builders.referrals import a_partner, a_program, a_referral
from tests.builders.revenue import a_customer
from tests.builders.sharing import NOBODY, a_coupon
from tests.conftest import World

DAY = timedelta(days=1)


def used(at: datetime, referral_id: Any, code: str = "bright10") -> str:
    return use_code(referral_id, code, at, NOBODY, at).result.value


def test_a_code_of_the_referrals_own_partner_is_counted_once(acme: Tenant, at: datetime) -> None:
    coupon, referral = a_coupon(at), a_referral(at)

    assert [used(at, referral.id) for _ in range(2)] == ["counted", "there_already"]
    a_coupon(at, "BRIGHT-20")
    assert used(at, referral.id, "bright20") == "second"

    assert Lead.objects.get().coupon == coupon
    assert list(Coupon.objects.order_by("code").values_list("use_count", flat=True)) == [1, 0]
    assert Touch.objects.filter(kind="coupon").count() == 1


def test_another_partners_code_is_noted_and_moves_nothing(acme: Tenant, at: datetime) -> None:
    solea = a_partner("Solea")
    a_coupon(at, "SOLEA-10", partner=solea)
    referral = a_referral(at)

    assert [used(at, referral.id, "solea 10") for _ in range(2)] == ["other_partner"] * 2

    referral.refresh_from_db()
    assert referral.partner == a_partner()
    assert not Lead.objects.exists()
    touch = Touch.objects.get(kind="coupon")
    assert (touch.partner, touch.referral_id) == (solea, referral.id)
    assert Coupon.objects.get().use_count == 1


def test_a_lead_that_came_by_link_keeps_its_way_and_gets_its_code(
    acme: Tenant, at: datetime
) -> None:
    coupon = a_coupon(at, uses_max=1)
    lead = take_lead(
        facts=LeadFacts(a_program().id, "Osprey", "Tom", "tom@osprey.example", coupon="bright10"),
        at=at,
        key=uuid4(),
    )
    assert lead is not None
    assert used(at, lead.id) == "there_already"
    assert used(at, a_referral(at, company="Kite").id) == "unknown", "it was used up"
    coupon.refresh_from_db()
    assert coupon.use_count == 1


@pytest.mark.parametrize(("age", "result"), [(-DAY, "counted"), (DAY, "unknown")])
def test_an_ended_code_counts_for_what_was_sold_before_its_end(
    acme: Tenant, at: datetime, age: timedelta, result: str
) -> None:
    coupon = a_coupon(at, starts_at=at - 3 * DAY)
    retire_coupon(coupon_id=coupon.id, actor=NOBODY, at=at)
    referral = a_referral(at)

    told = use_code(referral.id, "bright10", at + age, NOBODY, at + 2 * DAY)

    assert told.result == result


# ---------------------------------------------------------------- where it is typed
@pytest.fixture
def customer(world: World, at: datetime) -> Customer:
    with tenant_scope(world.acme.id):
        a_coupon(at, starts_at=at - timedelta(days=4000))
        return a_customer(at, website="kestrel.example")


@pytest.fixture
def finance(world: World) -> Client:
    client = Client()
    client.force_login(world.finance, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def payment(code: str, at: datetime) -> dict[str, str]:
    return {
        "key": str(uuid4()),
        "kind": "renewal",
        "amount": "50.00",
        "booked_on": f"{at:%Y-%m-%d}",
        "external_id": "INV-9",
        "code": code,
    }


def test_the_form_of_a_payment_takes_a_code_and_says_what_it_did(
    world: World, finance: Client, customer: Customer, at: datetime
) -> None:
    page = f"/acme/manage/revenue/new/?customer={customer.id}"

    wrong = finance.post(page, payment("NOPE-99", at))
    assert wrong.status_code == 422
    assert "No code NOPE-99 could be used" in wrong.content.decode()
    with tenant_scope(world.acme.id):
        assert not RevenueEvent.objects.filter(external_id="INV-9").exists()

    right = finance.post(page, payment("bright 10", at), follow=True)
    assert "Code BRIGHT-10 of Brightwater is counted" in right.content.decode()
    with tenant_scope(world.acme.id):
        assert Coupon.objects.get().use_count == 1


def test_a_file_of_payments_says_what_each_code_did(
    world: World, finance: Client, customer: Customer, at: datetime
) -> None:
    rows = [
        "reference,kind,customer,amount,currency,booked_on,code",
        f"INV-1,renewal,kestrel.example,300.00,EUR,{at:%Y-%m-%d},bright10",
        f"INV-2,renewal,kestrel.example,300.00,EUR,{at:%Y-%m-%d},NOPE-99",
    ]
    file = SimpleUploadedFile("revenue.csv", "\n".join(rows).encode(), "text/csv")
    finance.post("/acme/manage/revenue/upload/", {"file": file})
    with tenant_scope(world.acme.id):
        check = Job.objects.get(kind="revenue.check")
    run(world.acme.id, check.id)

    with tenant_scope(world.acme.id):
        check.refresh_from_db()
        text = private_path(check.file).read_text()
        assert not Lead.objects.exists(), "a check counts nothing"
    first, second = text.splitlines()[1:]
    assert "Code BRIGHT-10 of Brightwater is counted" in first
    assert "No code NOPE-99 could be used" in second
    assert check.result == {"bookable": 1, "there_already": 0, "error": 1}


@pytest.mark.parametrize(("code", "result"), [("bright10", "counted"), ("SPRING", "unknown")])
def test_a_system_that_reports_a_sale_is_told_what_the_code_did(
    world: World, customer: Customer, at: datetime, code: str, result: str
) -> None:
    with tenant_scope(world.acme.id):
        _, secret = a_key(world.admin, at)
    body = {
        "type": "renewal",
        "id": "evt-1",
        "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "referral": str(customer.referral_id),
        "amount_minor": 5_000,
        "currency": "EUR",
        "code": code,
    }
    shop = Caller(world.acme, secret)

    answers = [shop.post("/events", body, key=None) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert [answer.json()["code"] for answer in answers] == [result] * 2
