"""The pure engine: what an event earns under a plan version, and the trace that reproduces it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from prm.money import CurrencyMismatch, Money, share_minor
from referrals.attribution.rules import split_minor

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

    def covers(self, moment: datetime) -> bool:
        """Tell whether a referral registered at the moment is priced by this version."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, as far as money depends on it.

    base: the deal value of a win, the amount of a payment, nothing for a qualified referral.
    payment_no: the payment's number among the customer's, from 1. Days are in the tenant's zone.
    """

    trigger: str
    base: Money
    earned_on: date
    payment_no: int | None = None
    first_paid_on: date | None = None


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

    @property
    def own_share(self) -> tuple[str, int, int] | None:
        """The role, share and pool of this line, None when one partner has it all."""
        if len(self.shares) < 2:
            return None
        role, share, pool = self.shares[self.place]
        return role, share, pool

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        return dict(self.__dict__)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Trace":
        """Read the stored form; fields that a later release adds keep their defaults."""
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})


@dataclass(frozen=True, slots=True)
class AccrualDraft:
    """One reward to book: by which rule, how much, and why."""

    rule_id: int
    amount: Money
    trace: Trace


def version_covering(versions: Sequence[Version], moment: datetime) -> Version | None:
    """Return the version in force at the moment, of one program's published versions."""
    return next((version for version in versions if version.covers(moment)), None)


def drafts_for(facts: Facts, version: Version) -> list[AccrualDraft]:
    """Return what the event earns, one draft per rule that pays, in the rules' order.

    A percentage is rounded half-even to the minor unit, once; a reward that rounds to nothing is left out.
    Raises CurrencyMismatch when the event is in another currency than the plan: no rate is ever guessed.
    """
    if facts.base.currency != version.currency:
        raise CurrencyMismatch(f"{facts.base.currency} under a plan in {version.currency}")
    drafts = []
    for rule in version.rules:
        if rule.trigger != facts.trigger or not _covers_payment(rule, facts):
            continue
        amount = (
            rule.amount_minor or 0
            if rule.reward == "fixed"
            else share_minor(facts.base.minor, rule.rate or Decimal(0))
        )
        if amount <= 0:
            continue
        trace = Trace(
            version_id=str(version.id),
            version_number=version.number,
            rule_id=rule.id,
            trigger=rule.trigger,
            reward=rule.reward,
            base_minor=facts.base.minor,
            currency=version.currency,
            amount_minor=amount,
            rate=_plain(rule.rate),
            label=rule.label,
            scope=rule.scope,
            months=rule.months,
            payment_no=facts.payment_no,
            first_paid_on=facts.first_paid_on.isoformat()
            if rule.scope == "months" and facts.first_paid_on
            else "",
            hold_days=version.hold_days,
        )
        drafts.append(AccrualDraft(rule.id, Money(amount, version.currency), trace))
    return drafts


def reproduced_minor(trace: Trace) -> int:
    """Compute a trace's amount again from its inputs, in minor units: what a stored accrual must equal."""
    if trace.reward == "fixed":
        whole = trace.whole_minor or trace.amount_minor
    else:
        whole = share_minor(trace.base_minor, Decimal(trace.rate))
    if not trace.shares:
        return whole
    return split_minor(whole, [(role, share, pool) for role, share, pool in trace.shares])[
        trace.place
    ]


def clawed_target(amount_minor: int, *, refunded_minor: int, paid_minor: int) -> int:
    """Return how much of a reward is taken back in all when so much of its payment was given back in all.

    The original line's own rate, half-even on the running total: any sequence of partial refunds that
    reaches the whole payment takes back the whole reward, to the minor unit.
    """
    if refunded_minor >= paid_minor:
        return amount_minor
    return (
        share_minor(amount_minor, Decimal(refunded_minor) / Decimal(paid_minor))
        if refunded_minor > 0
        else 0
    )


def months_later(day: date, months: int) -> date:
    """Return the same day some months on; the last day of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month, last)
            except ValueError:
                continue
    raise AssertionError


def _covers_payment(rule: Rule, facts: Facts) -> bool:
    """Tell whether a revenue rule pays on this payment; other rules pay on their event whatever the payment."""
    if rule.trigger != "revenue" or rule.scope == "lifetime":
        return True
    if rule.scope == "first":
        return facts.payment_no == 1
    first = facts.first_paid_on or facts.earned_on
    return facts.earned_on < months_later(first, rule.months or 0)


@lru_cache(maxsize=256)
def _plain(rate: Decimal | None) -> str:
    return f"{rate.normalize():f}" if rate is not None else ""
