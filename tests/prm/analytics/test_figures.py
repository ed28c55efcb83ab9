"""Every number of the manager's dashboard equals the rows that its own page lists."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from prm.analytics.rules import months_of, period_named
from prm.analytics.selectors import (
    FIGURES,
    Asked,
    count_of,
    funnel,
    revenue_of,
    sales_cycle,
    top_partners,
    win_rate,
)
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund, win_referral
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.conftest import World

DAY = timedelta(days=1)


def a_win(
    at: datetime, *, days: int, deal_minor: int, company: str, partner_name: str = "Brightwater"
) -> None:
    referral = a_referral(at, partner=a_partner(partner_name), stage="opportunity", company=company)
    win_referral(
        referral_id=referral.id,
        to_stage_id=stage_of(referral.program_id, "won").id,
        deal=Money(deal_minor, "EUR"),
        actor=SYSTEM,
        at=at + days * DAY,
    )


def a_year(at: datetime) -> None:
    """Six referrals of this year and one of the last."""
    a_win(at - 100 * DAY, days=10, deal_minor=100_000, company="A")
    a_win(at - 90 * DAY, days=20, deal_minor=300_000, company="B")
    a_win(at - 80 * DAY, days=60, deal_minor=50_000, company="C", partner_name="Copperfield")
    a_referral(at - 9 * DAY, company="D")
    a_referral(at - 8 * DAY, company="E", stage="lost")
    a_referral(at - 7 * DAY, company="F", stage="qualified")
    a_win(at - 500 * DAY, days=5, deal_minor=700_000, company="G")


@pytest.fixture
def asked(world: World, at: datetime) -> Asked:
    return Asked(world.acme, period_named("this-year", at.date()), "EUR")


def test_counts_are_those_of_the_period(world: World, at: datetime, asked: Asked) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)

        assert count_of("referrals", asked) == 6
        assert win_rate(asked) == (3, 4)
        assert count_of("waiting", asked) == 1
        assert count_of("open", asked) == 2
        assert count_of("active-partners", asked) == 2
        assert [step.count for step in funnel(asked)] == [6, 5, 4, 3, 3]


def test_revenue_is_payments_less_refunds_in_one_currency(
    world: World, at: datetime, asked: Asked
) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)
        sale = RevenueEvent.objects.get(amount_minor=300_000)
        record_refund(
            external_id="CN-1",
            kind="refund",
            refunds_id=sale.id,
            amount=Money(120_000, "EUR"),
            booked_at=at - DAY,
            source="form",
            actor=SYSTEM,
            at=at,
        )

        assert revenue_of(asked) == 100_000 + 300_000 - 120_000 + 50_000
        assert [(row.name, row.won_count, row.revenue_minor) for row in top_partners(asked)] == [
            ("Brightwater", 2, 280_000),
            ("Copperfield", 1, 50_000),
        ]


def test_the_sales_cycle_is_the_median_of_the_wins(
    world: World, at: datetime, asked: Asked
) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)

        cycle = sales_cycle(asked)

    assert cycle is not None
    assert (cycle.count, round(cycle.median, 6), round(cycle.lower, 6), round(cycle.upper, 6)) == (
        3,
        20,
        15,
        40,
    )


def test_another_tenant_counts_nothing(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)

    with tenant_scope(world.globex.id):
        there = Asked(world.globex, period_named("all", at.date()), "EUR")
        assert {name: count_of(name, there) for name in FIGURES} == dict.fromkeys(FIGURES, 0)


@pytest.mark.parametrize("figure", sorted(set(FIGURES) - {"revenue"}))
def test_the_page_of_a_figure_lists_as_many_rows_as_the_number_says(
    world: World, at: datetime, figure: str
) -> None:
    with tenant_scope(world.acme.id):
        a_program(protection_days=30)
        a_year(at)
        number = count_of(figure, Asked(world.acme, period_named("all", at.date()), "EUR"))
    client = Client()
    client.force_login(world.manager)

    page = client.get(f"/acme/manage/figures/{figure}/?period=all").content.decode()

    rows = len(re.findall(r"<tr", page)) - 1 if number else 0
    assert rows == number


def test_the_dashboard_opens_and_its_numbers_lead_on(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)
    client = Client()
    client.force_login(world.manager)

    page = client.get("/acme/manage/?period=all").content.decode()

    for figure in ("revenue", "referrals", "decided", "won", "waiting", "active-partners"):
        assert f"/acme/manage/figures/{figure}/?period=all" in page


def test_an_empty_tenant_is_told_how_to_start(world: World) -> None:
    client = Client()
    client.force_login(world.manager)

    assert "No referrals yet" in client.get("/acme/manage/").content.decode()


def test_periods_cover_whole_days() -> None:
    today = date(2026, 11, 18)

    assert period_named("nonsense", today).start.isoformat() == "2026-01-01"
    assert period_named("this-quarter", today).start.isoformat() == "2026-10-01"
    assert period_named("last-12-months", today).previous.end.isoformat() == "2025-11-19"
    assert len(months_of(period_named("all", today))) == 12
