"""The editor of a plan version: its dates, and as many rules as rows."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from commissions.plans.rules import Rule, Version
from commissions.plans.services import PlanTerms, RuleTerms
from prm.money import Money
from prm.web.forms import DateField, MoneyField, PercentField

MAX_RULES = 8
# (trigger, scope) by what a row says it pays for
EVENTS = {
    "qualified": ("qualified", ""),
    "won": ("won", ""),
    "first": ("revenue", "first"),
    "months": ("revenue", "months"),
    "lifetime": ("revenue", "lifetime"),
}


class PlanForm(forms.Form):
    """What a version says apart from its rules."""

    starts_on = DateField(
        label=_("In force from"),
        help_text=_("Referrals registered from this day on are priced by it, for ever."),
    )
    hold_days = forms.IntegerField(
        label=_("Hold, in days"),
        min_value=0,
        max_value=730,
        help_text=_("From the day a commission is earned until it may be paid."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    note = forms.CharField(
        label=_("Note for colleagues"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Why the terms change. Partners do not see it."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["minimum_payout"] = MoneyField(
            currencies=[currency],
            label=_("Smallest payout"),
            required=False,
            help_text=_("Less is carried forward to the next payout."),
        )
        self.order_fields(["starts_on", "hold_days", "minimum_payout", "note"])

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """Return the start: midnight of the tenant's zone."""
        return datetime.combine(self.cleaned_data["starts_on"], time(), zone).astimezone(UTC)


# Asked for by clean(), only where event and reward need them; the page shows only those.
CONDITIONAL = ("rate", "amount", "months")


class RuleForm(forms.Form):
    """One row: for what, how much."""

    use_required_attribute = False

    event = forms.ChoiceField(
        label=_("Pays"),
        choices=[
            ("qualified", _("When a referral qualifies")),
            ("won", _("When a referral is won")),
            ("first", _("On the customer's first payment")),
            ("months", _("On payments of the first months")),
            ("lifetime", _("On every payment")),
        ],
    )
    reward = forms.ChoiceField(
        label=_("Reward"), choices=[("percent", _("A percentage")), ("fixed", _("A fixed amount"))]
    )
    rate = PercentField(label=_("Percentage"), places=4)
    months = forms.IntegerField(
        label=_("Number of months"),
        min_value=1,
        max_value=120,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    label = forms.CharField(label=_("Name on statements"), required=False, max_length=80)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(currencies=[currency], label=_("Fixed amount"))
        self.order_fields(["event", "reward", "rate", "amount", "months", "label"])

    def _clean_fields(self) -> None:
        for name in CONDITIONAL:
            self.fields[name].required = False
        super()._clean_fields()  # type: ignore[misc]
        for name in CONDITIONAL:
            self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen event and reward need."""
        data = self.cleaned_data
        fixed = data.get("reward") == "fixed"
        if data.get("event") == "qualified" and not fixed:
            self.add_error(
                "reward", _("A qualified referral has no value yet: choose a fixed amount")
            )
        elif (
            fixed
            and "amount" not in self.errors
            and not (data.get("amount") and data["amount"].minor)
        ):
            self.add_error("amount", _("Enter an amount above 0"))
        elif not fixed and "rate" not in self.errors and not data.get("rate"):
            self.add_error("rate", _("Enter a percentage above 0"))
        if data.get("event") == "months" and "months" not in self.errors and not data.get("months"):
            self.add_error("months", _("Enter a number of months"))
        return data

    @property
    def terms(self) -> RuleTerms:
        """The rule a valid row says."""
        data = self.cleaned_data
        trigger, scope = EVENTS[data["event"]]
        fixed = data["reward"] == "fixed"
        return RuleTerms(
            trigger=trigger,
            reward=data["reward"],
            amount_minor=data["amount"].minor if fixed else None,
            rate=None if fixed else data["rate"],
            scope=scope,
            months=data["months"] if scope == "months" else None,
            label=data["label"],
        )


class ExampleForm(forms.Form):
    """The deal of the worked example; a bad one is shown as such and refuses nothing."""

    def __init__(self, data: Any = None, *, currency: str, deal: Money) -> None:
        super().__init__(data, initial={"example": deal})
        self.usual = deal
        self.fields["example"] = MoneyField(
            currencies=[currency], zero=False, label=_("Example deal")
        )

    @property
    def deal(self) -> Money:
        """The deal given, or the usual one."""
        return self.cleaned_data["example"] if self.is_valid() else self.usual


# What the editor offers where a program has no plan yet.
FIRST_RULES = (RuleTerms("revenue", "percent", rate=Decimal("0.1"), scope="first"),)


class PlanEditor:
    """The whole editor: the form, its rows, and what the buttons between them do; it works without scripts."""

    def __init__(
        self,
        currency: str,
        *,
        terms: PlanTerms | None = None,
        starts_on: Any = None,
        data: QueryDict | None = None,
    ) -> None:
        self.currency = currency
        self.action = data.get("act", "save") if data else ""
        if data is None:
            shown = terms or PlanTerms(FIRST_RULES)
            self.form = PlanForm(
                currency=currency,
                initial={
                    "starts_on": starts_on,
                    "hold_days": shown.hold_days,
                    "minimum_payout": Money(shown.minimum_payout_minor, currency)
                    if shown.minimum_payout_minor
                    else None,
                    "note": shown.note,
                },
            )
            self.rows = [
                self._row(number, initial=_initial(rule, currency))
                for number, rule in enumerate(shown.rules)
            ]
        else:
            self.form = PlanForm(data, currency=currency)
            numbers = [
                int(text)
                for text in data.getlist("row")[:MAX_RULES]
                if text.isascii() and text.isdigit() and len(text) < 4
            ]
            gone = (
                int(self.action.removeprefix("remove-"))
                if re.fullmatch(r"remove-[0-9]{1,3}", self.action)
                else None
            )
            self.rows = [
                self._row(number, data) for number in dict.fromkeys(numbers) if number != gone
            ]
            if self.action == "add" and self.may_add:
                self.rows.append(
                    self._row(
                        max(numbers, default=-1) + 1,
                        initial={"event": "lifetime", "reward": "percent"},
                    )
                )

    def _row(
        self, number: int, data: QueryDict | None = None, initial: dict[str, Any] | None = None
    ) -> RuleForm:
        return RuleForm(data, currency=self.currency, prefix=f"r{number}", initial=initial)

    @property
    def numbered(self) -> list[tuple[str, RuleForm]]:
        """The rows with the number each carries."""
        return [((row.prefix or "")[1:], row) for row in self.rows]

    @property
    def may_add(self) -> bool:
        """Whether another row fits."""
        return len(self.rows) < MAX_RULES

    @property
    def wants_saving(self) -> bool:
        """Whether a saving button was pressed, not one that changes the rows or the example."""
        return self.action in {"save", "review"}

    @cached_property
    def is_valid(self) -> bool:
        """Whether everything can be saved."""
        return all([self.form.is_valid(), *(row.is_valid() for row in self.rows)]) and bool(
            self.rows
        )

    @property
    def problems(self) -> list[dict[str, str]]:
        """The rows' errors for the summary, each with the field it leads to."""
        found = [] if self.rows else [{"text": str(_("Add at least one rule")), "target": ""}]
        for number, row in enumerate(self.rows, start=1):
            for name, errors in row.errors.items():
                words = {"number": number, "problem": errors[0]}
                found.append(
                    {
                        "text": str(_("Rule %(number)s: %(problem)s") % words),
                        "target": row[name].id_for_label,
                    }
                )
        return found

    @property
    def terms(self) -> PlanTerms:
        """What a valid editor says."""
        data = self.form.cleaned_data
        minimum = data.get("minimum_payout")
        return PlanTerms(
            [row.terms for row in self.rows],
            data["hold_days"],
            minimum.minor if minimum else 0,
            data["note"],
        )

    @cached_property
    def complete(self) -> list[RuleForm]:
        """The rows of which the worked example can tell what they pay."""
        return [row for row in self.rows if row.is_bound and row.is_valid()]

    def preview(self) -> Version:
        """Return the complete rows as the engine takes them, for the worked example."""
        return preview_of([row.terms for row in self.complete], self.currency)


def preview_of(rules: Sequence[RuleTerms], currency: str) -> Version:
    """Return rules as a version the engine takes, before there is one."""
    return Version(
        id=UUID(int=0),
        number=0,
        currency=currency,
        starts_at=datetime.min.replace(tzinfo=UTC),
        ends_at=None,
        hold_days=0,
        minimum_payout_minor=0,
        rules=tuple(
            Rule(
                number,
                rule.trigger,
                rule.reward,
                rule.amount_minor,
                rule.rate,
                rule.scope,
                rule.months,
                rule.label,
            )
            for number, rule in enumerate(rules)
        ),
    )


def _initial(rule: RuleTerms, currency: str) -> dict[str, Any]:
    event = next(name for name, key in EVENTS.items() if key == (rule.trigger, rule.scope))
    return {
        "event": event,
        "reward": rule.reward,
        "amount": Money(rule.amount_minor, currency) if rule.amount_minor else None,
        "rate": rule.rate,
        "months": rule.months,
        "label": rule.label,
    }
