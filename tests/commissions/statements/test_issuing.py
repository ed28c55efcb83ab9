"""A statement carries every movement of its period once, opens where the last one closed and agrees with the ledger."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from commissions.ledger.models import AccountKind
from commissions.ledger.selectors import balances_of
from commissions.ledger.services import account_of, post_transfer
from commissions.payouts.models import Payout
from commissions.payouts.services import return_payout, settle_all
from commissions.statements.gathering import due_for_statement
from commissions.statements.models import Statement, StatementLine
from commissions.statements.services import (
    BooksDisagree,
    NothingToState,
    PeriodAlreadyStated,
    issue_statement,
)
from prm.events.models import Event
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.models import Counter
from tests.builders.partners import a_partner
from tests.builders.payouts import a_payee, exported_run, payable
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("acme")
TODAY = date(2026, 11, 18)


def _issue(
    partner_id: UUID, until_on: date = TODAY, currency: str = "EUR", **fields: Any
) -> Statement:
    at = datetime.fromisoformat(f"{until_on}T18:00:00+00:00")
    return issue_statement(
        partner_id=partner_id, currency=currency, until_on=until_on, actor=SYSTEM, at=at, **fields
    )


def test_a_statement_sums_what_was_earned_taken_back_and_paid(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    payable(partner.id, -300, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=Payout.objects.get().run_id, actor=Actor(world.finance.id), at=at)
    payable(partner.id, 25, at=at)

    statement = _issue(partner.id)

    assert (statement.number, statement.position) == ("ST-2026-11-0001", 1)
    sums = (
        "opening_minor",
        "earned_minor",
        "adjusted_minor",
        "paid_minor",
        "closing_minor",
        "payable_minor",
    )
    assert [getattr(statement, name) for name in sums] == [0, 10_025, -300, 9_700, 25, 25]
    lines = list(
        StatementLine.objects.order_by("position").values_list(
            "position", "section", "amount_minor"
        )
    )
    assert lines == [
        (1, "earned", 10_000),
        (2, "earned", 25),
        (3, "adjusted", -300),
        (4, "paid", -9_700),
    ]
    paid = StatementLine.objects.get(section="paid").detail
    assert (paid["payout"], paid["account"], paid["method"]) == (
        "PR-2026-11-0001",
        "IE\u00a0••\u00a05678",
        "sepa",
    )
    assert Event.objects.get(name="statement.issued").payload["closing_minor"] == 25


def test_the_next_one_opens_where_the_last_closed_and_takes_late_facts(at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at - timedelta(days=30))
    first = _issue(partner.id, date(2026, 10, 31))
    payable(partner.id, 500, at=at)
    payable(partner.id, 7, at=at - timedelta(days=25))

    second = _issue(partner.id)

    assert (first.period_start, first.period_end) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (second.period_start, second.period_end) == (date(2026, 11, 1), TODAY)
    assert (second.opening_minor, second.earned_minor, second.closing_minor) == (
        10_000,
        507,
        10_507,
    )
    assert second.closing_minor == balances_of(partner.id, "EUR").owed
    assert StatementLine.objects.count() == 3


def test_a_repeat_returns_the_first_and_takes_no_number(at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)

    first, again = _issue(partner.id), _issue(partner.id)

    assert again == first
    assert Counter.objects.get(series="statement:2026-11").last == 1
    assert Event.objects.filter(name="statement.issued").count() == 1
    with pytest.raises(NothingToState):
        _issue(partner.id, TODAY + timedelta(days=1))
    with pytest.raises(PeriodAlreadyStated):
        _issue(partner.id, TODAY - timedelta(days=1))


def test_what_was_booked_after_the_day_waits_for_the_next(at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    # 00:30 on the 19th in Amsterdam, still the 18th in UTC.
    payable(partner.id, 1, at=datetime.fromisoformat("2026-11-18T23:30:00+00:00"))

    assert _issue(partner.id).closing_minor == 10_000
    assert _issue(partner.id, TODAY + timedelta(days=1)).opening_minor == 10_000


def test_currencies_have_statements_of_their_own(at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    payable(partner.id, 900, "USD", at=at)

    assert due_for_statement(until_on=TODAY) == [(partner.id, "EUR"), (partner.id, "USD")]
    assert [_issue(partner.id).number, _issue(partner.id, currency="USD").number] == [
        "ST-2026-11-0001",
        "ST-2026-11-0002",
    ]
    assert due_for_statement(until_on=TODAY) == []


def test_a_returned_payment_shows_as_paid_and_given_back(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)
    settle_all(run_id=Payout.objects.get().run_id, actor=Actor(world.finance.id), at=at)
    return_payout(
        payout_id=Payout.objects.get().id, reason="Closed", actor=Actor(world.finance.id), at=at
    )

    statement = _issue(partner.id)

    assert (statement.paid_minor, statement.closing_minor) == (0, 10_000)
    assert list(
        StatementLine.objects.filter(section="paid")
        .order_by("position")
        .values_list("amount_minor", flat=True)
    ) == [-10_000, 10_000]


def test_money_on_hold_and_on_its_way_is_owed_but_not_a_line(world: World, at: datetime) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    post_transfer(
        kind="accrual",
        key="held",
        journal="held",
        debit=account_of(AccountKind.COMMISSION_EXPENSE, "EUR"),
        credit=account_of(AccountKind.PENDING, "EUR", partner.id),
        amount=Money(3_600, "EUR"),
        at=at,
        partner_id=partner.id,
    )
    exported_run(at=at, user_id=world.finance.id, approver_id=world.second_finance.id)

    statement = _issue(partner.id)

    assert (statement.line_count, statement.closing_minor) == (2, 13_600)
    assert (
        statement.on_hold_minor,
        statement.payable_minor,
        statement.parties["in_payout_minor"],
    ) == (3_600, 0, 10_000)


def test_books_that_disagree_stop_the_statement(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = a_payee("Brightwater", 10_000, at=at)
    from commissions.statements import services
    from commissions.statements.gathering import BooksAt

    monkeypatch.setattr(services, "books_at", lambda **_: BooksAt(0, 9_999, 0))

    with pytest.raises(BooksDisagree):
        _issue(partner.id)
    assert not Statement.objects.exists()
    assert not Counter.objects.filter(series__startswith="statement").exists()


def test_a_partner_without_movements_gets_none() -> None:
    with pytest.raises(NothingToState):
        _issue(a_partner(name="Quiet").id)
