"""From won deals to a paid statement: each line says what it was for, and a refund names the statement it corrects."""

import io
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from pypdf import PdfReader

from commissions.accruals.models import Accrual
from commissions.accruals.services import accrue_for_events, claw_back_refund, release_due
from commissions.payouts.models import Payout, PayoutExclusion
from commissions.payouts.selectors import lines_of, preview_run
from commissions.payouts.services import NothingToPay, settle_all
from commissions.statements.lines import titles_of
from commissions.statements.models import Statement, StatementLine
from commissions.statements.papers import paper_of
from commissions.statements.pdf import statement_pdf
from commissions.statements.services import issue_statement
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal, an_accrual
from tests.builders.payouts import bank_details, exported_run, submitted_run
from tests.builders.referrals import a_program
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("acme")


def _issue(partner_id: UUID, at: datetime) -> Statement:
    return issue_statement(
        partner_id=partner_id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
    )


def _refund(accrual: Accrual, minor: int, at: datetime) -> None:
    refund = record_refund(
        external_id="refund-1",
        kind="refund",
        refunds_id=accrual.revenue_event_id,  # type: ignore[arg-type]
        amount=Money(minor, accrual.currency),
        booked_at=at,
        source="form",
        actor=SYSTEM,
        at=at,
    )
    claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at)


def test_lines_say_customer_calculation_and_sender(at: datetime) -> None:
    accrual = an_accrual(at, deal_minor=105_401, company="Greyfriars Hotels")

    statement = _issue(accrual.partner_id, at)
    paper = paper_of(statement)

    line = paper.sections[0].lines[0]
    assert (line.title, line.below, line.calculation, line.amount) == (
        "Greyfriars Hotels",
        "Commission",
        "20% of €1,054.01",
        "€210.80",
    )
    assert (statement.on_hold_minor, statement.payable_minor, statement.closing_minor) == (
        21_080,
        0,
        21_080,
    )
    assert paper.holds == ["€210.80 until 18\u00a0December 2026."]
    text = " ".join(PdfReader(io.BytesIO(statement_pdf(statement))).pages[0].extract_text().split())
    assert "Greyfriars Hotels" in text
    assert "20% of €1,054.01" in text


def test_a_later_refund_is_an_adjustment_that_names_the_first_statement(at: datetime) -> None:
    accrual = an_accrual(at, deal_minor=100_000, company="Larkhill Studios")
    first = _issue(accrual.partner_id, at)
    later = at + timedelta(days=20)
    _refund(accrual, 50_000, later)

    second = _issue(accrual.partner_id, later)

    line = paper_of(second).sections[0].lines[0]
    assert (line.title, line.below, line.calculation, line.amount) == (
        "Larkhill Studios",
        "Refund to the customer",
        first.number,
        "−€100.00",
    )
    assert (second.opening_minor, second.adjusted_minor, second.closing_minor) == (
        20_000,
        -10_000,
        10_000,
    )


def test_hold_release_payment_and_statement_agree(world: World, at: datetime) -> None:
    accrual = an_accrual(at, deal_minor=100_000)
    bank_details(accrual.partner_id, at=at)
    assert preview_run(at=at).candidates == []
    later = at + timedelta(days=31)
    release_due(until=later, at=later)

    run = exported_run(at=later, user_id=world.finance.id, approver_id=world.second_finance.id)
    payout = Payout.objects.get()
    claimed = titles_of(lines_of(payout.id), "EUR")
    settle_all(run_id=run.id, actor=Actor(world.finance.id), at=later)
    statement = _issue(accrual.partner_id, later)

    assert [(line.title, line.below.split(", R-")[0], line.amount) for line in claimed] == [
        ("Kestrel Logistics", "Commission, 20% of €1,000.00", "€200.00"),
    ]
    assert (
        statement.earned_minor,
        statement.paid_minor,
        statement.closing_minor,
        statement.line_count,
    ) == (20_000, 20_000, 0, 2)
    assert sorted(StatementLine.objects.values_list("section", "amount_minor")) == [
        ("earned", 20_000),
        ("paid", -20_000),
    ]
    assert statement.period_end == date(2026, 12, 19)


def test_the_plans_minimum_carries_small_balances_forward(at: datetime) -> None:
    program = a_program()
    a_plan(program, hold_days=0, minimum_payout_minor=5_000)
    small = a_won_deal(at, deal_minor=24_999, program=program)
    accrue_for_events(
        revenue_event_ids=[RevenueEvent.objects.get(customer=small).id], actor=SYSTEM, at=at
    )
    bank_details(small.referral.partner_id, at=at)
    later = at + timedelta(days=1)
    release_due(until=later, at=later)

    assert [
        (row.amount_minor, row.minimum_minor, row.reason)
        for row in preview_run(at=later).candidates
    ] == [(5_000, 5_000, "")]
    again = a_payment(small, 1, later)
    accrue_for_events(revenue_event_ids=[again.id], actor=SYSTEM, at=later)
    refunded = Accrual.objects.earliest("id")
    _refund(refunded, 5, later)

    assert [(row.amount_minor, row.reason) for row in preview_run(at=later).candidates] == [
        (4_999, "below_minimum")
    ]
    with pytest.raises(NothingToPay):
        submitted_run(at=later)
    assert not PayoutExclusion.objects.exists()
