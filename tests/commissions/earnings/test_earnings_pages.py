"""A partner's admin sees each own reward with its calculation, state and date; finance sees all."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back, release_due
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from prm.web.formats import day_text
from referrals.pipeline.models import Referral
from tests.builders.commissions import a_plan, a_won_deal, an_accrual
from tests.builders.referrals import People, a_partner, people_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def page_of(client: Client, user: object, path: str) -> str:
    client.force_login(user)  # type: ignore[arg-type]
    response = client.get(path)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_the_list_says_what_for_how_computed_and_when(
    world: World, people: People, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        # The list asks the clock what is on hold.
        accrual = an_accrual(timezone.now(), deal_minor=105_400, partner=people.partner)
    ready_on = accrual.payable_at.astimezone(ZoneInfo(world.acme.time_zone)).date()

    page = page_of(client, people.admin, "/acme/earnings/")

    when = day_text(ready_on, "medium", language="en").replace("\xa0", " ")
    for words in ("Kestrel Logistics", "20% of €1,054.00", "€210.80", "On hold", when):
        assert words in page.replace("\xa0", " "), words


def test_the_detail_shows_every_step_to_the_amount(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at, deal_minor=105_403, partner=people.partner)

    page = page_of(client, people.admin, f"/acme/earnings/{accrual.id}/")

    for words in (
        "20% of €1,054.03, plan v1, first payment",
        "€1,054.03",
        "20%",
        "210.806",
        "€210.81",
        "18 December 2026",
    ):
        assert words in page.replace("\xa0", " "), words


def test_another_partners_line_does_not_exist_for_them(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        other = an_accrual(at, partner=a_partner("Harbour"), company="Moorgate Print")

    client.force_login(people.admin)
    assert client.get(f"/acme/earnings/{other.id}/").status_code == 404
    assert "Moorgate" not in page_of(client, people.admin, "/acme/earnings/")


def test_a_rep_sees_earnings_only_when_allowed(
    world: World, people: People, client: Client
) -> None:
    client.force_login(people.rep)

    assert client.get("/acme/earnings/").status_code == 403


def test_a_rep_without_sight_of_amounts_learns_that_an_own_referral_earned(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at, partner=people.partner)
        Referral.objects.filter(id=accrual.referral_id).update(submitted_by=people.rep)

    page = page_of(client, people.rep, f"/acme/referrals/{accrual.referral_id}/")

    assert "Your partner admin sees the amount" in page
    assert "€200.00" not in page


def test_what_was_taken_back_stands_under_reversed_with_what_is_left(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        accrual = an_accrual(at, partner=people.partner)
        claw_back(
            accrual_id=accrual.id,
            amount_minor=5_000,
            reason="Booked twice",
            key="k",
            actor=SYSTEM,
            at=at,
        )

    listed = page_of(client, people.admin, "/acme/earnings/?view=reversed")
    detail = page_of(client, people.admin, f"/acme/earnings/{accrual.id}/")

    assert "€150.00" in listed
    assert "Booked twice" in detail
    assert "−€50.00" in detail


def test_a_released_line_is_ready_and_names_what_is_missing(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        an_accrual(at - timedelta(days=60), partner=people.partner)
        release_due(until=at, at=at)

    page = page_of(client, people.admin, "/acme/earnings/")

    assert "Ready" in page
    assert "No bank details yet" in page


def test_the_list_costs_the_same_for_one_line_and_for_twenty(
    world: World, people: People, client: Client, at: datetime
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/acme/earnings/")
        return len(
            [
                q
                for q in queries.captured_queries
                if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "select set_config"))
            ]
        )

    with tenant_scope(world.acme.id):
        an_accrual(at, partner=people.partner, company="First")
    page_of(client, people.admin, "/acme/earnings/")
    one = cost()
    with tenant_scope(world.acme.id):
        for number in range(19):
            an_accrual(at, partner=people.partner, company=f"Company {number}")

    assert cost() == one
    # One of them asks whether any plan has more to show.
    assert one <= 15


def test_the_partners_file_has_one_row_a_line(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        an_accrual(at, partner=people.partner, company="=cmd")
        an_accrual(at, partner=a_partner("Harbour"), company="Moorgate Print")
    client.force_login(people.admin)

    body = client.get("/acme/earnings/export/?format=csv").content.decode("utf-8-sig")

    rows = list(csv.DictReader(StringIO(body)))
    assert [(row["Company"], row["Earned"], row["Currency"]) for row in rows] == [
        ("'=cmd", "200.00", "EUR")
    ]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_partners_file_goes_on_past_what_is_fetched_at_once(
    world: World,
    people: People,
    client: Client,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
) -> None:
    monkeypatch.setattr("commissions.earnings.exports.CHUNK", 2)
    monkeypatch.setattr("commissions.earnings.views.CHUNK", 2)
    names = [f"Customer {number}" for number in range(5)]
    with tenant_scope(world.acme.id):
        for name in names:
            an_accrual(at, partner=people.partner, company=name)
    client.force_login(people.admin)

    body = client.get(f"/acme/earnings/export/?format={ending}").content

    if ending == "csv":
        found = [row["Company"] for row in csv.DictReader(StringIO(body.decode("utf-8-sig")))]
    else:
        found = [row[0].value for row in load_workbook(BytesIO(body)).active.iter_rows(min_row=2)]
    assert sorted(found) == names


def test_finance_sees_all_filters_and_exports(
    world: World, people: People, client: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        an_accrual(at, partner=people.partner)
        an_accrual(at, partner=a_partner("Harbour"), company="Moorgate Print")

    everything = page_of(client, world.finance, "/acme/manage/commissions/")
    one = page_of(client, world.finance, "/acme/manage/commissions/?q=moorgate")
    none = page_of(client, world.finance, "/acme/manage/commissions/?state=paid")
    exported = client.post(
        "/acme/manage/commissions/export/", {"format": "csv", "query": "q=moorgate"}
    )

    assert ("Brightwater" in everything, "Harbour" in everything) == (True, True)
    assert "Kestrel" not in one
    assert "No commission fits this view" in none
    assert len(exported.content.decode().splitlines()) == 2


def test_a_manager_sees_no_money(world: World, client: Client) -> None:
    client.force_login(world.manager)

    assert client.get("/acme/manage/commissions/").status_code == 403


def test_the_referral_page_shows_what_it_earned(
    world: World, people: People, client: Client, at: datetime, deliver: Callable[[], int]
) -> None:
    with tenant_scope(world.acme.id):
        a_plan()
        customer = a_won_deal(at, partner=people.partner)
    deliver()

    page = page_of(client, people.admin, f"/acme/referrals/{customer.referral_id}/")

    assert "What you earn" in page
    assert "20% of €1,000.00, plan v1, first payment" in page
    with tenant_scope(world.acme.id):
        assert Accrual.objects.count() == 1


@pytest.mark.parametrize("currency", ["a%00b", "%00", "eur", "XQX"])
def test_an_export_in_no_known_currency_holds_every_line(
    world: World, people: People, client: Client, at: datetime, currency: str
) -> None:
    with tenant_scope(world.acme.id):
        an_accrual(at, partner=people.partner)

    text = page_of(client, people.admin, f"/acme/earnings/export/?currency={currency}")

    assert "Kestrel Logistics" in text
