"""Steps of what people decide: finance, who runs contests, partners that disagree, and the end of a month."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from commissions.accruals.services import release_due
from commissions.adjustments.selectors import debts, payable_in
from commissions.adjustments.services import (
    NewRate,
    add_rates,
    approve_write_off,
    ask_write_off,
    convert_payable,
)
from commissions.closing.selectors import months
from commissions.closing.services import close_month, prove_reports
from commissions.contests.models import Contest, ContestPlace
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import settle_contest
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
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from tests.builders.contests import a_contest
from tests.commissions.machine.stage import Stage, pick
from tests.commissions.machine.story import PRIZE_MINOR, ZONE

DOLLARS, EUROS = Decimal("1.0873"), Decimal("0.9114")


class Deciding(Stage):
    """What people at the vendor's and at its partners' decide about money that is there."""

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

    def convert(self, which: int, percent: int, *, back: bool = False) -> None:
        """Move a part of what is payable in euros to dollars, or back, at the rate of the day."""
        name = pick(self.story.live, which)
        out, into, rate = ("USD", "EUR", EUROS) if back else ("EUR", "USD", DOLLARS)

        def work() -> None:
            payable = payable_in(self.partners[name].id, out).minor
            minor = payable * percent // 100
            if minor <= 0 or not (became := round(minor * rate)):
                return
            today = self.now.astimezone(ZONE).date()
            add_rates(rates=[NewRate(out, into, today, rate, "ECB")], actor=self.first, at=self.now)
            convert_payable(
                partner_id=self.partners[name].id,
                amount=Money(minor, out),
                to_currency=into,
                reason="Asked for",
                key=str(uuid4()),
                actor=self.first,
                at=self.now,
            )
            self.story.moved[name, out] -= minor
            self.story.moved[name, into] += became
            self.story.taxes.converted(name, (out, minor), (into, became), rate)

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
            of = {partner.id: name for name, partner in self.partners.items()}[line.partner_id]
            # Of a duplicate's statements the people of the partner that stays disagree.
            partner_id = self.partners[self.story.stands_for(of)].id
            with suppress(NotDisputable):
                self.act(
                    lambda: open_dispute(
                        line=line,
                        partner_id=partner_id,
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
