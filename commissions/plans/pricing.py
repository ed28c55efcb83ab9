"""Prices events under versions whose rules say more than an amount or a rate."""

from collections.abc import Iterator
from dataclasses import replace

from commissions.plans.activity import active_on
from commissions.plans.amounts import base_of, booked_as, inputs_of, whole_minor
from commissions.plans.conditions import group_met
from commissions.plans.periods import months_later
from commissions.plans.shapes import AccrualDraft, CapUse, Facts, Math, Rule, Trace, Version
from commissions.plans.standing import Standing, own_minor
from commissions.plans.terms import Bonus, Group
from prm.money import Money


def refined_drafts(facts: Facts, version: Version, standing: Standing) -> list[AccrualDraft]:
    """Return what an event earns under the version, given what came before; one draft per rule that pays."""
    seen = booked_as(facts, version.policy)
    if seen is None or (seen.lost and _is_void(seen, version)):
        return []
    running = _Running(version, standing, seen)
    return [draft for rule in version.rules if (draft := running.draft(rule)) is not None]


def covers_payment(rule: Rule, facts: Facts) -> bool:
    """Tell whether a revenue rule pays on this payment by its scope; other rules pay on their event."""
    if rule.trigger != "revenue" or rule.scope in {"lifetime", "active"}:
        return True
    if rule.scope == "first":
        return facts.payment_no == 1
    first = facts.first_paid_on or facts.earned_on
    return facts.earned_on < months_later(first, rule.months or 0)


def _is_void(facts: Facts, version: Version) -> bool:
    return facts.trigger == "qualified" and version.policy.after_loss == "take_back"


class _Running:
    """One event on its way through the rules: caps and deductions are shared by its drafts."""

    def __init__(self, version: Version, standing: Standing, facts: Facts) -> None:
        self.version, self.standing, self.facts = version, standing, facts
        self.inputs = inputs_of(facts, version.policy)
        self.earned_minor = 0
        self.left_to_deduct = standing.deductible(facts.referral) if _deducts(facts, version) else 0

    def draft(self, rule: Rule) -> AccrualDraft | None:
        """Return what the rule pays for the event, None for nothing."""
        if rule.trigger != self.facts.trigger or not covers_payment(rule, self.facts):
            return None
        if not self._is_active(rule):
            return None
        number, group = group_met(rule.terms, self.facts)
        if group is None:
            return None
        if rule.terms.payee == "rep" and not self.facts.payee:
            return None
        trace = self._trace(rule, number, group)
        return self._capped(rule, trace) if trace else None

    def _is_active(self, rule: Rule) -> bool:
        activity = self.version.policy.activity
        if rule.scope != "active" or activity is None:
            return True
        return active_on(self.standing.wins, self.facts.earned_on, activity)

    def _trace(self, rule: Rule, number: int, group: Group) -> Trace | None:
        """Return the trace before caps, None when a bonus is not due. Bands before a group's rate before the rule's."""
        math = replace(
            self.inputs,
            group=number,
            met=group.conditions,
            payee=self.facts.payee if rule.terms.payee == "rep" else "",
            in_kind=self.facts.in_kind and rule.terms.payee == "rep",
        )
        rate = group.rate if group.rate is not None else rule.rate
        fixed = group.amount_minor if group.amount_minor is not None else rule.amount_minor
        if rule.terms.bands:
            math = replace(
                math,
                bands=rule.terms.bands,
                measured=self.standing.measured(rule, self.facts, rule.terms.bands),
            )
        bonus = rule.terms.bonus
        if bonus:
            counted = self.standing.counted(
                rule, self.facts, bonus, own_minor(self.facts, self.version.policy)
            )
            uplifted = self._is_uplifted(rule, bonus, counted)
            if not uplifted and not self._is_due(rule, bonus, counted):
                return None
            math = replace(math, bonus=bonus, counted=counted, uplifted=uplifted)
            if uplifted:
                rate, math = bonus.uplift_rate, replace(math, bands=None, measured=0)
        is_fixed = rule.reward == "fixed" and not math.uplifted and group.rate is None
        if group.amount_minor is not None:
            is_fixed = True
        if is_fixed:
            math = replace(math, fixed_minor=fixed)
        return Trace(
            version_id=str(self.version.id),
            version_number=self.version.number,
            rule_id=rule.id,
            trigger=rule.trigger,
            reward="fixed" if is_fixed else "percent",
            base_minor=base_of(math),
            currency=self.version.currency,
            amount_minor=0,
            rate=f"{rate.normalize():f}" if rate is not None and not is_fixed else "",
            label=rule.label,
            scope=rule.scope,
            months=rule.months,
            payment_no=self.facts.payment_no,
            first_paid_on=self.facts.first_paid_on.isoformat()
            if rule.scope == "months" and self.facts.first_paid_on
            else "",
            hold_days=self.version.hold_days,
            math=math,
        )

    def _is_uplifted(self, rule: Rule, bonus: Bonus, counted: int) -> bool:
        if bonus.kind != "threshold" or bonus.uplift_rate is None:
            return False
        return counted >= bonus.value or self.standing.is_uplifted(rule, self.facts, bonus)

    def _is_due(self, rule: Rule, bonus: Bonus, counted: int) -> bool:
        match bonus.kind:
            case "threshold":
                if bonus.uplift_rate is not None:
                    return True
                return counted >= bonus.value and not self.standing.has_paid(
                    rule, self.facts, bonus
                )
            case "renewal":
                return self.facts.kind == "renewal" and bonus.n in {0, counted}
            case "nth":
                return counted % bonus.n == 0 if bonus.repeat else counted == bonus.n
            case _:
                first = not self.standing.has_paid(rule, self.facts, bonus)
                return counted % bonus.n == 0 and first

    def _capped(self, rule: Rule, trace: Trace) -> AccrualDraft | None:
        """Return the draft after deduction and caps; what they leave nothing of is left out."""
        math = trace.math or Math()
        gross = whole_minor(trace)
        if not math.payee and self.left_to_deduct:
            deducted = min(gross, self.left_to_deduct)
            self.left_to_deduct -= deducted
            math = replace(math, deducted_minor=deducted)
        math = replace(
            math, caps=tuple(self._cap_uses(rule, math, whole_minor(replace(trace, math=math))))
        )
        trace = replace(trace, math=math)
        amount = whole_minor(trace)
        if amount <= 0:
            return None
        if not math.payee:
            self.earned_minor += amount
        return AccrualDraft(
            rule.id, Money(amount, trace.currency), replace(trace, amount_minor=amount)
        )

    def _cap_uses(self, rule: Rule, math: Math, amount: int) -> Iterator[CapUse]:
        """Yield the caps that cut the amount."""
        found = []
        if rule.terms.cap:
            used = self.standing.used(rule.terms.cap, self.facts, rule.id)
            found.append(CapUse(rule.terms.cap, used))
        if not math.payee:
            found += [
                CapUse(cap, self.standing.used(cap, self.facts) + self.earned_minor)
                for cap in self.version.policy.caps
            ]
        for use in found:
            if use.cap.minor - use.used_minor < amount:
                yield use


def _deducts(facts: Facts, version: Version) -> bool:
    """Tell whether the event is the one that the qualified reward is taken off: the win, or else the first payment."""
    if version.policy.two_stage != "deductible":
        return False
    if any(rule.trigger == "won" for rule in version.rules):
        return facts.trigger == "won"
    return facts.trigger == "revenue" and facts.payment_no == 1
