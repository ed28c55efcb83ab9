"""Does to a new tenant's books what people, banks and clocks do, a minute apart, and tells the story of it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from commissions.accruals.reps import set_policy
from commissions.accruals.services import (
    accrue_for_events,
    accrue_for_referrals,
    claw_back_refund,
    release_due,
)
from commissions.adjustments.selectors import debts
from commissions.adjustments.services import (
    NewRate,
    add_rates,
    approve_write_off,
    ask_write_off,
    convert_payable,
    set_cap,
)
from commissions.closing.selectors import months
from commissions.closing.services import close_month, prove_reports
from commissions.contests.models import Contest, ContestPlace
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import settle_contest
from commissions.holds.selectors import accruals_on_hold
from commissions.holds.services import approve_early_release, ask_early_releases
from commissions.ledger.selectors import balances_of
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
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
from commissions.plans.services import PlanTerms, create_version, publish_version
from commissions.statements.disputing import (
    NotDisputable,
    accept_dispute,
    open_dispute,
    refuse_dispute,
    withdraw_dispute,
)
from commissions.statements.models import Dispute, DisputeState, StatementLine
from commissions.statements.rules import DISPUTABLE
from commissions.statements.services import NothingToState, PeriodAlreadyStated, issue_statement
from partners.directory.merging import MergeRefused, merge_partners
from prm.accounts.capabilities import Role
from prm.events.relay import relay_tenant
from prm.events.services import SYSTEM, Actor
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_payment, record_refund, win_referral
from tests.builders.contests import a_contest
from tests.builders.payouts import bank_details
from tests.builders.people import a_member, a_tenant
from tests.builders.referrals import a_partner, a_program, a_referral, stage_of
from tests.commissions.machine.story import (
    PRIZE_MINOR,
    ZONE,
    Deal,
    Paid,
    Refunded,
    Story,
    plan_of,
)
from tests.conftest import NOON

RATE, DOLLARS = Decimal("0.175"), Decimal("1.0873")
_tenants = count(1)


class Books:
    """A new tenant with partners and people, the moment it is at, and the story so far.

    Steps take whole numbers where they choose: the n-th of what there is, counted round. Where there is nothing to
    choose from, a step does nothing.
    """

    def __init__(self, *, flavour: str, hold_days: int = 1, cap: int = 100) -> None:
        self.tenant = a_tenant(f"machine-{next(_tenants)}")
        self.first = Actor(a_member(self.tenant, Role.FINANCE, self._mail("first")).id)
        self.second = Actor(a_member(self.tenant, Role.FINANCE, self._mail("second")).id)
        self.story, self.now, self.hold_days = Story(flavour=flavour), NOON, hold_days
        self.partners: dict[str, Any] = {}
        self.reps: dict[str, Any] = {}
        self.closed: list[int] = []
        # What was seen of rows that never change, for the invariants.
        self.seen: dict[str, tuple[int, str]] = {}
        self.known: dict[str, list[str]] = {}
        self.sealed: dict[int, str] = {}
        with tenant_scope(self.tenant.id):
            self.program = a_program()
            set_cap(program_id=self.program.id, percent=cap, actor=SYSTEM, at=self.now)
            self.publish(RATE, self.now - timedelta(days=30), self.now - timedelta(days=30))
        self.join()
        self.join()

    def _mail(self, who: str) -> str:
        return f"{who}@{self.tenant.slug}.example"

    def act(self, work: Callable[[], Any]) -> Any:
        """Do something a minute later, and let the handlers run."""
        self.now += timedelta(minutes=1)
        with tenant_scope(self.tenant.id):
            result = work()
        relay_tenant(self.tenant.id)
        return result

    # ------------------------------------------------------------ partners and terms

    def join(self) -> None:
        """Let one more partner join, with a person and an account."""
        name = f"Partner {len(self.partners) + 1}"
        with tenant_scope(self.tenant.id):
            partner = self.partners[name] = a_partner(name, program=self.program)
            bank_details(partner.id, at=self.now)
        self.reps[name] = a_member(
            self.tenant,
            Role.PARTNER_REP,
            self._mail(f"rep{len(self.partners)}"),
            partner_id=partner.id,
            partner_name=name,
        )
        self.story.live.append(name)

    def publish(self, rate: Decimal, starts_at: datetime, at: datetime) -> None:
        """Publish terms for what is registered from a moment on."""
        rules, policy = plan_of(self.story.flavour, rate)
        draft = create_version(
            program_id=self.program.id,
            terms=PlanTerms(rules, self.hold_days, policy=policy),
            starts_at=starts_at,
            actor=SYSTEM,
            at=at,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)
        self.story.plans.append((starts_at, rate))

    def change_plan(self, permille: int) -> None:
        """Give later referrals another rate; those of before keep theirs."""
        starts_at = self.now + timedelta(hours=1)
        self.act(lambda: self.publish(Decimal(permille) / 1000, starts_at, self.now))
        self.now = starts_at

    def allow_rewards(self, which: int, word: str) -> None:
        """Let a partner say what its people may receive from now on."""
        self.now += timedelta(minutes=1)
        self.allow(pick(self.story.live, which), word, self.now)

    def allow(self, name: str, word: str, at: datetime) -> None:
        """Say it as of a moment."""
        partner_id = self.partners[name].id
        self.act(lambda: set_policy(partner_id=partner_id, allows=word, actor=SYSTEM, at=at))
        self.story.policies.append((at, name, word))

    def merge(self) -> None:
        """Find that the first two partners are one; somebody else joins."""
        self.merge_into(self.story.live[1], self.story.live[0])
        if len(self.story.live) == 1:
            self.join()

    def merge_into(self, gone: str, stays: str) -> None:
        """Merge two partners, unless one is being paid."""
        try:
            self.act(
                lambda: merge_partners(
                    from_id=self.partners[gone].id,
                    into_id=self.partners[stays].id,
                    reason="One company",
                    actor=self.first,
                    at=self.now,
                )
            )
        except MergeRefused:
            return
        self.story.merged(gone, stays, self.now)

    # ------------------------------------------------------------ deals and what is paid for them

    def win(self, which: int, minor: int, *, by_rep: bool = False) -> None:
        """Win a deal of a partner."""
        name = pick(self.story.live, which)
        self.now += timedelta(minutes=1)
        company = f"Company {len(self.story.deals) + 1}"
        self.book_win(Deal(name, self.now, minor, by_rep, company))

    def book_win(self, deal: Deal) -> None:
        """Book a win as of its own moment."""

        def work() -> None:
            referral = a_referral(
                deal.at,
                partner=self.partners[deal.partner],
                by=self.reps[deal.partner] if deal.by_rep else None,
                program=self.program,
                stage="accepted",
                company=deal.company,
            )
            deal.customer = win_referral(
                referral_id=referral.id,
                to_stage_id=stage_of(self.program.id, "won").id,
                deal=Money(deal.minor, "EUR"),
                actor=SYSTEM,
                at=deal.at,
            )

        self.act(work)
        with tenant_scope(self.tenant.id):
            sale = RevenueEvent.objects.get(customer_id=deal.customer.id, source="won")
        self.story.deals.append(deal)
        self.story.payments.append(Paid(deal, deal.minor, deal.at, sale, is_sale=True))

    def pay(self, which: int, minor: int, days_late: int = 0) -> None:
        """Hear of a customer's payment that the vendor may have had for days; none is older than its deal."""
        if not self.story.deals:
            return
        deal = pick(self.story.deals, which)
        moment = self.now - timedelta(days=days_late)
        # A second of its own, so that what happened has one order.
        moment = max(deal.at, moment) + timedelta(seconds=1 + len(self.story.payments))
        self.book_payment(Paid(deal, minor, moment))

    def book_payment(self, paid: Paid) -> None:
        """Book a payment as of its own moment."""
        self.act(lambda: self._record(paid))

    def _record(self, paid: Paid) -> None:
        paid.row = record_payment(
            external_id=f"INV-{uuid4()}",
            kind="renewal",
            customer_id=paid.deal.customer.id,
            amount=Money(paid.minor, "EUR"),
            booked_at=paid.at,
            source="form",
            actor=SYSTEM,
            at=self.now,
        )
        self.story.payments.append(paid)

    def refund(self, which: int, percent: int, kind: str = "refund") -> None:
        """Give back a part of what is left of a payment, or all of it with 100, also after it was paid out."""
        left = [row for row in self.story.payments if row.minor > row.back]
        if left:
            paid = pick(left, which)
            part = max(1, (paid.minor - paid.back) * percent // 100)
            self.now += timedelta(minutes=1)
            name = f"{kind}-{len(self.story.refunds)}"
            self.book_refund(Refunded(paid, part, self.now, kind, name))

    def book_refund(self, refund: Refunded) -> None:
        """Book a refund as of its own moment."""
        self.act(
            lambda: record_refund(
                external_id=refund.name,
                kind=refund.kind,
                refunds_id=refund.payment.row.id,
                amount=Money(refund.minor, "EUR"),
                booked_at=refund.at,
                source="form",
                actor=SYSTEM,
                at=self.now,
            )
        )
        refund.payment.back += refund.minor
        self.story.refunds.append(refund)

    # ------------------------------------------------------------ holds, runs, banks

    def wait(self, days: int) -> None:
        """Let days pass; holds end."""
        self.now += timedelta(days=days)
        self.act(lambda: release_due(until=self.now, at=self.now))

    def release_early(self, which: int) -> None:
        """Let two people end a hold before its day."""

        def work() -> None:
            if found := list(
                accruals_on_hold(self.now).order_by("id").values_list("id", flat=True)
            ):
                asked = ask_early_releases(
                    accrual_ids=[pick(found, which)], reason="Good", actor=self.first, at=self.now
                )
                for request in asked:
                    approve_early_release(request_id=request.id, actor=self.second, at=self.now)

        self.act(work)

    def run_payouts(self, *, approve: bool = True) -> None:
        """Prepare a run; another person approves it and sends it to the bank, or sends it back."""

        def work() -> None:
            try:
                run = submit_run(
                    draft=RunDraft(pay_on=self.now.date()), actor=self.first, at=self.now
                )
            except NothingToPay:
                return
            if approve:
                approve_run(run_id=run.id, digest=run.digest, actor=self.second, at=self.now)
                export_run(run_id=run.id, actor=self.second, at=self.now)
            else:
                cancel_run(run_id=run.id, reason="No", actor=self.second, at=self.now)

        self.act(work)

    def hear_from_the_bank(self, which: int, *, comes_back: bool = False) -> None:
        """Hear that a payment arrived, or came back, at once or after it arrived."""
        states = {PayoutState.EXPORTED} | ({PayoutState.SETTLED} if comes_back else set())
        with tenant_scope(self.tenant.id):
            open_ones = Payout.objects.select_related("partner").filter(state__in=states)
            found = list(open_ones.order_by("id"))
        if not found:
            return
        payout = pick(found, which)
        book = (payout.partner.name, payout.currency)
        if comes_back:
            self.act(
                lambda: return_payout(
                    payout_id=payout.id, reason="Closed", actor=self.first, at=self.now
                )
            )
            if payout.state == PayoutState.SETTLED:
                self.story.moved[book] += payout.amount_minor
        else:
            self.act(lambda: settle_payout(payout_id=payout.id, actor=self.first, at=self.now))
            self.story.moved[book] -= payout.amount_minor

    # ------------------------------------------------------------ decisions of finance

    def forgive(self, percent: int) -> None:
        """Write off what a partner owes, or a part of it, by two people."""

        def work() -> None:
            for debt in debts():
                minor = max(1, debt.debt_minor * percent // 100)
                wish = ask_write_off(
                    partner_id=debt.partner_id,
                    amount=Money(minor, debt.currency),
                    reason="Gone",
                    actor=self.first,
                    at=self.now,
                )
                approve_write_off(write_off_id=wish.id, actor=self.second, at=self.now)
                self.story.moved[debt.name, debt.currency] += minor

        self.act(work)

    def convert(self, which: int, percent: int) -> None:
        """Move a part of what is payable in euros to dollars, at the rate of the day."""
        name = pick(self.story.live, which)

        def work() -> None:
            payable = balances_of(self.partners[name].id, "EUR").payable
            minor = payable * percent // 100
            if minor <= 0:
                return
            today = self.now.astimezone(ZONE).date()
            rate = NewRate("EUR", "USD", today, DOLLARS, "ECB")
            add_rates(rates=[rate], actor=self.first, at=self.now)
            convert_payable(
                partner_id=self.partners[name].id,
                amount=Money(minor, "EUR"),
                to_currency="USD",
                reason="Asked for",
                key=str(uuid4()),
                actor=self.first,
                at=self.now,
            )
            self.story.moved[name, "EUR"] -= minor
            self.story.moved[name, "USD"] += round(minor * DOLLARS)

        self.act(work)

    def announce_contest(self) -> None:
        """Publish a contest of a few days for wins; one at a time."""

        def work() -> None:
            if not Contest.objects.filter(settled_at=None).exists():
                starts_at = self.now + timedelta(minutes=1)
                a_contest(
                    self.program,
                    title=f"Sprint of {self.now:%d %B %H:%M}",
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(days=3),
                    check_days=1,
                    prizes=(PrizeTerms(1, amount_minor=PRIZE_MINOR),),
                )

        self.act(work)

    def settle_contest(self) -> None:
        """Let the contest end, and give its prize."""
        with tenant_scope(self.tenant.id):
            contest = Contest.objects.filter(settled_at=None).first()
        if contest is None:
            return
        self.now = max(self.now, contest.ends_at + timedelta(days=contest.check_days))
        self.act(lambda: settle_contest(contest_id=contest.id, actor=SYSTEM, at=self.now))
        with tenant_scope(self.tenant.id):
            won = ContestPlace.objects.filter(contest_id=contest.id, transfer__isnull=False)
            for name in won.values_list("partner__name", flat=True):
                self.story.moved[name, "EUR"] += PRIZE_MINOR

    # ------------------------------------------------------------ papers

    def issue(self, which: int) -> None:
        """Issue a partner's statements up to yesterday."""
        name = pick(self.story.live, which)

        def work() -> None:
            for currency in ("EUR", "USD"):
                # Nothing new since the last one, or an earlier day, is refused.
                with suppress(NothingToState, PeriodAlreadyStated):
                    issue_statement(
                        partner_id=self.partners[name].id,
                        currency=currency,
                        until_on=(self.now - timedelta(days=1)).date(),
                        actor=SYSTEM,
                        at=self.now,
                    )

        self.act(work)

    def dispute(self, which: int) -> None:
        """Let a partner disagree with a line of a statement."""
        with tenant_scope(self.tenant.id):
            lines = StatementLine.objects.select_related("statement").filter(section__in=DISPUTABLE)
            found = list(lines.order_by("id"))
        if found:
            line = pick(found, which)
            with suppress(NotDisputable):
                self.act(
                    lambda: open_dispute(
                        line=line,
                        partner_id=line.partner_id,
                        reason="It was more",
                        wanted_minor=None,
                        evidence=None,
                        actor=SYSTEM,
                        at=self.now,
                    )
                )

    def answer(self, which: int, how: str) -> None:
        """Accept with a correction, refuse, or let the partner withdraw its dispute."""
        with tenant_scope(self.tenant.id):
            open_ones = Dispute.objects.select_related("partner").filter(state=DisputeState.OPEN)
            found = list(open_ones.order_by("id"))
        if not found:
            return
        dispute = pick(found, which)

        def work() -> None:
            if how == "accept":
                accept_dispute(
                    dispute_id=dispute.id,
                    correction_minor=1_234,
                    answer="Right",
                    actor=self.first,
                    at=self.now,
                )
                self.story.moved[dispute.partner.name, dispute.currency] += 1_234
            elif how == "refuse":
                refuse_dispute(dispute_id=dispute.id, answer="No", actor=self.first, at=self.now)
            else:
                withdraw_dispute(dispute_id=dispute.id, actor=SYSTEM, at=self.now)

        self.act(work)

    def close(self, *, late: bool = False) -> None:
        """Let the month end, and close every month that is over; who looked at the clock before that books after it."""
        begun = self.now
        self.now = (self.now.replace(day=28) + timedelta(days=5)).replace(day=2)

        def work() -> None:
            over = [month for month in months(now=self.now) if month.is_over and not month.closed]
            for month in reversed(over):
                close_month(period=month.period, actor=self.first, at=self.now)
                self.closed.append(month.period)
            if late:
                release_due(until=self.now, at=begun)
            self.prove()

        self.act(work)

    def prove(self) -> None:
        """Hold every closed month's reports against the first time they were written."""
        for period in self.closed:
            prove_reports(period=period, at=self.now)

    # ------------------------------------------------------------ what comes twice

    def repeat(self) -> None:
        """Do everything that may arrive again once more: events, refunds, words about runs, banks' answers."""

        def work() -> None:
            deals = [row.customer.referral_id for row in self.story.deals]
            payments = [row.row.id for row in self.story.payments]
            accrue_for_referrals(kind="won", referral_ids=deals, actor=SYSTEM, at=self.now)
            accrue_for_events(revenue_event_ids=payments, actor=SYSTEM, at=self.now)
            for id_ in RevenueEvent.objects.filter(refunds__isnull=False).values_list(
                "id", flat=True
            ):
                claw_back_refund(refund_id=id_, actor=SYSTEM, at=self.now)
            for run in PayoutRun.objects.exclude(state=RunState.CANCELLED):
                export_run(run_id=run.id, actor=self.second, at=self.now)
            for payout in Payout.objects.filter(state=PayoutState.SETTLED):
                settle_payout(payout_id=payout.id, actor=self.first, at=self.now)
            for payout in Payout.objects.filter(state=PayoutState.RETURNED):
                return_payout(payout_id=payout.id, reason="Again", actor=self.first, at=self.now)
            for contest in Contest.objects.exclude(settled_at=None):
                settle_contest(contest_id=contest.id, actor=SYSTEM, at=self.now)

        self.act(work)


def pick(found: Any, which: int) -> Any:
    """Return the n-th, counted round."""
    return found[which % len(found)]
