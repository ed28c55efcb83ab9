"""Whatever happens in whatever order, the books are right and owe exactly what the rules say."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from commissions.accruals.services import release_due
from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
from commissions.payouts.selectors import waiting_run
from commissions.payouts.services import (
    NothingToPay,
    RunDraft,
    approve_run,
    cancel_run,
    export_run,
    return_payout,
    settle_payout,
    submit_run,
)
from commissions.plans.rules import clawed_target
from commissions.plans.services import RuleTerms
from commissions.statements.services import issue_statement
from commissions.verification import faults
from prm.accounts.capabilities import Role
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.money import Money, share_minor
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_plan, a_won_deal
from tests.builders.payouts import bank_details
from tests.builders.people import a_member, a_tenant
from tests.builders.referrals import a_partner, a_program
from tests.conftest import NOON

RATE = Decimal("0.175")
_numbers = count(1)


class Books(RuleBasedStateMachine):
    """One partner of a new tenant; `earned` and `paid` are what the rules alone say."""

    @initialize(hold_days=st.integers(0, 3))
    def open_books(self, hold_days: int) -> None:
        number = next(_numbers)
        self.tenant = a_tenant(f"machine-{number}")
        self.first = Actor(a_member(self.tenant, Role.FINANCE, f"first@m{number}.example").id)
        self.second = Actor(a_member(self.tenant, Role.FINANCE, f"second@m{number}.example").id)
        self.now, self.paid = NOON, 0
        self.customers: list[Any] = []
        # payment -> [amount, refunded]
        self.payments: dict[Any, list[int]] = {}
        with tenant_scope(self.tenant.id):
            program = a_program()
            self.partner = a_partner(program=program)
            bank_details(self.partner.id, at=self.now)
            a_plan(program, RuleTerms("revenue", "percent", rate=RATE, scope="lifetime"), hold_days=hold_days)

    def act(self, work: Callable[[], Any]) -> Any:
        """Do something a minute later, and let the handlers run."""
        self.now += timedelta(minutes=1)
        with tenant_scope(self.tenant.id):
            result = work()
        relay_tenant(self.tenant.id)
        return result

    @rule(deal=st.integers(1, 10**7))
    def win(self, deal: int) -> None:
        company = f"Company {len(self.customers)}"
        customer = self.act(lambda: a_won_deal(self.now, deal_minor=deal, partner=self.partner, company=company))
        self.customers.append(customer)
        with tenant_scope(self.tenant.id):
            self.payments[RevenueEvent.objects.get(customer_id=customer.id, source="won").id] = [deal, 0]

    @precondition(lambda self: self.customers)
    @rule(data=st.data(), amount=st.integers(1, 10**6))
    def pay(self, data: st.DataObject, amount: int) -> None:
        customer = data.draw(st.sampled_from(self.customers))
        self.payments[self.act(lambda: a_payment(customer, amount, self.now)).id] = [amount, 0]

    @precondition(lambda self: any(amount > back for amount, back in self.payments.values()))
    @rule(data=st.data(), whole=st.booleans())
    def refund(self, data: st.DataObject, whole: bool) -> None:
        payment_id = data.draw(st.sampled_from([id_ for id_, (amount, back) in self.payments.items() if amount > back]))
        amount, back = self.payments[payment_id]
        part = amount - back if whole else data.draw(st.integers(1, amount - back))
        self.act(
            lambda: record_refund(
                external_id=f"refund-{next(_numbers)}",
                kind="refund",
                refunds_id=payment_id,
                amount=Money(part, "EUR"),
                booked_at=self.now,
                source="form",
                actor=SYSTEM,
                at=self.now,
            ),
        )
        self.payments[payment_id][1] += part

    @rule(days=st.integers(0, 4))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.act(lambda: release_due(until=self.now, at=self.now))

    @rule(approve=st.booleans())
    def run_payouts(self, approve: bool) -> None:
        def work() -> None:
            if waiting_run():
                return
            try:
                run = submit_run(draft=RunDraft(pay_on=self.now.date()), actor=self.first, at=self.now)
            except NothingToPay:
                return
            if approve:
                approve_run(run_id=run.id, digest=run.digest, actor=self.second, at=self.now)
                export_run(run_id=run.id, actor=self.second, at=self.now)
            else:
                cancel_run(run_id=run.id, reason="No", actor=self.second, at=self.now)

        self.act(work)

    @rule(data=st.data(), comes_back=st.booleans())
    def hear_from_the_bank(self, data: st.DataObject, comes_back: bool) -> None:
        with tenant_scope(self.tenant.id):
            states = [PayoutState.EXPORTED, PayoutState.SETTLED] if comes_back else [PayoutState.EXPORTED]
            ids = list(Payout.objects.filter(state__in=states).order_by("id").values_list("id", "state", "amount_minor"))
        if not ids:
            return
        id_, state, amount = data.draw(st.sampled_from(ids))
        if comes_back:
            self.act(lambda: return_payout(payout_id=id_, reason="Closed", actor=self.first, at=self.now))
            self.paid -= amount if state == PayoutState.SETTLED else 0
        else:
            self.act(lambda: settle_payout(payout_id=id_, actor=self.first, at=self.now))
            self.paid += amount

    @rule()
    def issue(self) -> None:
        def work() -> None:
            with_lines = (self.now - timedelta(days=1)).date()
            try:
                issue_statement(partner_id=self.partner.id, currency="EUR", until_on=with_lines, actor=SYSTEM, at=self.now)
            except ValueError:
                return  # nothing new to state

        self.act(work)

    @invariant()
    def owes_what_the_rules_say(self) -> None:
        if not hasattr(self, "tenant"):
            return
        earned = 0
        for amount, back in self.payments.values():
            reward = share_minor(amount, RATE)
            earned += reward - clawed_target(reward, refunded_minor=back, paid_minor=amount)
        with tenant_scope(self.tenant.id):
            assert balances_of(self.partner.id, "EUR").owed == earned - self.paid
            assert [str(fault) for fault in faults()] == []
            assert PayoutRun.objects.filter(state=RunState.PREPARED).count() <= 1


@pytest.mark.slow
@pytest.mark.django_db
def test_any_story_leaves_the_books_right() -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
