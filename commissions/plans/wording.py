"""Plan rules and calculations in the reader's language, from the same values the engine computes with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext, ngettext

from commissions.plans.rules import Rule, Trace, Version
from prm.web.formats import day_text, money_text, number_text, percent_text


def rule_words(rule: Rule, currency: str) -> str:
    """Return one rule as a sentence fragment: "20% of each payment in the customer's first 12 months"."""
    fixed = rule.reward == "fixed"
    values = {
        "amount": money_text(rule.amount_minor or 0, currency),
        "rate": _rate(rule.rate or Decimal(0)),
        "months": number_text(rule.months or 0),
    }
    match (rule.trigger, rule.scope, fixed):
        case ("qualified", _, _):
            text = gettext("%(amount)s when a referral qualifies")
        case ("won", _, True):
            text = gettext("%(amount)s when a referral is won")
        case ("won", _, False):
            text = gettext("%(rate)s of the deal value when a referral is won")
        case (_, "first", True):
            text = gettext("%(amount)s on the customer's first payment")
        case (_, "first", False):
            text = gettext("%(rate)s of the customer's first payment")
        case (_, "months", True):
            text = ngettext(
                "%(amount)s on each payment in the customer's first month",
                "%(amount)s on each payment in the customer's first %(months)s months",
                rule.months or 0,
            )
        case (_, "months", False):
            text = ngettext(
                "%(rate)s of each payment in the customer's first month",
                "%(rate)s of each payment in the customer's first %(months)s months",
                rule.months or 0,
            )
        case (_, _, True):
            text = gettext("%(amount)s on every payment of the customer")
        case _:
            text = gettext("%(rate)s of every payment of the customer")
    return text % values


def term_lines(version: Version) -> list[str]:
    """Return the terms of a version as partners read them: its rules, the hold, the smallest payout."""
    lines = [rule_words(rule, version.currency) for rule in version.rules]
    lines.append(hold_words(version.hold_days))
    if version.minimum_payout_minor:
        lines.append(
            gettext("Payouts start at %(amount)s; less is carried forward")
            % {"amount": money_text(version.minimum_payout_minor, version.currency)},
        )
    return lines


def hold_words(days: int) -> str:
    """Return how long a reward waits."""
    if days == 0:
        return gettext("Ready for payout at once")
    return ngettext(
        "Ready for payout %(days)s day after it is earned",
        "Ready for payout %(days)s days after it is earned",
        days,
    ) % {"days": number_text(days)}


def reward_name(source: Rule | Trace) -> str:
    """Return what kind of reward a rule or a line is, unless the plan names it."""
    if source.label:
        return source.label
    return {
        "qualified": gettext("Qualified-lead bonus"),
        "won": gettext("Commission on the deal"),
        "revenue": gettext("Commission"),
    }[source.trigger]


def calculation(trace: Trace) -> str:
    """Return the short calculation of a list's cell: "20% of $1,054.00", or "Fixed amount"."""
    values = _values(trace)
    fixed = trace.reward == "fixed"
    words = gettext("Fixed amount") if fixed else gettext("%(rate)s of %(base)s")
    return share_of(trace, words % values)


def share_of(trace: Trace, words: str) -> str:
    """Return a calculation with this partner's part of a split credit: "20% of $100.00, your part 30%"."""
    own = trace.own_share
    if own is None:
        return words
    role, share, pool = own
    part = percent_text(Decimal(share) * pool / 100_000_000, digits=4)
    text = (
        gettext("%(calculation)s, of it %(part)s for service")
        if role == "service"
        else gettext("%(calculation)s, of it %(part)s for bringing the deal")
    )
    return text % {"calculation": words, "part": part}


def explain(trace: Trace) -> str:
    """Return the calculation as a whole: "20% of $1,054.00, plan v1, first payment"."""
    values = _values(trace)
    fixed, number = (
        trace.reward == "fixed",
        trace.payment_no if trace.trigger == "revenue" else None,
    )
    if number is None:
        text = (
            gettext("Fixed %(amount)s, plan v%(version)s")
            if fixed
            else gettext("%(rate)s of %(base)s, plan v%(version)s")
        )
    elif number == 1:
        text = (
            gettext("Fixed %(amount)s, plan v%(version)s, first payment")
            if fixed
            else gettext("%(rate)s of %(base)s, plan v%(version)s, first payment")
        )
    else:
        text = (
            gettext("Fixed %(amount)s, plan v%(version)s, payment %(number)s")
            if fixed
            else gettext("%(rate)s of %(base)s, plan v%(version)s, payment %(number)s")
        )
    return share_of(trace, text % values)


def rule_of(trace: Trace) -> Rule:
    """Return the rule that a trace was computed by, as it was."""
    return Rule(
        id=trace.rule_id,
        trigger=trace.trigger,
        reward=trace.reward,
        amount_minor=(trace.whole_minor or trace.amount_minor) if trace.reward == "fixed" else None,
        rate=Decimal(trace.rate) if trace.rate else None,
        scope=trace.scope,
        months=trace.months,
        label=trace.label,
    )


@dataclass(frozen=True)
class Difference:
    """One line of what changes between two versions; an empty side means added or removed."""

    subject: str
    before: str
    after: str


def differences(old: Version | None, new: Version) -> list[Difference]:
    """Return what a reader of both versions would notice, rules first; nothing when they say the same."""
    before = list(old.rules) if old else []
    found = []
    for key in _in_order(
        [*(_kind_of(rule) for rule in before), *(_kind_of(rule) for rule in new.rules)]
    ):
        was = (
            [rule_words(rule, old.currency) for rule in before if _kind_of(rule) == key]
            if old
            else []
        )
        now = [rule_words(rule, new.currency) for rule in new.rules if _kind_of(rule) == key]
        for index in range(max(len(was), len(now))):
            left, right = (
                was[index] if index < len(was) else "",
                now[index] if index < len(now) else "",
            )
            if left != right:
                found.append(Difference(_kind_words(key), left, right))
    if old is None or old.hold_days != new.hold_days:
        found.append(
            Difference(
                gettext("Hold"), hold_words(old.hold_days) if old else "", hold_words(new.hold_days)
            )
        )
    if (old.minimum_payout_minor if old else 0) != new.minimum_payout_minor:
        found.append(
            Difference(
                gettext("Smallest payout"),
                money_text(old.minimum_payout_minor, old.currency) if old else "",
                money_text(new.minimum_payout_minor, new.currency),
            ),
        )
    return found


def _kind_of(rule: Rule) -> tuple[str, str]:
    return rule.trigger, rule.scope


def _kind_words(key: tuple[str, str]) -> str:
    return {
        ("qualified", ""): gettext("Referral qualifies"),
        ("won", ""): gettext("Referral is won"),
        ("revenue", "first"): gettext("First payment"),
        ("revenue", "months"): gettext("Payments of the first months"),
        ("revenue", "lifetime"): gettext("Every payment"),
    }[key]


def _in_order(keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(keys))


def _values(trace: Trace) -> dict[str, str]:
    return {
        "rate": _rate(Decimal(trace.rate)) if trace.rate else "",
        "base": money_text(trace.base_minor, trace.currency),
        "amount": money_text(trace.whole_minor or trace.amount_minor, trace.currency),
        "version": str(trace.version_number),
        "number": number_text(trace.payment_no or 0),
    }


def _rate(fraction: Decimal) -> str:
    return percent_text(fraction, digits=4)


def first_paid_words(trace: Trace) -> str:
    """Return the day that counts the months, empty when the rule counts none."""
    return day_text(date.fromisoformat(trace.first_paid_on)) if trace.first_paid_on else ""
