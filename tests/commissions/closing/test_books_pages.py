"""Finance closes a month, takes its reports, asks what was owed, writes off and converts in the browser's requests."""

import json
import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from commissions.adjustments.models import Conversion, ExchangeRate, WriteOff
from commissions.adjustments.services import NewRate, add_rates
from commissions.closing.models import AccountCode
from commissions.ledger.models import ClosedPeriod
from commissions.ledger.selectors import balances_of
from partners.directory.models import Partner
from prm.accounts.models import User
from prm.events.models import QueuedEvent
from prm.events.services import SYSTEM
from prm.jobs.files import open_private
from prm.jobs.models import Job, JobState
from prm.jobs.services import run as run_job
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.partners import a_partner
from tests.builders.payouts import payable
from tests.conftest import World

NOW = datetime.now(UTC)
# Near midnight the day of UTC is not the tenant's.
TODAY = NOW.astimezone(ZoneInfo("Europe/Amsterdam")).date()
# The month before this one, whenever the test runs.
THEN = datetime.combine(TODAY.replace(day=1) - timedelta(days=3), time(12), UTC)
PERIOD = THEN.year * 100 + THEN.month
BOOKS = "/acme/manage/books/"
PASSWORD = "correct horse battery"


def fresh(user: User) -> Client:
    """Sign in and prove it once more."""
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.force_login(user)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def job_of(world: World, answer: Any) -> Job:
    """Do the job that an answer leads to."""
    job_id = answer.headers["Location"].rstrip("/").rpartition("/")[2]
    assert run_job(world.acme.id, job_id)
    with tenant_scope(world.acme.id):
        return Job.objects.get(id=job_id)


@pytest.fixture
def partner(world: World) -> Any:
    """A partner with a commission of last month, and a debtor."""
    with tenant_scope(world.acme.id):
        accrual = an_accrual(THEN, company="First")
        payable(a_partner("Debtor").id, -5_000, at=THEN)
        QueuedEvent.objects.all().delete()
        return accrual.partner


def test_closing_asks_for_a_fresh_sign_in_and_refuses_books_that_are_not_right(
    world: World, partner: Any
) -> None:
    stale = Client()
    stale.force_login(world.finance)
    page = f"{BOOKS}{PERIOD}/"
    session = stale.session
    session["account_authentication_methods"] = []
    session.save()
    assert "reauthenticate" in stale.get(f"{page}close/").headers["Location"]
    client = fresh(world.finance)
    assert client.post(f"{page}close/", {"seen": "1"}).status_code == 422
    with tenant_scope(world.acme.id):
        # The builder's money has no reason behind it: the books are not right, and say so.
        assert not ClosedPeriod.objects.exists()
    refused = job_of(world, client.post(f"{page}close/", {"checked": "on"}))
    assert (refused.state, "no clawback names it" in refused.error) == (JobState.FAILED, True)


def test_a_sound_month_is_closed_by_the_worker(world: World) -> None:
    with tenant_scope(world.acme.id):
        an_accrual(THEN, company="First")
        QueuedEvent.objects.all().delete()
    client, page = fresh(world.finance), f"{BOOKS}{PERIOD}/"

    done = job_of(world, client.post(f"{page}close/", {"checked": "on"}))
    journal = job_of(world, client.post(f"{page}reports/journal/", {"format": "json"}))

    assert (done.state, done.result) == (JobState.DONE, {"transfers": 1, "journal": 2})
    with tenant_scope(world.acme.id), open_private(journal.file) as file:
        rows = json.load(file)
    assert [(row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        ("6000", "200.00", None),
        ("2100", None, "200.00"),
    ]
    assert "Closed" in client.get(page).content.decode()
    shown = client.get(f"{page}reports/journal/").content.decode()
    assert "Commission earned" in shown
    # Under all entries both sides of the month, equal.
    totals = re.search(r"<tfoot>(.*?)</tfoot>", shown, re.DOTALL)
    assert totals
    assert re.findall(r">([^<>\n]+)</t[hd]>", totals[1]) == [
        "Whole month, EUR",
        "200.00",
        "200.00",
    ]
    assert client.post(f"{page}close/", {"checked": "on"}).status_code == 409


def test_lists_cost_a_fixed_number_of_statements(world: World, partner: Any) -> None:
    client = Client()
    client.force_login(world.finance)
    costs = {}
    for name in ("", "liability/", "debts/", "rates/", "accounts/"):
        client.get(BOOKS + name)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(BOOKS + name).status_code == 200
        costs[name] = len(seen)
        with tenant_scope(world.acme.id):
            for number in range(3):
                payable(a_partner(f"More {name} {number}").id, -100, at=THEN)
        with CaptureQueriesContext(connection) as again:
            client.get(BOOKS + name)
        assert len(again) == costs[name]
    assert max(costs.values()) < 40


def test_what_was_owed_is_asked_and_taken_as_a_file(world: World, partner: Any) -> None:
    client = Client()
    client.force_login(world.finance)

    now = client.get(f"{BOOKS}liability/").content.decode()
    before = client.get(f"{BOOKS}liability/?on=2020-01-01").content.decode()
    with tenant_scope(world.acme.id):
        payable(partner.id, 1_000, "USD", at=NOW)
    asked = f"{BOOKS}liability/?restate=on"
    assert "Not restated: a rate is missing" in client.get(asked).content.decode()
    with tenant_scope(world.acme.id):
        rate = NewRate("USD", "EUR", TODAY, Decimal("0.9"), "ECB")
        add_rates(rates=[rate], actor=SYSTEM, at=NOW)
    assert "Restated: €159.00 owed in all currencies" in client.get(asked).content.decode()
    wrong = client.get(f"{BOOKS}liability/?on=yesterday")
    job = job_of(
        world,
        client.post(
            f"{BOOKS}liability/export/",
            # As somebody types it.
            {"on": f"{TODAY:%d/%m/%Y}", "by": "earned", "format": "csv"},
        ),
    )

    assert ("€200.00" in now, "Nothing was owed to anybody" in before) == (True, True)
    assert wrong.status_code == 422
    with tenant_scope(world.acme.id), open_private(job.file) as file:
        lines = file.read().decode().splitlines()
    assert sorted(lines[1:]) == [
        "Brightwater,EUR,200.00,0.00,0.00,0.00,0.00,200.00",
        "Brightwater,USD,0.00,10.00,0.00,0.00,0.00,10.00",
        "Debtor,EUR,0.00,-50.00,0.00,0.00,0.00,-50.00",
    ]


def test_two_people_write_a_debt_off(world: World, partner: Any) -> None:
    with tenant_scope(world.acme.id):
        debtor = Partner.objects.get(name="Debtor").id
    asking, deciding = fresh(world.finance), fresh(world.second_finance)
    wish = {"amount": "50.01", "reason": "Dissolved"}

    assert asking.post(f"{BOOKS}debts/{debtor}/EUR/", wish).status_code == 422
    asking.post(f"{BOOKS}debts/{debtor}/EUR/", {**wish, "amount": "50.00"})
    with tenant_scope(world.acme.id):
        asked = WriteOff.objects.get()
    asking.post(f"{BOOKS}write-offs/{asked.id}/approve/")
    with tenant_scope(world.acme.id):
        assert balances_of(debtor, "EUR").owed == -5_000
    deciding.post(f"{BOOKS}write-offs/{asked.id}/approve/")

    with tenant_scope(world.acme.id):
        assert balances_of(debtor, "EUR").owed == 0
    assert "Written off" in asking.get(f"{BOOKS}debts/").content.decode()


def test_rates_come_one_by_one_or_in_a_file_and_convert_what_is_payable(
    world: World, partner: Any
) -> None:
    client, today = fresh(world.finance), TODAY.isoformat()
    with tenant_scope(world.acme.id):
        payable(partner.id, 10_000, "USD", at=NOW)
    good = f"date,from,to,rate\n{today},usd,EUR,0.9123\n".encode()
    for wrong, words in (
        (b"day,from,to,rate\n", "no column date"),
        (good + b"2026-01-01,EUR,EUR,1\n", "Row 3: Choose two different currencies"),
        (b"date,from,to,rate\n1 May,USD,EUR,1\n", "Row 2: Enter a date"),
    ):
        answer = client.post(
            f"{BOOKS}rates/",
            {"what": "file", "source": "ECB", "file": SimpleUploadedFile("r.csv", wrong)},
        )
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    client.post(
        f"{BOOKS}rates/",
        {"what": "file", "source": "ECB", "file": SimpleUploadedFile("r.csv", good)},
    )
    page = f"{BOOKS}rates/convert/{partner.id}/USD/"
    wish = {"amount": "100.00", "to_currency": "EUR", "reason": "Asked", "key": "k1"}
    assert "ECB: $100.00 becomes €91.23" in client.get(page).content.decode()
    client.post(page, wish)
    client.post(page, wish)

    with tenant_scope(world.acme.id):
        assert ExchangeRate.objects.get().rate == Decimal("0.9123")
        assert Conversion.objects.get().to_minor == 9_123
        assert balances_of(partner.id, "EUR").payable == 9_123


def test_account_codes_are_the_vendors_own_and_never_twice(world: World, partner: Any) -> None:
    client = Client()
    client.force_login(world.finance)
    form = client.get(f"{BOOKS}accounts/").context["form"]
    data = {name: form[name].value() for name in form.fields}

    twice = client.post(f"{BOOKS}accounts/", {**data, "cash_code": data["fees_code"]})
    client.post(f"{BOOKS}accounts/", {**data, "cash_code": "1810"})

    assert twice.status_code == 422
    with tenant_scope(world.acme.id):
        assert [(row.kind, row.code) for row in AccountCode.objects.all()] == [("cash", "1810")]
