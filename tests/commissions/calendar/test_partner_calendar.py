"""Staff read when a partner is paid and what blocks it, in the same days and words as its own people."""

import re
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import an_accrual
from tests.builders.payouts import payable
from tests.builders.referrals import a_partner, people_of
from tests.conftest import World


def _said(page: str) -> list[str]:
    """Return every line's day and words, and its amount."""
    plain = re.sub(r"\s+", " ", page)
    days = re.findall(r'<span class="sub">([^<]+ · [^<]+)</span>', plain)
    return days + re.findall(r'<span class="strong nowrap">([^<]+)</span>', plain)


def test_a_manager_reads_what_the_partner_reads(world: World) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        reward = an_accrual(now, partner=people.partner, company="Kestrel Logistics")
        payable(people.partner.id, 4_000, at=now)
        # Another partner's rewards are nowhere in it.
        an_accrual(now, partner=a_partner("Harbour"), company="Moorgate Print")
    own, manager, finance = Client(), Client(), Client()
    own.force_login(people.admin)
    manager.force_login(world.manager)
    finance.force_login(world.finance)
    address = f"/acme/manage/partners/{people.partner.id}/money/"
    month = f"?month={now + timedelta(days=30):%Y-%m}"

    theirs = own.get(f"/acme/earnings/calendar/{month}").content.decode()
    read = manager.get(f"{address}{month}").content.decode()
    paid = finance.get(f"{address}{month}").content.decode()

    assert "No day yet · Payout details are missing" in _said(theirs)
    assert _said(read) == _said(theirs) == _said(paid)
    assert ["Kestrel Logistics" in read, "Moorgate Print" in read] == [True, False]
    detail = f"/acme/manage/commissions/{reward.id}/"
    assert [detail in read, detail in paid] == [False, True]
    assert "calendar/address/" not in read
    panel = manager.get(f"/acme/manage/partners/{people.partner.id}/").content.decode()
    assert address in panel
    assert "€40.00" not in panel


def test_the_page_costs_the_same_for_one_reward_and_for_ten(world: World) -> None:
    now = timezone.now()
    client = Client()
    client.force_login(world.manager)
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        an_accrual(now, partner=people.partner, company="First")
    address = (
        f"/acme/manage/partners/{people.partner.id}/money/?month={now + timedelta(days=30):%Y-%m}"
    )

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries.captured_queries)

    cost()
    one = cost()
    with tenant_scope(world.acme.id):
        for number in range(9):
            an_accrual(now, partner=people.partner, company=f"Company {number}")

    assert cost() == one
