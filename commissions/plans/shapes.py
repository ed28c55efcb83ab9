"""What the engine takes and gives: rules and versions, facts of an event, the trace of a reward. Pure values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

from commissions.plans.stored import Stored
from commissions.plans.terms import (
    PLAIN,
    PLAIN_POLICY,
    Bands,
    Bonus,
    Cap,
    Condition,
    Policy,
    Terms,
)
from prm.money import Money

Trigger = Literal["qualified", "won", "revenue"]


@dataclass(frozen=True)
class Rule:
    """One way to earn: amount_minor when fixed, else a rate (a fraction); scope and months say which payments."""

    id: int
    trigger: str
    reward: str
    amount_minor: int | None = None
    rate: Decimal | None = None
    scope: str = ""
    months: int | None = None
    label: str = ""
    terms: Terms = PLAIN

    @property
    def is_plain(self) -> bool:
        """Whether an event alone, and nothing but its amount and number, says what it pays."""
        return self.terms == PLAIN and self.scope != "active"


@dataclass(frozen=True)
class Version:
    """A plan version as the engine reads it; it prices referrals registered in [starts_at, ends_at)."""

    id: UUID
    number: int
    currency: str
    starts_at: datetime
    ends_at: datetime | None
    hold_days: int
    minimum_payout_minor: int
    rules: tuple[Rule, ...]
    policy: Policy = PLAIN_POLICY
    notice_days: int = 0
    rationale: str = ""

    def covers(self, moment: datetime) -> bool:
        """Tell whether a referral registered at the moment is priced by this version."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    @cached_property
    def is_plain(self) -> bool:
        """Whether every event is priced by itself, by nothing but its amount and number."""
        return self.policy == PLAIN_POLICY and all(rule.is_plain for rule in self.rules)

    @cached_property
    def reads_history(self) -> bool:
        """Whether what an event earns depends on the partner's other events."""
        return self.policy.reads_history or any(
            rule.terms.reads_history or rule.scope == "active" for rule in self.rules
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, as far as money depends on it.

    base: the deal value of a win, the amount of a payment as booked, nothing for a qualified referral. trigger "refund"
    pays nothing: base was given back of a payment with the other facts. payment_no: the payment's number among the
    customer's, from 1. Days are in the tenant's zone. tax_minor, discount_minor: parts of the base. kind: sale, renewal
    or expansion. deal_minor: the referral's deal value. received_minor of the base came in now, received_before_minor
    before; None when it was paid as it was booked. lost: the referral stands as lost. payee: who sent the referral,
    when the partner lets its people earn; empty otherwise. in_kind: it lets them earn no money.
    """

    trigger: str
    base: Money
    earned_on: date
    payment_no: int | None = None
    first_paid_on: date | None = None
    referral: str = ""
    tax_minor: int = 0
    discount_minor: int = 0
    kind: str = ""
    product: str = ""
    country: str = ""
    deal_minor: int | None = None
    tier: str = ""
    role: str = ""
    term_months: int | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    standing: str = ""
    received_minor: int | None = None
    received_before_minor: int = 0
    lost: bool = False
    payee: str = ""
    in_kind: bool = False

    @property
    def is_first_part(self) -> bool:
        """Whether nothing of the invoice had come in before."""
        return self.received_before_minor == 0


@dataclass(frozen=True)
class Part(Stored):
    """A stretch of an event in one band: so much of it (minor units, or 1 event) at a rate or for an amount."""

    size: int
    rate: Decimal | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class CapUse(Stored):
    """A cap that the reward came under, and how much of it earlier rewards had used."""

    cap: Cap
    used_minor: int = 0


@dataclass(frozen=True)
class Math(Stored):
    """The inputs of a reward beyond base and rate; what is empty played no part. Amounts in minor units.

    gross_minor less tax_minor and discount_minor is the base, of it received_minor after received_before_minor of
    gross_minor came in. measured: the bands' measure before the event. counted: the bonus' measure with the event.
    deducted_minor: what the qualified referral had earned. group and met: the group of conditions that held, from 1.
    in_kind: the amount is what the reward is worth; nobody is paid it.
    """

    gross_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    received_minor: int | None = None
    received_before_minor: int = 0
    fixed_minor: int | None = None
    group: int = 0
    met: tuple[Condition, ...] = ()
    bands: Bands | None = None
    measured: int = 0
    bonus: Bonus | None = None
    counted: int = 0
    uplifted: bool = False
    deducted_minor: int = 0
    caps: tuple[CapUse, ...] = ()
    payee: str = ""
    in_kind: bool = False


@dataclass(frozen=True)
class Trace:
    """Everything that reproduces an amount, kept with it for ever; the rate is a fraction in text."""

    version_id: str
    version_number: int
    rule_id: int
    trigger: str
    reward: str
    base_minor: int
    currency: str
    amount_minor: int
    rate: str = ""
    label: str = ""
    scope: str = ""
    months: int | None = None
    payment_no: int | None = None
    first_paid_on: str = ""
    hold_days: int = 0
    rounding: str = "half-even"
    # Of a split credit: the whole reward, everybody's (role, share, pool) in ten-thousandths, and whose place this is.
    whole_minor: int = 0
    shares: Sequence[Sequence[Any]] = ()
    place: int = 0
    # Of a rule that says more than an amount or a rate.
    math: Math | None = None

    @property
    def own_share(self) -> tuple[str, int, int] | None:
        """The role, share and pool of this line, None when one partner has it all."""
        if len(self.shares) < 2:
            return None
        role, share, pool = self.shares[self.place]
        return role, share, pool

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        stored = dict(self.__dict__)
        if self.math is None:
            del stored["math"]
        else:
            stored["math"] = self.math.as_json()
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Trace":
        """Read the stored form; fields that a later release adds keep their defaults. Raises UnknownTerms."""
        values = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        if values.get("math") is not None:
            values["math"] = Math.from_json(values["math"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class AccrualDraft:
    """One reward to book: by which rule, how much, and why."""

    rule_id: int
    amount: Money
    trace: Trace

    @property
    def payee(self) -> str:
        """The id of the partner's person it is for, empty when it is the partner's."""
        return self.trace.math.payee if self.trace.math else ""

    @property
    def is_in_kind(self) -> bool:
        """Whether the amount is only what the reward is worth: it is never booked."""
        return self.trace.math is not None and self.trace.math.in_kind
