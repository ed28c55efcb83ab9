"""The pure engine: what an event earns under a plan version, and the trace that reproduces it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from commissions.plans.amounts import whole_minor
from commissions.plans.periods import months_later
from commissions.plans.pricing import covers_payment, refined_drafts
from commissions.plans.shapes import AccrualDraft, Facts, Math, Rule, Trace, Trigger, Version
from commissions.plans.standing import Standing
from prm.money import CurrencyMismatch, Money, portion_minor, share_minor
from referrals.attribution.rules import split_minor

__all__ = [
    "AccrualDraft",
    "Facts",
    "Happening",
    "Math",
    "Rule",
    "Standing",
    "Trace",
    "Trigger",
    "Version",
    "clawed_target",
    "drafts_for",
    "months_later",
    "priced_history",
    "reproduced_minor",
    "version_covering",
]


def version_covering(versions: Sequence[Version], moment: datetime) -> Version | None:
    """Return the version in force at the moment, of one program's published versions."""
    return next((version for version in versions if version.covers(moment)), None)


def drafts_for(
    facts: Facts, version: Version, standing: Standing | None = None
) -> list[AccrualDraft]:
    """Return what the event earns, one draft per rule that pays, in the rules' order.

    standing: what came before, needed by versions that read history; without it nothing came before.
    A percentage is rounded half-even to the minor unit, once; a reward that rounds to nothing is left out.
    Raises CurrencyMismatch when the event is in another currency than the plan: no rate is ever guessed.
    """
    if facts.base.currency != version.currency:
        raise CurrencyMismatch(f"{facts.base.currency} under a plan in {version.currency}")
    if version.is_plain:
        return _plain_drafts(facts, version)
    return refined_drafts(facts, version, standing or Standing([version]))


@dataclass(frozen=True)
class Happening:
    """An event of a partner's history with the version that prices it; name: whatever the caller knows it by."""

    facts: Facts
    version: Version | None
    name: object = None


def priced_history(
    happenings: Iterable[Happening], standing: Standing | None = None
) -> Iterator[tuple[Happening, list[AccrualDraft]]]:
    """Yield every event with what it earns, in the order given: by moment, then kind, then id.

    standing: what came before the first of them, made of every version that prices any; it is taken further.
    """
    events = list(happenings)
    if standing is None:
        standing = Standing(event.version for event in events if event.version)
    for event in events:
        drafts = drafts_for(event.facts, event.version, standing) if event.version else []
        standing.add(event.facts, drafts, event.version)
        yield event, drafts


def reproduced_minor(trace: Trace) -> int:
    """Compute a trace's amount again from its inputs, in minor units: what a stored accrual must equal."""
    if trace.math is not None:
        whole = whole_minor(trace)
    elif trace.reward == "fixed":
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
    return portion_minor(amount_minor, refunded_minor, paid_minor) if refunded_minor > 0 else 0


def _plain_drafts(facts: Facts, version: Version) -> list[AccrualDraft]:
    if facts.received_minor is not None and facts.trigger != "revenue":
        return []
    drafts = []
    for rule in version.rules:
        if rule.trigger != facts.trigger or not covers_payment(rule, facts):
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


@lru_cache(maxsize=256)
def _plain(rate: Decimal | None) -> str:
    return f"{rate.normalize():f}" if rate is not None else ""
