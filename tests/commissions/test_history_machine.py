"""Any story under a plan that looks at history, told late and paid meanwhile, owes what the pure engine says."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from commissions.accruals import points
from commissions.plans.rules import Facts, Happening, clawed_target, priced_history
from commissions.plans.selectors import published_terms
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Bonus, Policy, Terms
from prm.money import Money
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_payment
from tests.builders.refined import a_refined_plan, bands_at
from tests.commissions.test_ledger_machine import Books

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
STEPS = 20
SECOND_WIN = RuleTerms(
    "won", "fixed", amount_minor=30_000, terms=Terms(bonus=Bonus("nth", n=2, repeat=True))
)


class Histories(Books):
    """Books whose plan has bands over all payments and a bonus on every second win."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.now += timedelta(hours=1)
        with tenant_scope(self.tenant.id):
            starts_at = self.now + timedelta(hours=1)
            a_refined_plan(
                SECOND_WIN, bands_at(5_000_000), policy=Policy(), starts_at=starts_at, at=self.now
            )
            self.version = published_terms([self.program.id])[self.program.id][-1]
        self.begun = self.now = starts_at + timedelta(minutes=1)
        # What happened when, with the payment that it is, was booked with, or takes back.
        self.story: list[tuple[datetime, int, Facts, UUID]] = []

    def tell(self, trigger: str, minor: int, at: datetime, payment_id: UUID) -> None:
        facts = Facts(trigger, Money(minor, "EUR"), at.date())
        self.story.append((at, len(self.story), facts, payment_id))

    def win(self) -> None:
        super().win()
        payment_id = list(self.payments)[-1]
        for trigger in ("won", "revenue"):
            self.tell(trigger, self.payments[payment_id][0], self.now, payment_id)

    def pay(self) -> None:
        """Book a payment that the vendor may have had for days."""
        customer, amount = self.chance.choice(self.customers), self.chance.randint(1, 10**6)
        late = timedelta(days=self.chance.randint(0, 5))
        booked_at = max(self.begun, self.now - late) + timedelta(seconds=1 + len(self.story))
        payment = self.act(lambda: a_payment(customer, amount, booked_at))
        self._paid(payment.id, amount, customer.id)
        self.tell("revenue", amount, booked_at, payment.id)

    def refund(self) -> None:
        before = {id_: back for id_, (_, back) in self.payments.items()}
        super().refund()
        for id_, (_, back) in self.payments.items():
            if back > before[id_]:
                self.tell("refund", back - before[id_], self.now, id_)

    def owed_by_the_rules(self) -> int:
        story = sorted(self.story, key=lambda row: row[:2])
        events = (Happening(facts, self.version, id_) for _, _, facts, id_ in story)
        earned = 0
        for event, drafts in priced_history(events):
            assert isinstance(event.name, UUID)
            amount, back = self.payments[event.name]
            for draft in drafts:
                reward = draft.amount.minor
                earned += reward - clawed_target(reward, refunded_minor=back, paid_minor=amount)
        return earned - self.paid


@pytest.mark.parametrize("seed", [1, 2])
def test_any_story_owes_what_the_engine_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A point after every other event, so that stories as short as these go on from points.
    monkeypatch.setattr(points, "TAIL", 2)
    books = Histories(seed)
    steps = [
        books.win,
        books.pay,
        books.pay,
        books.refund,
        books.wait,
        books.run_payouts,
        books.hear_from_the_bank,
    ]

    books.win()
    for _ in range(STEPS):
        books.chance.choice(steps)()
        books.check()
