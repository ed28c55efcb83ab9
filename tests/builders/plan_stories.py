"""Events of one partner in a row, priced by the pure engine; no database."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from commissions.plans.rules import (
    Facts,
    Happening,
    Rule,
    Trace,
    Version,
    priced_history,
    reproduced_minor,
)
from commissions.plans.terms import PLAIN, PLAIN_POLICY, Policy, Terms
from prm.money import Money

START = datetime(2024, 1, 1, tzinfo=UTC)


def version(*rules: Rule, policy: Policy = PLAIN_POLICY, number: int = 1) -> Version:
    """A version in euro without a hold."""
    return Version(UUID(int=number), number, "EUR", START, None, 0, 0, rules, policy)


def percent(
    rate: str, *, rule: int = 1, on: str = "revenue", terms: Terms = PLAIN, **more: Any
) -> Rule:
    """A percentage of every payment, or of the deal of a win."""
    scope = more.pop("scope", "lifetime" if on == "revenue" else "")
    return Rule(rule, on, "percent", rate=Decimal(rate), scope=scope, terms=terms, **more)


def fixed(
    minor: int, *, rule: int = 1, on: str = "won", terms: Terms = PLAIN, scope: str = ""
) -> Rule:
    """A fixed amount on an event."""
    return Rule(rule, on, "fixed", amount_minor=minor, scope=scope, terms=terms)


def event(trigger: str, on: str, euro: int = 0, **facts: Any) -> Facts:
    """An event of a day, its amount in whole euro; a payment of kind sale, the first of its customer."""
    paid = {"payment_no": 1, "kind": "sale"} if trigger in {"revenue", "refund", "receipt"} else {}
    return Facts(
        trigger,
        Money(euro * 100, "EUR"),
        date.fromisoformat(on),
        **{**paid, "referral": "R", "first_paid_on": date.fromisoformat(on), **facts},
    )


def earned(plan: Version | Sequence[Version], events: Iterable[Facts]) -> list[list[int]]:
    """Return what each event earns in cents, rule by rule; every trace is stored, read and computed again."""
    versions = [plan] if isinstance(plan, Version) else list(plan)
    found = []
    for _, drafts in priced_history(Happening(facts, versions[-1]) for facts in events):
        for draft in drafts:
            stored = Trace.from_json(draft.trace.as_json())
            assert reproduced_minor(stored) == draft.amount.minor == stored.amount_minor
            assert stored == draft.trace
        found.append([draft.amount.minor for draft in drafts])
    return found


def sums(plan: Version, events: Iterable[Facts]) -> list[int]:
    """Return what each event earns in all, in cents."""
    return [sum(amounts) for amounts in earned(plan, events)]


def renewals(days: Iterable[str], euro: int, **facts: Any) -> list[Facts]:
    """Later payments of a customer."""
    return [
        replace(event("revenue", day, euro, **facts), kind="renewal", payment_no=number)
        for number, day in enumerate(days, start=2)
    ]
