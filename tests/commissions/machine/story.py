"""What happened to a vendor's money, and what the rules alone say is owed for it: plain arithmetic beside the books."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from commissions.accruals.models import RepRewards
from commissions.plans.periods import span_end
from commissions.plans.services import RuleTerms
from commissions.plans.terms import Activity, Band, Bands, Bonus, Budget, Policy, Terms
from tests.commissions.machine.taxes import Taxes

ZONE = ZoneInfo("Europe/Amsterdam")
REP_MINOR, SECOND_WIN_MINOR, PRIZE_MINOR = 5_000, 30_000, 50_000
EDGE_MINOR, MORE_ABOVE = 5_000_000, Decimal("0.05")
REP_SPIFF = RuleTerms("won", "fixed", amount_minor=REP_MINOR, terms=Terms(payee="rep"))
SECOND_WIN = RuleTerms(
    "won",
    "fixed",
    amount_minor=SECOND_WIN_MINOR,
    terms=Terms(bonus=Bonus("nth", n=2, repeat=True)),
)
WHILE_ACTIVE = Policy(activity=Activity(successes=1, period="month"))
# A plain plan takes the fast way of booking; one with a reward for people does not; one of history is restated; of one
# with a budget what has no room waits.
PLAIN, PEOPLE, HISTORY, BUDGETED = "plain", "people", "history", "budgeted"
BUDGET_MINOR = 500_000
# Shares of a deal's credit are ten-thousandths.
WHOLE = 10_000


@dataclass(frozen=True)
class Setting:
    """How a vendor starts. cap: percent of a payout that may be deducted. taxed: it deals with VAT.

    invoiced: its partners write their own invoices until they say otherwise.
    """

    flavour: str
    hold_days: int = 1
    cap: int = 100
    taxed: bool = False
    invoiced: bool = False


def plan_of(flavour: str, rate: Decimal, budget_minor: int) -> tuple[tuple[RuleTerms, ...], Policy]:
    """Return the rules and the policy of a plan of this flavour."""
    if flavour == HISTORY:
        marks = Bands((Band(0, rate), Band(EDGE_MINOR, rate + MORE_ABOVE)), measure="revenue")
        while_active = RuleTerms(
            "revenue", "percent", rate=rate, scope="active", terms=Terms(bands=marks)
        )
        return (REP_SPIFF, SECOND_WIN, while_active), WHILE_ACTIVE
    lifetime = RuleTerms("revenue", "percent", rate=rate, scope="lifetime")
    if flavour == BUDGETED:
        return (lifetime,), Policy(budget=Budget(budget_minor, "month"))
    return ((REP_SPIFF, lifetime) if flavour == PEOPLE else (lifetime,)), Policy()


@dataclass
class Deal:
    """A win of a partner; its first payment is its sale."""

    partner: str
    at: datetime
    minor: int
    by_rep: bool
    company: str
    customer: Any = None
    # Partners' names with their shares of the credit, empty while all is its partner's; how often that was said.
    shares: dict[str, int] = field(default_factory=dict)
    shared: int = 0
    # Whose it was when it was won, and whether by its person, once it was given to another partner.
    won_as: tuple[str, bool] | None = None


@dataclass
class Paid:
    """A payment of a deal's customer, and how much of it was given back."""

    deal: Deal
    minor: int
    at: datetime
    row: Any = None
    back: int = 0
    is_sale: bool = False


@dataclass(frozen=True)
class Refunded:
    """A part of a payment given back."""

    payment: Paid
    minor: int
    at: datetime
    kind: str
    name: str


@dataclass
class Story:
    """Everything that happened, by partners' names; `moved` is what was booked by decision or paid out."""

    flavour: str = PLAIN
    plans: list[tuple[datetime, Decimal]] = field(default_factory=list)
    # What may be booked in a month, from when on; and what the next terms say.
    budgets: list[tuple[datetime, int]] = field(default_factory=list)
    budget_minor: int = BUDGET_MINOR
    # Whose account the bank blamed for a payment that came back.
    blamed: set[str] = field(default_factory=set)
    taxes: Taxes = field(default_factory=Taxes)
    policies: list[tuple[datetime, str, str]] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)
    refunds: list[Refunded] = field(default_factory=list)
    # A duplicate's name and the name of the one that stays.
    merges: list[tuple[str, str]] = field(default_factory=list)
    # Partner and currency -> what was paid (below zero), forgiven, corrected, awarded and converted.
    moved: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    live: list[str] = field(default_factory=list)

    def merged(self, gone: str, stays: str, at: datetime) -> None:
        """Note that one partner became a part of another; what it allowed its people counts where that never spoke."""
        self.merges.append((gone, stays))
        self.live.remove(gone)
        said = {name: word for _, name, word in self.policies}
        if gone in said and stays not in said:
            self.policies.append((at, stays, said[gone]))

    def group(self, name: str) -> set[str]:
        """Return a partner's name with those of the duplicates that it took over."""
        names = {name}
        for gone, stays in reversed(self.merges):
            if stays in names:
                names.add(gone)
        return names

    def stands_for(self, name: str) -> str:
        """Return the partner that a duplicate became a part of, or the same name."""
        for gone, stays in self.merges:
            if gone == name:
                name = stays
        return name

    def owed(self, name: str, currency: str) -> int:
        """Return what is owed to a partner, in minor units, by what happened alone; what waits included."""
        names = self.group(name)
        earned = self.earned(names) if currency == "EUR" else 0
        return earned + sum(self.moved[member, currency] for member in names)

    def owed_to_all(self, currency: str) -> int:
        """Return what is owed to all partners together: exact, whoever has which part of it."""
        earned = self.earned(set(self.taxes.countries)) if currency == "EUR" else 0
        return earned + sum(minor for (_, money), minor in self.moved.items() if money == currency)

    def slack(self, names: set[str]) -> int:
        """Return by how many cents partners may differ from their exact shares: the order of refunds moves them.

        A cent for each line and each part given back of it, of rewards that others share. All shares together are
        exact, and nothing is left of what was wholly given back.
        """
        parts = [row.payment for row in self.refunds]
        return sum(
            2 * (1 + sum(part is paid for part in parts))
            for paid in self.payments
            if paid.back < paid.minor and 0 < self._share(paid.deal, names) < WHOLE
        )

    @staticmethod
    def _share(deal: Deal, names: set[str]) -> int:
        shares = deal.shares or {deal.partner: WHOLE}
        return sum(share for name, share in shares.items() if name in names)

    def _part(self, paid: Paid, reward: int, names: set[str]) -> int:
        """Return the partners' part of what is kept of a reward."""
        return _rounded(self.kept(paid, reward) * Decimal(self._share(paid.deal, names)) / WHOLE)

    def paid_by(self, event: str) -> Paid:
        """Return the payment with this row's id."""
        return next(row for row in self.payments if str(row.row.id) == event)

    def room_for(self, event: str, at: datetime) -> int:
        """Return what may be booked in the month of a moment when the reward of a payment is next."""
        promised = self.paid_by(event).deal.at
        return max(
            next(minor for starts_at, minor in reversed(self.budgets) if starts_at <= moment)
            for moment in (promised, at)
        )

    def earned(self, names: set[str]) -> int:
        """Return what partners with one history earned and kept, in euro cents."""
        if self.flavour == HISTORY:
            total = self._earned_in_history(names)
        else:
            total = sum(
                self._part(row, _rounded(row.minor * self._rate(row.deal.at)), names)
                for row in self.payments
            )
        if self.flavour in {PEOPLE, HISTORY}:
            total += sum(
                self.kept(row, REP_MINOR)
                for row in self.payments
                if row.is_sale and row.deal.partner in names and self._rep_is_paid(row.deal)
            )
        return total

    def _earned_in_history(self, names: set[str]) -> int:
        """Go through the histories of all that may share with these partners, each in its order."""
        owners = {self.stands_for(row.partner) for row in self.deals}
        return sum(self._earned_of(self.group(owner), names) for owner in sorted(owners))

    def _earned_of(self, history: set[str], names: set[str]) -> int:
        """Return the partners' part of one history: bands over what was paid so far, every second win, while active."""
        story: list[tuple[datetime, int, str, int, Paid]] = []
        for paid in self.payments:
            if paid.is_sale:
                story.append((paid.at, 0, "won", paid.minor, paid))
            story.append((paid.at, 1, "revenue", paid.minor, paid))
        story += [(row.at, 2, "refund", row.minor, row.payment) for row in self.refunds]
        total, wins, active_until, before = 0, 0, date.min, 0
        for at, _, what, minor, paid in sorted(story, key=lambda row: row[:2]):
            if paid.deal.partner not in history:
                continue
            day = at.astimezone(ZONE).date()
            if what == "won":
                wins += 1
                active_until = span_end(day, 1)
                total += self._part(paid, SECOND_WIN_MINOR, names) if wins % 2 == 0 else 0
            elif what == "revenue":
                if day < active_until:
                    total += self._part(paid, self._in_bands(paid, before), names)
                before += minor
            else:
                before -= minor
        return total

    def _in_bands(self, paid: Paid, before: int) -> int:
        """Return a payment's reward when so much was paid before it: what lies above the edge at 5 % more."""
        above = min(paid.minor, max(0, before + paid.minor - EDGE_MINOR))
        rate = self._rate(paid.deal.at)
        exact = (paid.minor - above) * rate + above * (rate + MORE_ABOVE)
        return _rounded(exact)

    @staticmethod
    def kept(paid: Paid, reward: int) -> int:
        """Return what is left of a payment's reward after what was given back of the payment."""
        return reward - _rounded(Decimal(reward) * paid.back / paid.minor)

    def _rate(self, at: datetime) -> Decimal:
        return next(rate for starts_at, rate in reversed(self.plans) if starts_at <= at)

    def _rep_is_paid(self, deal: Deal) -> bool:
        said = [word for at, name, word in self.policies if name == deal.partner and at <= deal.at]
        return deal.by_rep and bool(said) and said[-1] == RepRewards.CASH


def _rounded(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))
