"""What terms must be before they are kept: raises commissions.plans.terms.TermsInvalid with the place of the fault."""

from collections.abc import Sequence
from decimal import Decimal

from commissions.plans.periods import MONTHS
from commissions.plans.terms import (
    FIELDS,
    NUMBER_FIELDS,
    PAYMENTS,
    PERIODS,
    ROLES,
    STANDINGS,
    Bands,
    Bonus,
    Cap,
    Condition,
    Policy,
    Terms,
    TermsInvalid,
)

KNOWN_TEXTS = {"payment": PAYMENTS, "role": ROLES, "standing": STANDINGS}


def check_terms(terms: Terms, *, trigger: str, reward: str) -> None:
    """Refuse terms of a rule that could not be priced. Codes: empty, unknown, order, range, rate, trigger, bonus."""
    for place, group in enumerate(terms.groups):
        where = f"groups.{place}"
        _need(bool(group.conditions), "empty", where)
        _need(group.rate is None or group.amount_minor is None, "rate", where)
        _check_pay(group.rate, group.amount_minor, where)
        for row, condition in enumerate(group.conditions):
            _check_condition(condition, f"{where}.conditions.{row}")
    _need(terms.payee in {"partner", "rep"}, "unknown", "payee")
    if terms.bands:
        _check_bands(terms.bands, trigger)
    if terms.bonus:
        _check_bonus(terms.bonus, trigger=trigger, reward=reward)
    if terms.cap:
        _check_cap(terms.cap, "cap")


def check_policy(policy: Policy, *, scopes: Sequence[str] = ()) -> None:
    """Refuse what a version cannot promise; scopes: those of its rules ("active" needs an activity condition)."""
    _need(policy.base in {"gross", "net"}, "unknown", "base")
    _need(policy.basis in {"invoice", "cash"}, "unknown", "basis")
    _need(policy.two_stage in {"additive", "deductible"}, "unknown", "two_stage")
    _need(policy.after_loss in {"keep", "take_back"}, "unknown", "after_loss")
    for place, cap in enumerate(policy.caps):
        _check_cap(cap, f"caps.{place}")
    if policy.budget:
        _need(policy.budget.minor > 0, "range", "budget.minor")
        _need(policy.budget.period in PERIODS, "unknown", "budget.period")
    if policy.activity:
        _need(policy.activity.successes > 0, "range", "activity.successes")
        _need(policy.activity.period in MONTHS, "unknown", "activity.period")
        _need(policy.activity.mode in {"rolling", "calendar"}, "unknown", "activity.mode")
    _need(policy.activity is not None or "active" not in scopes, "empty", "activity")
    if policy.preferred:
        _need(policy.preferred.minimum > 0, "range", "preferred.minimum")
        _need(policy.preferred.period in MONTHS, "unknown", "preferred.period")
        _need(0 <= policy.preferred.notice_days <= 365, "range", "preferred.notice_days")


def _check_condition(condition: Condition, where: str) -> None:
    _need(condition.field in FIELDS, "unknown", where)
    if condition.field in NUMBER_FIELDS:
        least, below = condition.least, condition.below
        _need(least is not None or below is not None, "empty", where)
        _need(least is None or below is None or least < below, "order", where)
        return
    _need(any(value.strip() for value in condition.values), "empty", where)
    _need(condition.field != "metadata" or bool(condition.key.strip()), "empty", where)
    known = KNOWN_TEXTS.get(condition.field)
    _need(known is None or set(condition.values) <= set(known), "unknown", where)


def _check_bands(bands: Bands, trigger: str) -> None:
    _need(bands.mode in {"marginal", "whole"}, "unknown", "bands.mode")
    _need(bands.measure in {"count", "sales", "revenue"}, "unknown", "bands.measure")
    _need(bands.period in PERIODS, "unknown", "bands.period")
    _need(bool(bands.bands), "empty", "bands")
    _need(trigger != "qualified" or bands.measure == "count", "trigger", "bands.measure")
    reached = -1
    for place, band in enumerate(bands.bands):
        where = f"bands.{place}"
        _need(band.start > reached, "order", where)
        _need(place > 0 or band.start == 0, "starts_late", where)
        _need((band.rate is None) != (band.amount_minor is None), "rate", where)
        _check_pay(band.rate, band.amount_minor, where)
        _need(trigger != "qualified" or band.rate is None, "rate", where)
        # An amount per event has no part of an event.
        whole = bands.mode == "whole" or bands.measure == "count"
        _need(band.amount_minor is None or whole, "rate", where)
        reached = band.start


def _check_bonus(bonus: Bonus, *, trigger: str, reward: str) -> None:
    _need(bonus.kind in {"nth", "streak", "threshold", "renewal"}, "unknown", "bonus.kind")
    _need(bonus.period in PERIODS, "unknown", "bonus.period")
    _need(bonus.measure in {"count", "sales", "revenue"}, "unknown", "bonus.measure")
    if bonus.kind in {"nth", "streak"}:
        _need(bonus.n > 0, "range", "bonus.n")
        _need(bonus.kind == "nth" or bonus.period in MONTHS, "unknown", "bonus.period")
    if bonus.kind == "renewal":
        _need(bonus.n >= 0, "range", "bonus.n")
        _need(trigger == "revenue", "trigger", "bonus.kind")
    if bonus.kind == "threshold":
        _need(bonus.value > 0, "range", "bonus.value")
        _need(trigger != "qualified" or bonus.measure == "count", "trigger", "bonus.measure")
    if bonus.uplift_rate is not None:
        _need(bonus.kind == "threshold" and reward == "percent", "bonus", "bonus.uplift_rate")
        _check_pay(bonus.uplift_rate, None, "bonus.uplift_rate")


def _check_cap(cap: Cap, where: str) -> None:
    _need(cap.minor > 0, "range", where)
    _need(cap.per in {"referral", "partner"}, "unknown", where)
    _need(cap.period in PERIODS, "unknown", where)


def _check_pay(rate: Decimal | None, amount_minor: int | None, where: str) -> None:
    _need(rate is None or 0 <= rate <= 1, "range", where)
    _need(amount_minor is None or amount_minor >= 0, "range", where)


def _need(held: bool, code: str, place: str) -> None:  # noqa: FBT001  the question itself
    if not held:
        raise TermsInvalid(code, place)
