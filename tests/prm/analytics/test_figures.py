"""Every number of the manager's dashboard equals the rows that its own page lists."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prm.analytics.rules import PERIODS, months_of, period_named
from prm.analytics.selectors import (
    FIGURES,
    Asked,
    funnel,
    revenue,
    scoreboard,
    top_partners,
)
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
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


def rows_of(figure: str, asked: Asked) -> int:
    """Return how many rows the page of a figure lists."""
    return FIGURES[figure].of(asked, asked.period).count()


@pytest.fixture
def asked(world: World, at: datetime) -> Asked:
    return Asked(world.acme, period_named("this-year", at.date()), "EUR")


def test_counts_are_those_of_the_period(world: World, at: datetime, asked: Asked) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)

        board = scoreboard(asked)
        assert (board.registered, board.won, board.decided) == (6, 3, 4)
        assert (board.waiting, board.active_partners) == (1, 2)
        assert board.waiting_since == at - 9 * DAY
        assert (board.registered_before, board.won_before, board.decided_before) == (1, 1, 1)
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

        found = revenue(asked, months_of(asked.period))
        assert found.total_minor == 100_000 + 300_000 - 120_000 + 50_000
        assert found.before_minor == 700_000
        assert sum(found.by_month_minor) == found.total_minor
        assert [(row.name, row.won_count, row.revenue_minor) for row in top_partners(asked)] == [
            ("Brightwater", 2, 280_000),
            ("Copperfield", 1, 50_000),
        ]


def test_the_sales_cycle_is_the_median_of_the_wins(
    world: World, at: datetime, asked: Asked
) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)

        cycle = scoreboard(asked).cycle

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
        assert {name: rows_of(name, there) for name in FIGURES} == dict.fromkeys(FIGURES, 0)
        assert (scoreboard(there).waiting, funnel(there)[0].count) == (0, 0)


def test_the_page_of_a_figure_lists_as_many_rows_as_the_number_says(
    world: World, at: datetime
) -> None:
    figures = sorted(set(FIGURES) - {"revenue"})
    with tenant_scope(world.acme.id):
        a_program(protection_days=30)
        a_year(at)
        ever = Asked(world.acme, period_named("all", at.date()), "EUR")
        numbers = {figure: rows_of(figure, ever) for figure in figures}
    client = Client()
    client.force_login(world.manager)

    pages = {
        figure: client.get(f"/acme/manage/figures/{figure}/?period=all").content.decode()
        for figure in figures
    }

    rows = {
        figure: len(re.findall(r"<tr", page)) - 1 if numbers[figure] else 0
        for figure, page in pages.items()
    }
    assert rows == numbers


def test_every_number_of_the_dashboard_equals_its_rows(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)
        other = a_program("other")
        a_referral(at - 3 * DAY, program=other, company="Z", stage="accepted")
        for period, program_id in product(PERIODS, (None, other.id)):
            asked = Asked(world.acme, period_named(period, at.date()), "EUR", program_id=program_id)
            board, steps = scoreboard(asked), funnel(asked)
            before = replace(asked, period=asked.period.previous)

            assert {
                "referrals": board.registered,
                "won": board.won,
                "decided": board.decided,
                "waiting": board.waiting,
                "active-partners": board.active_partners,
                **{step.figure: step.count for step in steps},
            } == {
                name: rows_of(name, asked)
                for name in ("referrals", "won", "decided", "waiting", "active-partners")
            } | {step.figure: rows_of(step.figure, asked) for step in steps}, asked
            assert (board.registered_before, board.won_before, board.decided_before) == tuple(
                rows_of(name, before) for name in ("referrals", "won", "decided")
            ), asked


def test_imported_history_that_nobody_answered_waits_for_nobody(
    world: World, at: datetime, asked: Asked
) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)
        old = a_referral(at - 10 * DAY, company="Old")
        Referral.objects.filter(id=old.id).update(queued_at=None)

        board = scoreboard(asked)

        assert (board.waiting, rows_of("waiting", asked)) == (1, 1)


def test_imported_history_that_nobody_answered_is_in_no_count_but_its_own(
    world: World, at: datetime, asked: Asked, client: Client
) -> None:
    with tenant_scope(world.acme.id):
        a_year(at)
        before = scoreboard(asked), [step.count for step in funnel(asked)], top_partners(asked)
        old = a_referral(at - 10 * DAY, company="Old", partner=a_partner("Alder"))
        Referral.objects.filter(id=old.id).update(queued_at=None)

        board = scoreboard(asked)
        assert replace(board, unanswered=0) == before[0]
        assert [step.count for step in funnel(asked)] == before[1]
        assert top_partners(asked) == before[2]
        assert board.unanswered == rows_of("unanswered-history", asked) == 1
        assert rows_of("referrals", asked) == rows_of("reached-accepted", asked) + 1 == 6

    client.force_login(world.admin)
    page = client.get("/acme/manage/?period=all").content.decode()
    assert "1 imported without an answer is not counted" in page
    rows = client.get("/acme/manage/figures/unanswered-history/?period=all").content.decode()
    assert "Old" in rows


def test_the_dashboard_reads_little_and_always_as_much(world: World) -> None:
    # The page asks the clock for its year; one without a referral costs a read more, to say how to start.
    at = timezone.now()
    client = Client()
    client.force_login(world.admin)
    costs = []
    for times in (1, 3):
        with tenant_scope(world.acme.id):
            for turn in range(times):
                a_referral(
                    at - turn * DAY, company=f"{times} {turn}", partner=a_partner(f"P{turn}")
                )
        client.get("/acme/manage/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/acme/manage/")
        # What tests add: the savepoint of the scope, its release, and the setting put back.
        costs.append(len(seen) - 3)

    assert costs[0] == costs[1] <= 15


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
