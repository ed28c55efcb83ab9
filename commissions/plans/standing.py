"""What a partner's earlier events come to: counts, sums, streaks, used caps. Folded event by event, in order."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from commissions.plans.amounts import base_of, booked_as, inputs_of
from commissions.plans.conditions import group_met
from commissions.plans.periods import bucket
from commissions.plans.shapes import AccrualDraft, Facts, Rule, Version
from commissions.plans.terms import Bands, Bonus, Cap, Policy

Place = tuple[object, ...]


class Standing:
    """One partner's history in one program up to an event.

    versions: all that any of its events is priced by, so that a rule counts what came before its own version too.
    Feed it `add` with each event in the order of (moment, kind, id) and what the event earned.
    """

    def __init__(self, versions: Iterable[Version]) -> None:
        known = list({id(version): version for version in versions}.values())
        self.wins: list[date] = []
        self._caps = {cap for version in known for cap in version.policy.caps}
        # A rule is counted once, also where a partner has the version with an exception and without.
        self._rules = {
            rule.id: (rule, version.policy, version.currency)
            for version in known
            for rule in version.rules
            if rule.terms.bands or rule.terms.bonus
        }
        self._sums: dict[Place, int] = defaultdict(int)
        self._reached: set[Place] = set()
        self._paid: set[Place] = set()
        self._streaks: dict[int, tuple[int, int]] = {}
        self._earned: dict[Place, int] = defaultdict(int)
        self._open_deductions: dict[str, int] = defaultdict(int)

    def as_json(self) -> dict[str, Any]:
        """Return what was folded so far, without the versions; `resume` goes on from it."""
        return {
            "wins": [day.isoformat() for day in self.wins],
            "sums": [[*place, total] for place, total in self._sums.items()],
            "reached": [list(place) for place in self._reached],
            "paid": [list(place) for place in self._paid],
            "streaks": [[rule_id, *found] for rule_id, found in self._streaks.items()],
            "earned": [[*place, total] for place, total in self._earned.items()],
            "deductions": {whose: left for whose, left in self._open_deductions.items() if left},
        }

    def resume(self, stored: dict[str, Any]) -> None:
        """Take over what an earlier fold under the same versions came to."""
        self.wins = [date.fromisoformat(day) for day in stored["wins"]]
        self._sums.update((tuple(place), total) for *place, total in stored["sums"])
        self._reached = {tuple(place) for place in stored["reached"]}
        self._paid = {tuple(place) for place in stored["paid"]}
        self._streaks = {rule_id: (last, length) for rule_id, last, length in stored["streaks"]}
        self._earned.update((tuple(place), total) for *place, total in stored["earned"])
        self._open_deductions.update(stored["deductions"])

    # ------------------------------------------------------------ questions

    def measured(self, rule: Rule, facts: Facts, bands: Bands) -> int:
        """Return the bands' measure before the event; of a count, one less than its own number."""
        total = max(0, self._sums[rule.id, bands.measure, bucket(bands.period, facts.earned_on)])
        if bands.measure != "count":
            return total
        own = rule.trigger == facts.trigger and rule.trigger != "revenue"
        return total if own and facts.is_first_part else max(0, total - 1)

    def counted(self, rule: Rule, facts: Facts, bonus: Bonus, own_minor: int) -> int:
        """Return the bonus' measure with the event: its number, the length of the streak, or the sum so far."""
        place = bucket(bonus.period, facts.earned_on)
        if bonus.kind == "threshold":
            total = max(0, self._sums[rule.id, bonus.measure, place])
            return total + _own(rule, facts, bonus.measure, own_minor)
        if bonus.kind == "streak":
            return self._streak_with(rule.id, place)
        key = facts.referral if bonus.kind == "renewal" else place
        return self._sums[rule.id, bonus.kind, key] + (1 if facts.is_first_part else 0)

    def is_uplifted(self, rule: Rule, facts: Facts, bonus: Bonus) -> bool:
        """Tell whether the threshold was reached before, whatever was given back since."""
        return (rule.id, bucket(bonus.period, facts.earned_on)) in self._reached

    def has_paid(self, rule: Rule, facts: Facts, bonus: Bonus) -> bool:
        """Tell whether a bonus that is paid once per period was paid in the event's period."""
        return (rule.id, bucket(bonus.period, facts.earned_on)) in self._paid

    def used(self, cap: Cap, facts: Facts, rule_id: int = 0) -> int:
        """Return how much of a cap earlier rewards used; rule_id 0 for a cap on all rules."""
        return self._earned[_cap_place(cap, facts, rule_id)]

    def deductible(self, referral: str) -> int:
        """Return what the referral earned by qualifying and was not deducted yet."""
        return self._open_deductions[referral]

    # ------------------------------------------------------------ the fold

    def add(self, facts: Facts, drafts: Iterable[AccrualDraft], version: Version | None) -> None:
        """Take an event and what it earned into the history. A refund lowers sums; what was reached stays reached."""
        if facts.trigger == "won":
            self.wins.append(facts.earned_on)
        for rule, policy, currency in self._rules.values():
            seen = booked_as(facts, policy)
            if seen is not None:
                # Counts go on in another currency, sums do not.
                same = seen.base.currency == currency
                self._count(rule, seen, own_minor(seen, policy) if same else 0)
        rules = {rule.id: rule for rule in version.rules} if version else {}
        for draft in drafts:
            self._take(facts, draft, rules[draft.rule_id])

    def _count(self, rule: Rule, facts: Facts, own: int) -> None:
        if group_met(rule.terms, facts)[1] is None:
            return
        bands, bonus = rule.terms.bands, rule.terms.bonus
        if bands:
            self._sums[rule.id, bands.measure, bucket(bands.period, facts.earned_on)] += _own(
                rule, facts, bands.measure, own
            )
        if bonus is None:
            return
        place = bucket(bonus.period, facts.earned_on)
        if bonus.kind == "threshold":
            if not bands or (bands.measure, bands.period) != (bonus.measure, bonus.period):
                self._sums[rule.id, bonus.measure, place] += _own(rule, facts, bonus.measure, own)
            if self._sums[rule.id, bonus.measure, place] >= bonus.value:
                self._reached.add((rule.id, place))
        elif facts.trigger == rule.trigger and facts.is_first_part:
            if bonus.kind == "streak":
                self._streaks[rule.id] = (place, self._streak_with(rule.id, place))
            elif bonus.kind == "nth" or facts.kind == "renewal":
                key = facts.referral if bonus.kind == "renewal" else place
                self._sums[rule.id, bonus.kind, key] += 1

    def _take(self, facts: Facts, draft: AccrualDraft, rule: Rule) -> None:
        minor = draft.amount.minor
        bonus, cap = rule.terms.bonus, rule.terms.cap
        if bonus:
            self._paid.add((rule.id, bucket(bonus.period, facts.earned_on)))
        if cap:
            self._earned[_cap_place(cap, facts, rule.id)] += minor
        if draft.payee:
            return
        for place in {_cap_place(cap, facts, 0) for cap in self._caps}:
            self._earned[place] += minor
        if facts.trigger == "qualified":
            self._open_deductions[facts.referral] += minor
        elif draft.trace.math and draft.trace.math.deducted_minor:
            self._open_deductions[facts.referral] -= draft.trace.math.deducted_minor

    def _streak_with(self, rule_id: int, place: int) -> int:
        last, length = self._streaks.get(rule_id, (place - 2, 0))
        if last == place:
            return length
        return length + 1 if last == place - 1 else 1


def own_minor(facts: Facts, policy: Policy) -> int:
    """Return what an event adds to sums, in minor units: its base or the part that came in, a refund takes off."""
    base = base_of(inputs_of(facts, policy))
    return -base if facts.trigger == "refund" else base


def _cap_place(cap: Cap, facts: Facts, rule_id: int) -> Place:
    whose = facts.referral if cap.per == "referral" else ""
    when = bucket(cap.period, facts.earned_on)
    return rule_id, whose, cap.per, cap.period, when, facts.base.currency


def _own(rule: Rule, facts: Facts, measure: str, own: int) -> int:
    """Return what an event adds to a measure of a rule."""
    if measure == "count":
        counting = "qualified" if rule.trigger == "qualified" else "won"
        return 1 if facts.trigger == counting and facts.is_first_part else 0
    if rule.trigger == "won":
        return own if facts.trigger == "won" else 0
    if facts.trigger not in {"revenue", "refund"}:
        return 0
    return own if measure == "revenue" or facts.kind == "sale" else 0
