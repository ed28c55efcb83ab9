"""Each line says where its own money stands, and the lines together are what the ledger owes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from commissions.accruals.models import Accrual
from commissions.accruals.services import claw_back, release_due
from commissions.earnings.lines import HOLD, IN_PAYOUT, PAID, READY, REVERSED, lines_for
from commissions.ledger.selectors import balances_of, tenant_liability
from commissions.payouts.services import settle_all
from commissions.verification import faults
from prm.events.services import SYSTEM, Actor
from prm.tenancy.scope import tenant_scope
from prm.web.formats import money_text
from tests.builders.commissions import an_accrual
from tests.builders.payouts import bank_details, exported_run
from tests.builders.referrals import People, people_of
from tests.conftest import World


@pytest.fixture
def people(world: World) -> People:
    with tenant_scope(world.acme.id):
        return people_of(world.acme)


def settled_run(world: World, at: datetime) -> None:
    run = exported_run(at=at, approver_id=world.finance.id, user_id=world.second_finance.id)
    settle_all(run_id=run.id, actor=Actor(world.finance.id), at=at)


@pytest.fixture
def story(world: World, people: People, at: datetime) -> dict[str, int]:
    """One line in each state, of one partner; the ids by company."""
    with tenant_scope(world.acme.id):
        partner = people.partner
        bank_details(partner.id, at=at - timedelta(days=90))
        made = {}
        made["Paid"] = an_accrual(
            at - timedelta(days=80), partner=partner, company="Paid", deal_minor=100_000
        ).id
        release_due(until=at - timedelta(days=40), at=at - timedelta(days=40))
        settled_run(world, at - timedelta(days=35))
        made["Under way"] = an_accrual(
            at - timedelta(days=70), partner=partner, company="Under way", deal_minor=200_000
        ).id
        release_due(until=at - timedelta(days=30), at=at - timedelta(days=30))
        exported_run(
            at=at - timedelta(days=25),
            approver_id=world.finance.id,
            user_id=world.second_finance.id,
        )
        made["Ready"] = an_accrual(
            at - timedelta(days=50), partner=partner, company="Ready", deal_minor=300_000
        ).id
        release_due(until=at - timedelta(days=10), at=at - timedelta(days=10))
        now = timezone.now()
        for company, deal in (("Hold", 400_000), ("Reversed", 500_000)):
            made[company] = an_accrual(now, partner=partner, company=company, deal_minor=deal).id
        claw_back(
            accrual_id=made["Reversed"],
            amount_minor=100_000,
            reason="Booked twice",
            key="k",
            actor=SYSTEM,
            at=now,
        )
    return made


def test_every_line_has_its_own_state(world: World, story: dict[str, int]) -> None:
    with tenant_scope(world.acme.id):
        found = lines_for(
            list(Accrual.objects.order_by("id")), now=timezone.now(), staff=True, partners=True
        )

    assert [(line.company, line.state, line.partner_name) for line in found] == [
        ("Paid", PAID, "Brightwater"),
        ("Under way", IN_PAYOUT, "Brightwater"),
        ("Ready", READY, "Brightwater"),
        ("Hold", HOLD, "Brightwater"),
        ("Reversed", REVERSED, "Brightwater"),
    ]


def test_pages_say_of_each_state_what_the_ledger_says(
    world: World, people: People, story: dict[str, int], client: Client
) -> None:
    with tenant_scope(world.acme.id):
        balance = balances_of(people.partner.id, "EUR")
        liability = tenant_liability()
        sums: dict[str, int] = {}
        for line in lines_for(list(Accrual.objects.all()), now=timezone.now(), staff=True):
            sums[line.state] = sums.get(line.state, 0) + line.amount_minor
        assert [str(fault) for fault in faults()] == []

    def shown(user: Any, path: str) -> str:
        client.force_login(user)
        return client.get(path).content.decode()

    assert (balance.pending, balance.payable, balance.in_payout) == (80_000, 60_000, 40_000)
    assert liability == [balance]
    assert (sums[HOLD], sums[READY], sums[IN_PAYOUT]) == (80_000, 60_000, 40_000)
    pages = (
        shown(people.admin, "/acme/earnings/"),
        shown(world.finance, f"/acme/manage/partners/{people.partner.id}/"),
        shown(world.finance, "/acme/manage/finance/"),
    )
    for page in pages:
        for minor in (balance.pending, balance.payable):
            assert money_text(minor, "EUR") in page


def test_the_tabs_of_the_earnings_page_hold_what_they_count(
    world: World, people: People, story: dict[str, int], client: Client
) -> None:
    client.force_login(people.admin)

    for view, companies in {
        "progress": {"Under way", "Ready", "Hold"},
        "paid": {"Paid"},
        "reversed": {"Reversed"},
    }.items():
        page = client.get(f"/acme/earnings/?view={view}").content.decode()
        lines = {name for name in story if f">{name}</a>" in page}
        assert lines == companies
        assert f"{len(companies)} of {len(companies)} shown" in page
