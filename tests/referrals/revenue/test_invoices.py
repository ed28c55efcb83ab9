"""What a payment says beside its amount, and invoices whose money comes in later: by hand and by file."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prm.jobs.models import Job
from prm.jobs.services import run
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import CashReceipt, RevenueEvent
from tests.builders.revenue import a_customer
from tests.conftest import World

BASE = "/acme/manage/revenue/"


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_an_invoice_is_booked_with_its_parts_and_paid_in_two(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        customer = a_customer(at)
    finance, new = signed_in(world.finance), f"{BASE}new/?customer={customer.id}"
    facts = {"key": str(uuid4()), "kind": "sale", "amount": "1,200", "booked_on": "2026-11-02"}
    more = {"tax": "200", "discount": "100", "product": "Payroll", "term_months": "12"}

    plain, refused = finance.get(new).content.decode(), finance.post(new, facts | {"tax": "1,200"})
    finance.post(new, facts | more | {"unpaid": "on"})

    assert '<details class="fold">' in plain
    assert refused.status_code == 422
    assert '<details class="fold" open>' in refused.content.decode()
    assert list(refused.context["form"].errors) == ["tax"]
    with tenant_scope(world.acme.id):
        invoice = RevenueEvent.objects.get()
    said = (invoice.tax_minor, invoice.discount_minor, invoice.product, invoice.term_months)
    assert said == (20_000, 10_000, "Payroll", 12)
    assert invoice.received_minor == 0

    page = f"{BASE}{invoice.id}/receive/"
    assert f'href="{page}"' in finance.get(f"{BASE}?kind=open").content.decode()
    part = {"key": str(uuid4()), "amount": "480", "received_on": "2026-11-10"}
    for _ in range(2):  # a double click
        assert finance.post(page, part)["Location"] == BASE
    assert "€480.00 received" in finance.get(BASE).content.decode()
    rest = {"key": str(uuid4()), "amount": "720.01", "received_on": "2026-11-18"}
    too_much = finance.post(page, rest)
    assert too_much.status_code == 422
    assert "Enter at most €720.00, what is still to come in" in too_much.content.decode()
    early = finance.post(page, rest | {"amount": "1", "received_on": "2026-11-01"})
    assert list(early.context["form"].errors) == ["received_on"]
    finance.post(page, rest | {"amount": "720"})

    assert finance.get(page)["Location"] == BASE
    assert page not in finance.get(BASE).content.decode()
    with tenant_scope(world.acme.id):
        rows = CashReceipt.objects.order_by("received_at")
        assert [row.amount_minor for row in rows] == [48_000, 72_000]


FILE = (
    "reference,kind,customer,amount,booked_on,tax,discount,product,term_months,unpaid,invoice_reference\n"
    "INV-1,sale,kestrel.example,1200.00,2026-11-02,200.00,,Payroll,24,yes,\n"
    "BANK-1,receipt,,480.00,2026-11-03,,,,,,INV-1\n"
    "BANK-2,receipt,,720.01,2026-11-04,,,,,,INV-1\n"
    "INV-2,renewal,kestrel.example,100.00,2026-11-02,60.00,40.00,,,,\n"
    "INV-3,renewal,kestrel.example,100.00,2026-11-02,,,,two,,\n"
    "INV-4,renewal,kestrel.example,100.00,2026-11-02,,,,,perhaps,\n"
    "INV-5,renewal,kestrel.example,100.00,2026-11-02,,,,,,\n"
    "BANK-3,receipt,,50.00,2026-11-04,,,,,,INV-5\n"
    "BANK-4,receipt,,50.00,2026-11-04,,,,,yes,INV-1\n"
)


def test_a_file_brings_invoices_and_receipts_and_says_why_not(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_customer(at, website="kestrel.example")
    finance, work = signed_in(world.finance), _worker(world)

    def sent() -> Job:
        upload = SimpleUploadedFile("r.csv", FILE.encode())
        page = finance.post(f"{BASE}upload/", {"file": upload})["Location"]
        work()
        answer = finance.post(page)
        work()
        with tenant_scope(world.acme.id):
            kind = "revenue.upload" if answer.status_code == 303 else "revenue.check"
            return Job.objects.filter(kind=kind).latest("created_at")

    first = sent()
    assert first.result == {"recorded": 3, "there_already": 0, "error": 6}
    file: Any = finance.get(f"/acme/jobs/{first.id}/file/")
    text = b"".join(file.streaming_content).decode() if file.streaming else file.content.decode()
    for reason in (
        "Only 720.00 EUR of the invoice is still to come in",
        "Tax and discount together must be less than the amount",
        "two is no number of months",
        "Write yes or no in unpaid, not perhaps",
        "was paid as it was booked",
        "unpaid belongs to a payment",
    ):
        assert text.count(reason) == 1
    assert sent().result["there_already"] == 3

    with tenant_scope(world.acme.id):
        invoice = RevenueEvent.objects.get(external_id="INV-1")
        assert (invoice.tax_minor, invoice.term_months, invoice.received_minor) == (
            20_000,
            24,
            48_000,
        )
        assert CashReceipt.objects.count() == 1


def _worker(world: World) -> Callable[[], None]:
    def work() -> None:
        with tenant_scope(world.acme.id):
            waiting = list(Job.objects.filter(state="queued").values_list("id", flat=True))
        for job_id in waiting:
            run(world.acme.id, job_id)

    return work
