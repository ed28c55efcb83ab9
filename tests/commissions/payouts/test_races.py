"""Two people at once: one run, one approval, one fate of each payment; with real commits on two connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from commissions.accruals.services import claw_back_refund, release_due
from commissions.closing.services import NotClosable, close_month
from commissions.ledger.models import ClosedPeriod, Transfer
from commissions.ledger.selectors import balances_of
from commissions.overrides.models import PlanOverride
from commissions.overrides.services import AlreadyDecided, approve_override
from commissions.payouts.models import Payout, PayoutRun, PayoutState
from commissions.payouts.selectors import ledger_check
from commissions.payouts.services import (
    PayoutNotInState,
    RunAlreadyWaiting,
    RunNotInState,
    approve_run,
    return_payout,
    settle_all,
    settle_payout,
)
from commissions.statements.models import Statement, StatementLine
from commissions.statements.services import issue_statement
from commissions.verification import faults
from prm.events.models import Event
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_plan, an_accrual, an_override
from tests.builders.payouts import (
    IBAN_GERMANY,
    a_payee,
    bank_details,
    exported_run,
    payable,
    submitted_run,
)
from tests.builders.referrals import a_partner, a_program
from tests.conftest import World, make_world

AT = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture
def real_world(real_database: str) -> World:
    return make_world()


def _both(world: World, *works: Callable[[], Any]) -> list[Any]:
    """Run each in a thread and scope of its own, started together; return results or the exceptions."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with tenant_scope(world.acme.id):
                barrier.wait(timeout=10)
                return work()
        except Exception as error:  # noqa: BLE001  the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def _kinds(results: list[Any]) -> set[type]:
    return {type(result) for result in results}


@pytest.mark.parametrize("attempt", range(3))
def test_two_submissions_at_once_make_one_run(real_world: World, attempt: int) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=AT)

    results = _both(
        world,
        lambda: submitted_run(at=AT, user_id=world.finance.id),
        lambda: submitted_run(at=AT, user_id=world.second_finance.id),
    )

    assert _kinds(results) == {PayoutRun, RunAlreadyWaiting}
    refused = next(result for result in results if isinstance(result, RunAlreadyWaiting))
    run = next(result for result in results if isinstance(result, PayoutRun))
    assert refused.run == run
    with tenant_scope(world.acme.id):
        assert Payout.objects.count() == 1
        assert balances_of(partner.id, "EUR").payable == 10_000


def test_two_approvals_at_once_book_once(real_world: World) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 10_000, at=AT)
        run = submitted_run(at=AT, user_id=world.finance.id)

    results = _both(
        world,
        *(
            lambda user=user: approve_run(
                run_id=run.id, digest=run.digest, actor=Actor(user.id), at=AT
            )
            for user in (world.second_finance, world.admin)
        ),
    )

    assert _kinds(results) == {PayoutRun, RunNotInState}
    with tenant_scope(world.acme.id):
        assert Transfer.objects.filter(kind="payout").count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_settle_and_return_at_once_leave_one_truth(real_world: World, attempt: int) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=AT)
        exported_run(at=AT, user_id=world.finance.id, approver_id=world.second_finance.id)
        payout = Payout.objects.get()

    results = _both(
        world,
        lambda: settle_payout(payout_id=payout.id, actor=Actor(world.finance.id), at=AT),
        lambda: return_payout(
            payout_id=payout.id, reason="Closed", actor=Actor(world.admin.id), at=AT
        ),
    )

    assert _kinds(results) <= {Payout, PayoutNotInState}
    with tenant_scope(world.acme.id):
        # Whoever came first, the bank's return is the last word and the money is owed again.
        assert Payout.objects.get().state == PayoutState.RETURNED
        balance = balances_of(partner.id, "EUR")
        assert (balance.payable, balance.in_payout) == (10_000, 0)


OCTOBER = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)


def _close_october() -> ClosedPeriod:
    return close_month(period=202610, actor=SYSTEM, at=AT)


def _counted(month: ClosedPeriod) -> bool:
    return month.transfer_count == Transfer.objects.filter(period=202610).count()


@pytest.mark.parametrize("attempt", range(3))
def test_what_is_settled_while_its_month_is_closed_is_counted_or_goes_into_the_next(
    real_world: World, attempt: int
) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=OCTOBER)
        run = exported_run(
            at=OCTOBER, user_id=world.finance.id, approver_id=world.second_finance.id
        )
    relay_tenant(world.acme.id)

    results = _both(
        world,
        lambda: settle_all(run_id=run.id, actor=Actor(world.finance.id), at=OCTOBER),
        _close_october,
    )

    # What was settled first is told first, and closing waits for that.
    assert _kinds(results) <= {int, ClosedPeriod, NotClosable}
    assert 1 in results
    relay_tenant(world.acme.id)
    with tenant_scope(world.acme.id):
        assert _counted(_close_october())
        assert Transfer.objects.get(kind="settlement").period in {202610, 202611}
        balance = balances_of(partner.id, "EUR")
        assert (balance.payable, balance.in_payout) == (0, 0)


def test_a_run_that_is_submitted_while_its_month_is_closed_pays_once_in_an_open_one(
    real_world: World,
) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        a_payee("Brightwater", 10_000, at=OCTOBER)
    relay_tenant(world.acme.id)

    results = _both(
        world, lambda: submitted_run(at=OCTOBER, user_id=world.finance.id), _close_october
    )

    assert _kinds(results) in ({PayoutRun, ClosedPeriod}, {PayoutRun, NotClosable})
    with tenant_scope(world.acme.id):
        run = PayoutRun.objects.get()
        actor = Actor(world.second_finance.id)
        approve_run(run_id=run.id, digest=run.digest, actor=actor, at=AT)
        booked = Transfer.objects.get(kind="payout")
        assert (booked.period, booked.amount_minor) == (202611, 10_000)
        assert all(_counted(month) for month in ClosedPeriod.objects.all())


def test_two_people_who_approve_one_exception_at_once_do_it_once(real_world: World) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        program = a_program()
        a_plan(program)
        partner = a_partner(program=program)
        asked = an_override(partner, program, asked_by=world.manager, at=AT)

    results = _both(
        world,
        *(
            lambda user=user: approve_override(
                override_id=asked.id, note="", actor=Actor(user.id), at=AT
            )
            for user in (world.admin, world.second_finance)
        ),
    )

    assert _kinds(results) == {PlanOverride, AlreadyDecided}
    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="plan.override_approved").count() == 1
        assert PlanOverride.objects.get().state == "approved"


def test_commissions_posted_while_a_run_is_frozen_are_in_it_or_in_the_next(
    real_world: World,
) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=AT)
        a_payee("Other", 500, at=AT, number=IBAN_GERMANY)

    results = _both(
        world,
        lambda: submitted_run(at=AT, user_id=world.finance.id),
        *(lambda: payable(partner.id, 70, at=AT) for _ in range(4)),
    )

    assert all(not isinstance(result, Exception) for result in results)
    with tenant_scope(world.acme.id):
        payout = Payout.objects.get(partner=partner)
        run = PayoutRun.objects.get()
        approve_run(run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=AT)
        assert payout.amount_minor + balances_of(partner.id, "EUR").payable == 10_280
        assert payout.amount_minor % 70 == 10_000 % 70


@pytest.mark.parametrize("attempt", range(5))
def test_a_refund_that_races_the_freeze_is_in_the_run_or_carried_below_zero(
    real_world: World, attempt: int
) -> None:
    world, later = real_world, AT + timedelta(days=31)
    with tenant_scope(world.acme.id):
        accrual = an_accrual(AT, deal_minor=100_000)
        bank_details(accrual.partner_id, at=AT)
        release_due(until=later, at=later)

    def give_back() -> RevenueEvent:
        refund = record_refund(
            external_id="R-1",
            kind="refund",
            refunds_id=accrual.revenue_event_id,  # type: ignore[arg-type]
            amount=Money(25_000, accrual.currency),
            booked_at=later,
            source="form",
            actor=SYSTEM,
            at=later,
        )
        claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=later)
        return refund

    results = _both(world, lambda: submitted_run(at=later, user_id=world.finance.id), give_back)

    assert _kinds(results) == {PayoutRun, RevenueEvent}
    with tenant_scope(world.acme.id):
        payout, run = Payout.objects.get(), PayoutRun.objects.get()
        # 20 % of 1,000.00 before the refund, of 750.00 after it; never anything between.
        assert payout.amount_minor in {20_000, 15_000}
        assert [check.difference.minor for check in ledger_check(run.id)] == [0]
        approve_run(
            run_id=run.id, digest=run.digest, actor=Actor(world.second_finance.id), at=later
        )
        balance = balances_of(accrual.partner_id, "EUR")
        assert (balance.in_payout, balance.payable) == (
            payout.amount_minor,
            15_000 - payout.amount_minor,
        )
        assert list(faults()) == []


def test_two_people_issuing_statements_make_one(real_world: World) -> None:
    world = real_world
    with tenant_scope(world.acme.id):
        partner = a_payee("Brightwater", 10_000, at=AT)

    def issue() -> Statement:
        return issue_statement(
            partner_id=partner.id, currency="EUR", until_on=AT.date(), actor=SYSTEM, at=AT
        )

    first, second = _both(world, issue, issue)

    assert first == second
    with tenant_scope(world.acme.id):
        assert list(Statement.objects.values_list("number", flat=True)) == ["ST-2026-11-0001"]
        assert StatementLine.objects.count() == 1
