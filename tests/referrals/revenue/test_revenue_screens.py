"""Managers win, finance books and takes back, by hand and by file."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.accounts.models import User
from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from tests.builders.referrals import a_referral
from tests.builders.revenue import a_customer, a_payment
from tests.conftest import World

BASE = "/acme/manage/revenue/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def finance(world: World) -> Client:
    return signed_in(world.finance)


@pytest.fixture
def customer(world: World, at: datetime) -> Customer:
    with tenant_scope(world.acme.id):
        return a_customer(at, website="kestrel.example")


@pytest.fixture
def work(world: World) -> Callable[[], None]:
    def do() -> None:
        with tenant_scope(world.acme.id):
            waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
        for job_id in waiting:
            run(world.acme.id, job_id)

    return do


def booked(world: World) -> list[tuple[str, str, int, int]]:
    with tenant_scope(world.acme.id):
        rows = RevenueEvent.objects.order_by("id")
        return [(row.external_id, row.kind, row.amount_minor, row.refunded_minor) for row in rows]


# ---------------------------------------------------------------- win


def test_a_manager_wins_a_referral_with_its_deal_once(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, stage="accepted")
    manager, page = signed_in(world.manager), f"/acme/manage/referrals/{referral.id}/"
    for _ in range(2):
        answer = manager.post(f"{page}win/", {"deal": "1,200.50"})
        assert (answer.status_code, answer["Location"]) == (303, page)
    assert [row[1:] for row in booked(world)] == [("sale", 120050, 0)]
    with tenant_scope(world.acme.id):
        assert Referral.objects.get().stage_kind == "won"


@pytest.mark.parametrize("deal", ["", "a lot", "-5", "1.05.5"])
def test_a_deal_that_is_no_amount_wins_nothing(world: World, at: datetime, deal: str) -> None:
    with tenant_scope(world.acme.id):
        referral = a_referral(at, stage="accepted")
    answer = signed_in(world.manager).post(
        f"/acme/manage/referrals/{referral.id}/win/", {"deal": deal}
    )
    assert answer.status_code == 422
    with tenant_scope(world.acme.id):
        assert Referral.objects.get().stage_kind == "accepted"
        assert not Customer.objects.exists()


# ---------------------------------------------------------------- payments and refunds


def payment(**changes: str) -> dict[str, str]:
    given = {"key": str(uuid4()), "kind": "renewal", "amount": "300.00", "booked_on": "2026-11-02"}
    return {**given, **changes}


def test_finance_finds_a_customer_and_records_a_payment(
    world: World, finance: Client, customer: Customer
) -> None:
    for words in ("kest", "kestrel.example", "r-2026-0001", "TOM@kestrel.example"):
        assert "Kestrel Logistics" in finance.get(f"{BASE}new/", {"q": words}).content.decode()
    assert "No customer fits" in finance.get(f"{BASE}new/?q=osprey").content.decode()
    given = payment(external_id="INV-1")
    for _ in range(2):
        answer = finance.post(f"{BASE}new/?customer={customer.id}", given)
        assert answer["Location"] == BASE
    assert booked(world) == [("INV-1", "renewal", 30000, 0)]
    assert "INV-1" in finance.get(BASE).content.decode()


def test_a_double_click_without_a_reference_books_once(
    world: World, finance: Client, customer: Customer
) -> None:
    given = payment()
    for _ in range(2):
        finance.post(f"{BASE}new/?customer={customer.id}", given)
    assert len(booked(world)) == 1


def test_a_reference_of_other_facts_is_refused_on_the_form(
    world: World, finance: Client, customer: Customer
) -> None:
    finance.post(f"{BASE}new/?customer={customer.id}", payment(external_id="INV-1"))
    again = payment(external_id="INV-1", amount="400")
    answer = finance.post(f"{BASE}new/?customer={customer.id}", again)
    assert answer.status_code == 422
    assert "booked already with other facts" in answer.content.decode()
    assert booked(world) == [("INV-1", "renewal", 30000, 0)]


def test_a_payment_of_tomorrow_is_refused(
    world: World, finance: Client, customer: Customer
) -> None:
    answer = finance.post(f"{BASE}new/?customer={customer.id}", payment(booked_on="2999-01-01"))
    assert answer.status_code == 422
    assert booked(world) == []


def test_a_part_and_then_the_rest_is_given_back(
    world: World, finance: Client, customer: Customer, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        paid = a_payment(customer, at, minor=30000, key="INV-1")
    page = f"{BASE}{paid.id}/refund/"
    given = {"key": str(uuid4()), "kind": "refund", "booked_on": "2026-11-18"}
    answer = finance.post(page, {**given, "amount": "300.01"})
    assert answer.status_code == 422
    assert "Enter at most €300.00, what the customer paid" in answer.content.decode()
    finance.post(page, {**given, "amount": "100"})
    again = finance.post(page, {**given, "key": str(uuid4()), "amount": "200.01"})
    assert "Enter at most €200.00; the rest was given back before" in again.content.decode()
    assert "€100.00 given back" in finance.get(BASE).content.decode()
    finance.post(page, {**given, "key": str(uuid4()), "kind": "chargeback", "amount": "200"})
    assert [row[1:] for row in booked(world)] == [
        ("renewal", 30000, 30000),
        ("refund", 10000, 0),
        ("chargeback", 20000, 0),
    ]
    assert finance.get(page)["Location"] == BASE


def test_the_list_filters_and_exports_what_it_shows(
    finance: Client, customer: Customer, world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        a_payment(customer, at, key="=1+1", kind="renewal")
        a_payment(customer, at, key="INV-2", kind="expansion")
    page = finance.get(f"{BASE}?kind=expansion").content.decode()
    assert "INV-2" in page
    assert "=1+1" not in page
    file = finance.post(f"{BASE}export/", {"query": "kind=renewal", "format": "csv"})
    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(
        "'=1+1,renewal,2026-11-18,Kestrel Logistics,R-2026-0001,Brightwater,500.00,EUR"
    )


def test_the_list_costs_the_same_with_many_rows(
    finance: Client, customer: Customer, world: World, at: datetime
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert finance.get(BASE).status_code == 200
        return len(found)

    with tenant_scope(world.acme.id):
        a_payment(customer, at)
    queries()
    one = queries()
    with tenant_scope(world.acme.id):
        for _ in range(12):
            a_payment(customer, at)
    assert queries() == one


# ---------------------------------------------------------------- files

FILE = (
    "reference,kind,customer,amount,currency,booked_on,refunded_reference,note\n"
    'INV-1,sale,kestrel.example,"1,200.00",EUR,2026-11-02,,First\n'
    "CN-1,refund,,200.00,EUR,03/11/2026,INV-1,\n"
    "CN-2,refund,,1000.01,EUR,2026-11-03,INV-1,\n"
    "INV-2,renewal,nobody,10,EUR,2026-11-02,,\n"
    "INV-3,gift,kestrel.example,10,EUR,2026-11-02,,\n"
    "INV-4,renewal,kestrel.example,10,USD,2026-11-02,,\n"
)


def send(client: Client, text: str) -> Any:
    return client.post(f"{BASE}upload/", {"file": SimpleUploadedFile("r.csv", text.encode())})


def latest(world: World, kind: str) -> Job:
    with tenant_scope(world.acme.id):
        return Job.objects.filter(kind=kind).latest("created_at")


def test_a_file_is_checked_and_then_recorded_and_a_replay_changes_nothing(
    world: World, finance: Client, customer: Customer, work: Callable[[], None]
) -> None:
    assert customer.domain == "kestrel.example"
    send(finance, FILE)
    work()
    check = latest(world, "revenue.check")
    assert check.result == {"bookable": 2, "there_already": 0, "error": 4}
    assert booked(world) == []
    page = f"{BASE}upload/?check={check.id}"
    assert "Record 2 rows" in finance.get(page).content.decode()
    finance.post(page)
    work()
    recording = latest(world, "revenue.upload")
    assert recording.result == {"recorded": 2, "there_already": 0, "error": 4}
    assert booked(world) == [("INV-1", "sale", 120000, 20000), ("CN-1", "refund", 20000, 0)]
    file: Any = finance.get(f"/acme/jobs/{recording.id}/file/")
    text = b"".join(file.streaming_content).decode() if file.streaming else file.content.decode()
    assert "Only 1000.00 EUR of the payment is left to give back" in text
    assert "No customer fits nobody" in text

    send(finance, FILE)
    work()
    again = latest(world, "revenue.check")
    assert again.result == {"bookable": 0, "there_already": 2, "error": 4}


def test_the_upload_leads_to_its_check_which_shows_the_result_by_itself(
    world: World, finance: Client, customer: Customer, work: Callable[[], None]
) -> None:
    page = send(finance, FILE)["Location"]
    assert page == f"{BASE}upload/?check={latest(world, 'revenue.check').id}"

    waiting = finance.get(page).content.decode()
    polled = finance.get(page, headers={"HX-Request": "true"})
    assert "Record 2 rows" not in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert f'hx-get="{page}"' in waiting
    assert polled.status_code == 200

    work()
    done = finance.get(page, headers={"HX-Request": "true"})
    text = done.content.decode()
    assert done.status_code == 286  # htmx stops asking
    assert "Record 2 rows" in text
    assert "csrfmiddlewaretoken" in text
    assert "<html" not in text
    assert "http-equiv" not in finance.get(page).content.decode()


def test_the_jobs_of_a_file_lead_on(
    world: World, finance: Client, customer: Customer, work: Callable[[], None]
) -> None:
    send(finance, FILE)
    check = latest(world, "revenue.check")
    assert "See the check and record" not in finance.get(f"/acme/jobs/{check.id}/").content.decode()

    work()
    path = f"{BASE}upload/?check={check.id}"
    link = f'href="{path}">See the check and record</a>'
    assert link in finance.get(f"/acme/jobs/{check.id}/").content.decode()
    recording = finance.post(path)["Location"]
    work()
    assert (
        f'href="{BASE}?source=csv">See what was recorded</a>'
        in finance.get(recording).content.decode()
    )


def test_a_check_is_recorded_once_however_often_it_is_asked(
    world: World, finance: Client, customer: Customer, work: Callable[[], None]
) -> None:
    page = send(finance, FILE)["Location"]
    assert finance.post(page).status_code == 200  # not checked yet: nothing to record
    work()
    first, again = finance.post(page)["Location"], finance.post(page)["Location"]
    work()
    assert first == again
    assert len(booked(world)) == 2


def test_a_file_without_the_columns_says_which(
    world: World, finance: Client, work: Callable[[], None]
) -> None:
    page = send(finance, "reference,amount\nINV-1,5\n")["Location"]
    work()
    assert "no column kind, booked_on" in latest(world, "revenue.check").error
    shown = finance.get(page).content.decode()
    assert "no column kind, booked_on" in shown
    assert "Choose another file" in shown


def test_the_template_is_a_file_that_can_be_uploaded(finance: Client) -> None:
    text = finance.get(f"{BASE}template.csv").content.decode("utf-8-sig")
    assert text.startswith(
        "reference,kind,customer,amount,currency,booked_on,refunded_reference,code,note"
    )
    assert send(finance, text).status_code == 303
