"""Plan rules and calculations in the reader's language, from the same values the engine computes with."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext, gettext_lazy, ngettext

from commissions.plans.amounts import base_of, parts_in
from commissions.plans.shapes import CapUse, Math, Rule, Trace, Version
from commissions.plans.terms import Group, Terms
from commissions.plans.wording_terms import clauses, policy_lines
from prm.web.formats import day_text, money_text, number_text, percent_text


def rule_words(rule: Rule, currency: str) -> str:
    """Return one rule as the partner reads it: "20% of each payment in the customer's first 12 months".

    What it says beyond its reward follows, one clause each: conditions, bands, bonus, cap.
    """
    return gettext("; ").join([reward_words(rule, currency), *clauses(rule.terms, currency)])


def reward_words(rule: Rule, currency: str) -> str:
    """Return what a rule pays and when, without its clauses."""
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
        case (_, "active", True):
            text = gettext("%(amount)s on every payment of the customer while you are active")
        case (_, "active", False):
            text = gettext("%(rate)s of every payment of the customer while you are active")
        case (_, _, True):
            text = gettext("%(amount)s on every payment of the customer")
        case _:
            text = gettext("%(rate)s of every payment of the customer")
    return text % values


def term_lines(version: Version) -> list[str]:
    """Return the terms of a version as partners read them: its rules, what counts for all, hold, smallest payout."""
    lines = [rule_words(rule, version.currency) for rule in version.rules]
    lines += [words for _, words in policy_lines(version.policy, version.currency)]
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
    bonus = source.terms.bonus if isinstance(source, Rule) else (source.math or Math()).bonus
    if bonus and bonus.uplift_rate is None:
        return str(_BONUSES[bonus.kind])
    return str(_REWARDS[source.trigger])


_BONUSES = {
    "nth": gettext_lazy("Repeat bonus"),
    "streak": gettext_lazy("Streak bonus"),
    "threshold": gettext_lazy("Threshold bonus"),
    "renewal": gettext_lazy("Renewal bonus"),
}
_REWARDS = {
    "qualified": gettext_lazy("Qualified-lead bonus"),
    "won": gettext_lazy("Commission on the deal"),
    "revenue": gettext_lazy("Commission"),
}


def calculation(trace: Trace) -> str:
    """Return the short calculation of a list's cell: "20% of $1,054.00", or "Fixed amount"."""
    fixed = trace.reward == "fixed" and not _parts(trace)
    words = gettext("Fixed amount") if fixed else _reward(trace)
    if _caps_reached(trace):
        words = gettext("%(calculation)s, capped") % {"calculation": words}
    return share_of(trace, words)


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


def reward_sentence(trace: Trace) -> str:
    """Return a reward as one sentence of the reader's language, with everything that changed its amount."""
    return gettext("%(calculation)s.") % {"calculation": explain(trace)}


def explain(trace: Trace) -> str:
    """Return the calculation as a whole: "20% of $1,054.00, plan v1, first payment"."""
    values = {"reward": _reward(trace), "version": str(trace.version_number)}
    number = trace.payment_no if trace.trigger == "revenue" else None
    if number is None:
        text = gettext("%(reward)s, plan v%(version)s")
    elif number == 1:
        text = gettext("%(reward)s, plan v%(version)s, first payment")
    else:
        text = gettext("%(reward)s, plan v%(version)s, payment %(number)s")
        values["number"] = number_text(number)
    return share_of(trace, gettext("; ").join([text % values, *_adjusted(trace)]))


def _reward(trace: Trace) -> str:
    """Return what was multiplied with what, band by band where there are any."""
    if parts := _parts(trace):
        return gettext(" and ").join(parts)
    math = trace.math
    if trace.reward == "fixed":
        minor = _fixed_of(trace)
        return gettext("Fixed %(amount)s") % {"amount": money_text(minor, trace.currency)}
    base = base_of(math) if math and math.gross_minor else trace.base_minor
    return gettext("%(rate)s of %(base)s") % {
        "rate": _rate(Decimal(trace.rate)),
        "base": money_text(base, trace.currency),
    }


def _parts(trace: Trace) -> list[str]:
    """Return an event's stretches by band, empty without bands."""
    math = trace.math
    if math is None or math.bands is None:
        return []
    counts = math.bands.measure == "count"
    base = base_of(math)
    found = []
    for part in parts_in(math.bands, before=math.measured, own=1 if counts else base):
        size = base if counts else part.size
        values = {
            "amount": money_text(part.amount_minor or 0, trace.currency),
            "rate": _rate(part.rate if part.rate is not None else Decimal(trace.rate or 0)),
            "base": money_text(size, trace.currency),
        }
        words = (
            gettext("fixed %(amount)s")
            if part.amount_minor is not None
            else gettext("%(rate)s of %(base)s")
        )
        found.append(words % values)
    return found


def _adjusted(trace: Trace) -> list[str]:
    """Return what else made the amount: tax taken off, the part that came in, deductions, caps, a person."""
    math = trace.math
    if math is None:
        return []

    def money(minor: int) -> str:
        return money_text(minor, trace.currency)

    found = []
    if math.tax_minor or math.discount_minor:
        found.append(
            gettext("%(gross)s without %(off)s of tax and discount")
            % {"gross": money(math.gross_minor), "off": money(math.tax_minor + math.discount_minor)}
        )
    if math.received_minor is not None:
        found.append(
            gettext("%(received)s of the invoice of %(gross)s came in")
            % {"received": money(math.received_minor), "gross": money(math.gross_minor)}
        )
    if math.deducted_minor:
        found.append(
            gettext("less %(amount)s earned by qualifying") % {"amount": money(math.deducted_minor)}
        )
    found += [
        gettext("capped at %(cap)s, of which %(used)s were used before")
        % {"cap": money(use.cap.minor), "used": money(use.used_minor)}
        for use in _caps_reached(trace)
    ]
    return found


def _caps_reached(trace: Trace) -> list[CapUse]:
    """Return the caps that the whole reward filled up."""
    whole = trace.whole_minor or trace.amount_minor
    uses = trace.math.caps if trace.math else ()
    return [use for use in uses if use.used_minor + whole >= use.cap.minor]


def rule_of(trace: Trace) -> Rule:
    """Return the rule that a trace was computed by, as it was."""
    return Rule(
        id=trace.rule_id,
        trigger=trace.trigger,
        reward=trace.reward,
        amount_minor=_fixed_of(trace) if trace.reward == "fixed" else None,
        rate=Decimal(trace.rate) if trace.rate else None,
        scope=trace.scope,
        months=trace.months,
        label=trace.label,
        terms=_terms_of(trace),
    )


def _fixed_of(trace: Trace) -> int:
    if trace.math and trace.math.fixed_minor is not None:
        return trace.math.fixed_minor
    return trace.whole_minor or trace.amount_minor


def _terms_of(trace: Trace) -> Terms:
    """Return what of a rule's terms a trace kept: the group that held, bands, bonus and the rule's person."""
    math = trace.math
    if math is None:
        return Terms()
    return Terms(
        groups=(Group(math.met),) if math.met else (),
        bands=math.bands,
        bonus=math.bonus,
        payee="rep" if math.payee else "partner",
    )


def _rate(fraction: Decimal) -> str:
    return percent_text(fraction, digits=4)


def first_paid_words(trace: Trace) -> str:
    """Return the day that counts the months, empty when the rule counts none."""
    return day_text(date.fromisoformat(trace.first_paid_on)) if trace.first_paid_on else ""
