"""Steps of partners, terms and deals: who joins, what is promised, won, paid, given back, and whose it is."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from commissions.accruals.reps import set_policy
from commissions.ledger.selectors import balances_of
from commissions.plans.services import PlanTerms, create_version, publish_version
from partners.directory.merging import MergeRefused, merge_partners
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from referrals.attribution.crediting import reattribute, set_credits
from referrals.revenue.models import RevenueEvent
from referrals.revenue.services import record_payment, record_refund, win_referral
from tests.builders.payouts import bank_details
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_referral, stage_of
from tests.builders.vat import a_vat_partner
from tests.commissions.machine.budgets import waiting_minor
from tests.commissions.machine.stage import Stage, pick
from tests.commissions.machine.story import BUDGETED, WHOLE, Deal, Paid, Refunded, plan_of

COUNTRIES = ("IT", "IE")


class Selling(Stage):
    """What happens between a vendor, its partners and their customers."""

    # ------------------------------------------------------------ partners and terms

    def join(self) -> None:
        """Let one more partner join, with a person and an account; of an Italian vendor's every other is Irish."""
        name = f"Partner {len(self.partners) + 1}"
        country = COUNTRIES[len(self.partners) % 2]
        with tenant_scope(self.tenant.id):
            partner = a_partner(name, program=self.program, country=country)
            self.partners[name] = partner
            bank_details(partner.id, at=self.now)
            if self.setting.taxed:
                a_vat_partner(partner, country, at=self.now, bills=not self.setting.invoiced)
        self.reps[name] = a_member(
            self.tenant,
            Role.PARTNER_REP,
            self.mail(f"rep{len(self.partners)}"),
            partner_id=partner.id,
            partner_name=name,
        )
        self.story.live.append(name)
        self.story.taxes.joined(
            name, country, registered=self.setting.taxed, bills=not self.setting.invoiced
        )

    def publish(self, rate: Decimal, starts_at: datetime, at: datetime) -> None:
        """Publish terms for what is registered from a moment on."""
        rules, policy = plan_of(self.story.flavour, rate, self.story.budget_minor)
        draft = create_version(
            program_id=self.program.id,
            terms=PlanTerms(rules, self.setting.hold_days, policy=policy),
            starts_at=starts_at,
            actor=SYSTEM,
            at=at,
        )
        publish_version(version_id=draft.id, actor=SYSTEM, at=at)
        self.story.plans.append((starts_at, rate))
        self.story.budgets.append((starts_at, self.story.budget_minor))

    def change_plan(self, permille: int) -> None:
        """Give later referrals another rate; those of before keep theirs."""
        self._publish_soon(Decimal(permille) / 1000)

    def change_budget(self, percent: int) -> None:
        """Let more, or less, be booked in a month."""
        if self.story.flavour == BUDGETED:
            self.story.budget_minor = max(1, self.story.budget_minor * percent // 100)
            self._publish_soon(self.story.plans[-1][1])

    def _publish_soon(self, rate: Decimal) -> None:
        starts_at = self.now + timedelta(hours=1)
        self.act(lambda: self.publish(rate, starts_at, self.now))
        self.now = starts_at

    def allow_rewards(self, which: int, word: str) -> None:
        """Let a partner say what its people may receive from now on."""
        self.tick()
        self.allow(pick(self.story.live, which), word, self.now)

    def allow(self, name: str, word: str, at: datetime) -> None:
        """Say it as of a moment."""
        partner_id = self.partners[name].id
        self.act(lambda: set_policy(partner_id=partner_id, allows=word, actor=SYSTEM, at=at))
        self.story.policies.append((at, name, word))

    def merge(self) -> None:
        """Find that the first two partners are one; somebody else joins."""
        waiting = self._waiting()
        self.merge_into(self.story.live[1], self.story.live[0])
        self._nobody_queued_again("a merge", waiting)
        if len(self.story.live) == 1:
            self.join()

    def merge_into(self, gone: str, stays: str) -> None:
        """Merge two partners, unless one is being paid."""
        with tenant_scope(self.tenant.id):
            carried = {
                currency: balances_of(self.partners[gone].id, currency).payable > 0
                for currency in ("EUR", "USD")
            }
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
        self.story.taxes.merged(gone, stays, carried)

    # ------------------------------------------------------------ deals and what is paid for them

    def win(self, which: int, minor: int, *, by_rep: bool = False) -> None:
        """Win a deal of a partner."""
        name = pick(self.story.live, which)
        self.tick()
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

    def share_credit(self, which: int, with_whom: int, share: int) -> None:
        """Split a deal's credit between its partner and another one; all of it to the first is no split any more."""
        if not self.story.deals:
            return
        deal = pick(self.story.deals, which)
        owner = self.story.stands_for(deal.partner)
        others = [name for name in self.story.live if name != owner]
        shares = {owner: share, pick(others, with_whom): WHOLE - share}
        waiting = self._waiting()
        self.book_shares(deal, {name: part for name, part in shares.items() if part})
        self._nobody_queued_again("another credit", waiting)

    def book_shares(self, deal: Deal, shares: dict[str, int]) -> None:
        """Say whose a deal is from now on: also what it earned before."""
        parts = [(self.partners[name].id, "source", part) for name, part in shares.items()]
        self.act(
            lambda: set_credits(
                referral_id=deal.customer.referral_id,
                credits=parts,
                reason="Both worked",
                actor=self.first,
                at=self.now,
            )
        )
        deal.shares, deal.shared = shares, deal.shared + 1

    def move_deal(self, which: int, to_whom: int) -> None:
        """Give a deal, and all its credit, to another partner."""
        if not self.story.deals:
            return
        deal = pick(self.story.deals, which)
        owner = self.story.stands_for(deal.partner)
        waiting = self._waiting()
        self.book_move(deal, pick([name for name in self.story.live if name != owner], to_whom))
        self._nobody_queued_again("a move", waiting)

    def book_move(self, deal: Deal, name: str) -> None:
        """Say that a deal was another partner's all the time; nobody's person has brought it there."""
        self.act(
            lambda: reattribute(
                referral_id=deal.customer.referral_id,
                to_partner_id=self.partners[name].id,
                reason="It was theirs",
                actor=self.first,
                at=self.now,
            )
        )
        deal.won_as = deal.won_as or (deal.partner, deal.by_rep)
        deal.partner, deal.by_rep, deal.shares = name, False, {}
        deal.shared += 1

    def _waiting(self) -> int:
        return waiting_minor(self.tenant.id) if self.story.flavour == BUDGETED else 0

    def _nobody_queued_again(self, what: str, waiting: int) -> None:
        """Note when a budget's queue got longer by a step that earns nothing: what was admitted stays so."""
        after = self._waiting()
        if after > waiting:
            self.wrong.append(f"{after} wait for a budget after {what}, {waiting} before")

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
            self.tick()
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
