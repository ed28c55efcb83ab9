"""The books of one tenant with every step that may happen to them."""

from datetime import timedelta
from decimal import Decimal

from commissions.accruals.services import (
    accrue_for_events,
    accrue_for_referrals,
    claw_back_refund,
)
from commissions.adjustments.services import set_cap
from commissions.contests.models import Contest
from commissions.contests.services import settle_contest
from commissions.payouts.models import Payout, PayoutRun, PayoutState, RunState
from commissions.payouts.services import export_run, return_payout, settle_payout
from commissions.vat.billing import issue_bills
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.revenue.models import RevenueEvent
from tests.builders.vat import a_vat_vendor
from tests.commissions.machine.deciding import Deciding
from tests.commissions.machine.paying import Paying
from tests.commissions.machine.selling import Selling
from tests.commissions.machine.story import Setting

RATE = Decimal("0.175")


class Books(Selling, Paying, Deciding):
    """Does to a new tenant's books what people, banks and clocks do, a minute apart, and tells the story of it."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        long_ago = self.now - timedelta(days=30)
        with tenant_scope(self.tenant.id):
            set_cap(program_id=self.program.id, percent=setting.cap, actor=SYSTEM, at=self.now)
            self.publish(RATE, long_ago, long_ago)
            if setting.taxed:
                a_vat_vendor(at=self.now)
        self.join()
        self.join()

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
                issue_bills(run_id=run.id, at=self.now)
            for payout in Payout.objects.filter(state=PayoutState.SETTLED):
                settle_payout(payout_id=payout.id, actor=self.first, at=self.now)
            for payout in Payout.objects.filter(state=PayoutState.RETURNED):
                return_payout(payout_id=payout.id, reason="Again", actor=self.first, at=self.now)
            for contest in Contest.objects.exclude(settled_at=None):
                settle_contest(contest_id=contest.id, actor=SYSTEM, at=self.now)

        self.act(work)
