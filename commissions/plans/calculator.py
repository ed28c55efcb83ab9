"""The calculator: what some customers would earn a partner under a plan, by the engine that books rewards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.plans.periods import months_later
from commissions.plans.rules import Happening, priced_history
from commissions.plans.shapes import Facts, Rule, Version
from commissions.plans.wording import reward_name
from prm.money import Money, currency_exponent
from prm.web.forms import MoneyField

MOST_CUSTOMERS, MOST_PAYMENTS = 50, 36
NUMERIC = {"inputmode": "numeric"}


class CalculatorForm(forms.Form):
    """How many customers, what each pays and how often; sent by GET, so that a result can be shared."""

    use_required_attribute = False

    customers = forms.IntegerField(
        label=_("Customers won in a year"),
        min_value=1,
        max_value=MOST_CUSTOMERS,
        widget=forms.NumberInput(attrs=NUMERIC),
    )
    payments = forms.IntegerField(
        label=_("Monthly payments of each"),
        min_value=1,
        max_value=MOST_PAYMENTS,
        widget=forms.NumberInput(attrs=NUMERIC),
    )

    def __init__(self, data: Any = None, *, currency: str, **kwargs: Any) -> None:
        usual = {
            "customers": 4,
            "payments": 12,
            "value": Money(1_000 * 10 ** currency_exponent(currency), currency),
        }
        super().__init__(data, initial=usual, **kwargs)
        self.usual = usual
        self.fields["value"] = MoneyField(
            currencies=[currency], zero=False, label=_("Each payment")
        )
        self.order_fields(["customers", "value", "payments"])

    @classmethod
    def of(cls, params: Any, currency: str) -> "CalculatorForm":
        """Return the form of an address, bound when it carries an answer."""
        return cls(params if "customers" in params else None, currency=currency)

    @property
    def given(self) -> dict[str, Any]:
        """What was given when it is valid, else the usual."""
        return self.cleaned_data if self.is_bound and self.is_valid() else self.usual


@dataclass(frozen=True)
class Sum:
    """What one rule earned: how often, and how much in minor units."""

    name: str
    times: int
    amount_minor: int


@dataclass(frozen=True)
class Calculated:
    """What the customers would earn in all; left_out: the plan asks for things that nobody knows yet."""

    sums: list[Sum]
    total_minor: int
    currency: str
    left_out: bool


def calculated(
    version: Version, *, customers: int, value: Money, payments: int, start: date
) -> Calculated:
    """Price customers won at equal distances over a year from the start, each paying monthly from its win on.

    A deal's value is what all payments come to. Product, country, tier and own fields are not known: conditions on
    them are not met.
    """
    told = [Happening(facts, version) for facts in _story(customers, value, payments, start)]
    found: dict[int, Sum] = {}
    rules = {rule.id: rule for rule in version.rules}
    for _event, drafts in priced_history(told):
        for draft in drafts:
            before = found.get(draft.rule_id) or Sum(reward_name(rules[draft.rule_id]), 0, 0)
            found[draft.rule_id] = Sum(
                before.name, before.times + 1, before.amount_minor + draft.amount.minor
            )
    sums = [found[rule.id] for rule in version.rules if rule.id in found]
    return Calculated(
        sums,
        sum(row.amount_minor for row in sums),
        version.currency,
        any(_asks_more(rule) for rule in version.rules),
    )


def _story(customers: int, value: Money, payments: int, start: date) -> Iterable[Facts]:
    deal = Money(value.minor * payments, value.currency)
    nothing = Money(0, value.currency)
    told = []
    for number in range(customers):
        day, name = start + timedelta(days=365 * number // customers), f"{number:03}"
        told.append(
            (day, 0, Facts("qualified", nothing, day, referral=name, deal_minor=deal.minor))
        )
        told.append((day, 1, Facts("won", deal, day, referral=name, deal_minor=deal.minor)))
        for place in range(payments):
            paid = months_later(day, place)
            facts = Facts(
                "revenue",
                value,
                paid,
                place + 1,
                day,
                referral=name,
                kind="renewal" if place else "sale",
                deal_minor=deal.minor,
            )
            told.append((paid, 2, facts))
    return [facts for _day, _order, facts in sorted(told, key=lambda row: row[:2])]


def _asks_more(rule: Rule) -> bool:
    known = {"payment", "deal"}
    return any(row.field not in known for group in rule.terms.groups for row in group.conditions)
