"""What a rule and a plan version may say beyond an amount or a rate: conditions, bands, bonuses, caps, budget.

Pure and kept as JSON (PlanRule.terms, PlanVersion.policy). Empty terms and an empty policy are a plain plan: each event
is priced by itself. Moments and days are the tenant's; amounts are minor units of the version's currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from commissions.plans.stored import Stored

PERIODS = ("lifetime", "year", "quarter", "month")
# What a condition may ask for. Texts compare without regard to case; numbers by `least` and `below`.
TEXT_FIELDS = ("product", "country", "tier", "role", "payment", "standing")
NUMBER_FIELDS = ("deal", "term_months")
FIELDS = (*TEXT_FIELDS, *NUMBER_FIELDS, "metadata")
# Of the field "payment": first is payment number 1; sale, renewal and expansion are what was booked.
PAYMENTS = ("first", "sale", "renewal", "expansion")
# Of the field "role": what the referral says that the partner does for the deal.
ROLES = ("intro", "cosell")
# Of the field "standing": see Preferred.
STANDINGS = ("preferred", "standard")


class TermsInvalid(ValueError):
    """Terms that cannot be priced; `code` says why, `place` where (a path such as "bands.1")."""

    def __init__(self, code: str, place: str = "") -> None:
        super().__init__(f"{place}: {code}" if place else code)
        self.code, self.place = code, place


@dataclass(frozen=True)
class Condition(Stored):
    """One thing an event must be: a text among `values`, or a number from `least` (included) to `below` (not included).

    key: for the field "metadata", the name whose value is among `values`. A fact that is not known meets no condition.
    """

    field: str
    values: tuple[str, ...] = ()
    least: int | None = None
    below: int | None = None
    key: str = ""


@dataclass(frozen=True)
class Group(Stored):
    """Conditions that must all hold; without any it always holds. rate or amount_minor replace the rule's own."""

    conditions: tuple[Condition, ...] = ()
    rate: Decimal | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Band(Stored):
    """From `start` on (minor units, or a count of what came before): a rate, or a fixed amount per event."""

    start: int
    rate: Decimal | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Bands(Stored):
    """Rates by how much there was: a band reaches to the start of the next one, so there is neither gap nor overlap.

    measure: count (wins; qualified referrals for a rule of theirs), sales (new sales; the deals of wins), revenue
    (every payment). A sum of exactly a band's start still lies in the band below. A count of n lies in the band with
    start < n <= next start: bands 0 and 5 are the first five and the sixth on.
    mode: marginal pays each part of an event at its own band's rate; whole pays the whole event at the band it reaches.
    Earlier events keep what they earned.
    """

    bands: tuple[Band, ...]
    mode: str = "marginal"
    measure: str = "sales"
    period: str = "lifetime"


@dataclass(frozen=True)
class Bonus(Stored):
    """When a rule pays at all, or pays more.

    nth: on the n-th event of the rule in a period, once per period; repeat: on every n-th.
    streak: on the first event in the n-th period in a row that has one; then it starts anew.
    threshold: on the event by which the period's measure reaches `value`. Once, as the rule's own reward; with
    uplift_rate the rule pays all the time, and that rate from the crossing event on (included).
    renewal: on the customer's n-th renewal, every one with n = 0.
    """

    kind: str
    n: int = 0
    period: str = "lifetime"
    measure: str = "count"
    value: int = 0
    uplift_rate: Decimal | None = None
    repeat: bool = False


@dataclass(frozen=True)
class Cap(Stored):
    """At most so much: per referral, or per partner (and period). What comes after earns the rest, then nothing."""

    minor: int
    per: str = "partner"
    period: str = "lifetime"


@dataclass(frozen=True)
class Terms(Stored):
    """What one rule says beyond trigger, reward and scope. payee: "partner", or "rep", who sent the referral."""

    # Any of them; the first that holds decides. Empty: always.
    groups: tuple[Group, ...] = ()
    bands: Bands | None = None
    bonus: Bonus | None = None
    cap: Cap | None = None
    payee: str = "partner"

    @property
    def reads_history(self) -> bool:
        """Whether an event's reward depends on what came before it."""
        standing = any(row.field == "standing" for group in self.groups for row in group.conditions)
        return bool(self.bands or self.bonus or self.cap or standing)


@dataclass(frozen=True)
class Budget(Stored):
    """So much may be booked per period for the whole program; what comes then waits for the next, in order."""

    minor: int
    period: str = "month"


@dataclass(frozen=True)
class Activity(Stored):
    """What "while active" asks of a partner: so many wins per period.

    rolling: the last wins, n of them, lie less than a period back. calendar: the last whole period had them, or this
    one has them by now. The first period begins with the first win and needs no more. A win brings the partner back at
    once.
    """

    successes: int = 1
    period: str = "year"
    mode: str = "rolling"


@dataclass(frozen=True)
class Preferred(Stored):
    """Who keeps preferred terms: so many referrals sent in the last whole calendar period.

    Fewer: standard terms for referrals registered notice_days after the period's end, until one period has enough
    again; from the referral that completes the number on, it is preferred terms at once. The first periods, up to the
    first whole one, are preferred.
    """

    minimum: int
    period: str = "year"
    notice_days: int = 30


@dataclass(frozen=True)
class Policy(Stored):
    """What a version says for all its rules.

    base: gross is the amount as booked, net the same less the tax and discount in it. basis: invoice pays when it is
    booked, cash when money comes in, in proportion. two_stage: deductible takes what the qualified referral earned off
    what its win earns. after_loss: keep or take_back what a referral earned by qualifying when it is lost.
    """

    base: str = "gross"
    basis: str = "invoice"
    two_stage: str = "additive"
    after_loss: str = "keep"
    caps: tuple[Cap, ...] = ()
    budget: Budget | None = None
    activity: Activity | None = None
    preferred: Preferred | None = None

    @property
    def reads_history(self) -> bool:
        """Whether an event's reward depends on more than the event."""
        return (
            bool(self.caps or self.budget or self.activity or self.preferred)
            or self.basis == "cash"
            or self.two_stage == "deductible"
            or self.after_loss == "take_back"
        )


PLAIN = Terms()
PLAIN_POLICY = Policy()


def bands_from(
    rows: Sequence[tuple[int, int | None, Decimal | None, int | None]],
) -> tuple[Band, ...]:
    """Return bands written as (from, to, rate, amount); the last one is open (to is None).

    Raises TermsInvalid "gap", "overlap", "starts_late", "ends" or "empty" with the row as its place.
    """
    if not rows:
        raise TermsInvalid("empty", "bands")
    reached = 0
    for place, (start, end, _, _) in enumerate(rows):
        where = f"bands.{place}"
        if start != reached:
            late = "starts_late" if place == 0 else "gap"
            raise TermsInvalid(late if start > reached else "overlap", where)
        last = place == len(rows) - 1
        if (end is None) != last:
            raise TermsInvalid("ends" if last else "gap", where)
        if end is not None and end <= start:
            raise TermsInvalid("empty", where)
        reached = end or 0
    return tuple(Band(start, rate, amount) for start, _, rate, amount in rows)
