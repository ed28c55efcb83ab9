"""One rule of the editor: its type says which fields it has; bands and conditions are rows of their own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.plans.checks import check_terms
from commissions.plans.forms_rows import BandForm, ConditionForm, Rows, conditions_from
from commissions.plans.services import RuleTerms
from commissions.plans.terms import (
    Band,
    Bands,
    Bonus,
    Cap,
    Terms,
    TermsInvalid,
    bands_from,
)
from prm.money import Money
from prm.web.forms import MoneyField, PercentField

# (trigger, scope) by what a row says it pays for
EVENTS = {
    "qualified": ("qualified", ""),
    "won": ("won", ""),
    "first": ("revenue", "first"),
    "months": ("revenue", "months"),
    "active": ("revenue", "active"),
    "lifetime": ("revenue", "lifetime"),
}
# What can be added, and the fields each has. A rule may join two kinds: "bands+threshold".
KINDS = {
    "share": ("rate", "amount"),
    "bands": ("measure", "period", "mode"),
    "nth": ("rate", "amount", "n", "period", "repeat"),
    "streak": ("rate", "amount", "n", "period"),
    "threshold": ("rate", "amount", "measure", "value_count", "value_money", "period"),
    "uplift": ("rate", "measure", "value_count", "value_money", "period", "uplift_rate"),
    "renewal": ("rate", "amount", "n"),
}
ALWAYS = ("event", "reward", "months", "label", "payee", "cap", "cap_per")
BONUSES = ("nth", "streak", "threshold", "renewal")
MOST_BANDS, MOST_CONDITIONS = 12, 12
CAPS = {
    "referral": ("referral", "lifetime"),
    "partner": ("partner", "lifetime"),
    "year": ("partner", "year"),
    "quarter": ("partner", "quarter"),
    "month": ("partner", "month"),
}


def kind_choices() -> list[tuple[str, str]]:
    """Return the kinds of rules in words."""
    return [
        ("share", gettext("A percentage or a fixed amount")),
        ("bands", gettext("Bands: more from a number or a sum on")),
        ("nth", gettext("A bonus for every so-many, or the n-th")),
        ("streak", gettext("A bonus for periods in a row")),
        ("threshold", gettext("A bonus once a sum is reached")),
        ("uplift", gettext("A higher percentage from a sum on")),
        ("renewal", gettext("A bonus on renewals")),
    ]


class RuleForm(forms.Form):
    """One row: for what, how much; only the fields of its kind."""

    use_required_attribute = False

    event = forms.ChoiceField(
        label=_("Pays"),
        choices=[
            ("qualified", _("When a referral qualifies")),
            ("won", _("When a referral is won")),
            ("first", _("On the customer's first payment")),
            ("months", _("On payments of the first months")),
            ("active", _("On every payment while the partner is active")),
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
    n = forms.IntegerField(
        label=_("Number"),
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    repeat = forms.BooleanField(label=_("Again with every further so-many"), required=False)
    measure = forms.ChoiceField(
        label=_("Counted by"),
        choices=[
            ("sales", _("Sum of new sales")),
            ("revenue", _("Sum of all payments")),
            ("count", _("Number of wins or referrals")),
        ],
    )
    value_count = forms.IntegerField(
        label=_("Number to reach"),
        min_value=1,
        max_value=10**6,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    period = forms.ChoiceField(
        label=_("Counted per"),
        choices=[
            ("lifetime", _("The whole time")),
            ("year", _("Calendar year")),
            ("quarter", _("Quarter")),
            ("month", _("Month")),
        ],
    )
    mode = forms.ChoiceField(
        label=_("A band's percentage counts for"),
        choices=[
            ("marginal", _("The part inside the band")),
            ("whole", _("The whole amount that reaches it")),
        ],
    )
    uplift_rate = PercentField(label=_("Percentage from then on"), places=4)
    label = forms.CharField(label=_("Name on statements"), required=False, max_length=80)
    payee = forms.ChoiceField(
        label=_("Paid to"),
        required=False,
        choices=[
            ("partner", _("The partner")),
            ("rep", _("The person who sent the referral")),
        ],
        help_text=_(
            "Only where the partner allows it. Where it allows no money, the person gets something of the same worth."
        ),
    )
    cap_per = forms.ChoiceField(
        label=_("Limit per"),
        required=False,
        choices=[
            ("referral", _("Referral")),
            ("partner", _("Partner, in all")),
            ("year", _("Partner and calendar year")),
            ("quarter", _("Partner and quarter")),
            ("month", _("Partner and month")),
        ],
    )

    def __init__(
        self, data: QueryDict | None = None, *, currency: str, kind: str, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.kind, self.currency = kind, currency
        self.fields["amount"] = MoneyField(currencies=[currency], label=_("Fixed amount"))
        self.fields["value_money"] = MoneyField(
            currencies=[currency], zero=False, label=_("Sum to reach")
        )
        self.fields["cap"] = MoneyField(
            currencies=[currency], zero=False, required=False, label=_("At most")
        )
        own = [name for part in kind.split("+") for name in KINDS[part]]
        shown = [*ALWAYS[:2], *dict.fromkeys(own), *ALWAYS[2:]]
        self._narrow(shown)
        for name in set(self.fields) - set(shown):
            del self.fields[name]
        self.order_fields(shown)
        prefix = kwargs.get("prefix", "")
        initial = kwargs.get("initial") or {}
        self.bands = Rows(
            BandForm,
            data,
            prefix=f"{prefix}-b",
            most=MOST_BANDS,
            initial=initial.get("bands", [{"start": "0"}, {}])
            if "bands" in kind.split("+")
            else [],
            options={"currency": currency},
        )
        self.conditions = Rows(
            ConditionForm,
            data,
            prefix=f"{prefix}-c",
            most=MOST_CONDITIONS,
            initial=initial.get("conditions", []),
            options={"currency": currency},
        )

    def _narrow(self, shown: Sequence[str]) -> None:
        """Take out of the choices what the kind cannot be, and say what its number counts."""
        parts = self.kind.split("+")
        events, periods = self.fields["event"], self.fields["period"]
        if "renewal" in parts:
            events.choices = [row for row in events.choices if EVENTS[row[0]][0] == "revenue"]  # type: ignore[attr-defined]
            self.fields["n"].required = False
            self.fields["n"].label = _("Renewal number")
            self.fields["n"].help_text = _("Empty: every renewal.")
        if "streak" in parts:
            periods.choices = [row for row in periods.choices if row[0] != "lifetime"]  # type: ignore[attr-defined]
            self.fields["n"].label = _("Periods in a row")
        if "uplift" in parts:
            events.choices = [row for row in events.choices if row[0] != "qualified"]  # type: ignore[attr-defined]
            self.fields["reward"].choices = [("percent", _("A percentage"))]  # type: ignore[attr-defined]

    @property
    def kind_words(self) -> str:
        """What kind of rule it is."""
        words = dict(kind_choices())
        return ", ".join(words[part] for part in self.kind.split("+"))

    @property
    def has_bands(self) -> bool:
        """Whether the rule is one of bands."""
        return "bands" in self.kind.split("+")

    @property
    def main_fields(self) -> list[Any]:
        """The fields that every reader of the rule needs; limits and conditions are folded."""
        return [self[name] for name in self.fields if name not in {"payee", "cap", "cap_per"}]

    @property
    def more_fields(self) -> list[Any]:
        """The fields of the fold."""
        return [self[name] for name in ("cap", "cap_per", "payee")]

    @property
    def has_more(self) -> bool:
        """Whether the fold says something, so that it is open."""
        payee = self["payee"].value()
        return bool(
            self.conditions.forms
            or self["cap"].value() not in (None, "", ["", self.currency], [None, self.currency])
            or (payee and payee != "partner")
        )

    @property
    def has_errors(self) -> bool:
        """Whether anything of the row was refused."""
        return bool(self.errors) or self.bands.has_errors or self.conditions.has_errors

    def _clean_fields(self) -> None:
        # Asked for by clean(), only where event, reward and measure need them; the page shows only those.
        conditional = {"rate", "amount", "months", "value_count", "value_money"} & set(self.fields)
        for name in conditional:
            self.fields[name].required = False
        super()._clean_fields()  # type: ignore[misc]
        for name in conditional:
            self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen event and reward need, then for terms that can be priced."""
        data = self.cleaned_data
        fixed = data.get("reward") == "fixed"
        if data.get("event") == "qualified" and not fixed:
            self.add_error(
                "reward", _("A qualified referral has no value yet: choose a fixed amount")
            )
        elif fixed and not self.has_bands:
            self._need("amount", _("Enter an amount above 0"))
        elif not self.has_bands:
            self._need("rate", _("Enter a percentage above 0"))
        if data.get("event") == "months":
            self._need("months", _("Enter a number of months"))
        if "value_count" in self.fields and data.get("measure") == "count":
            self._need("value_count", _("Enter a number above 0"))
        elif "value_money" in self.fields:
            self._need("value_money", _("Enter an amount above 0"))
        if self.has_bands:
            self.bands.each("check", fixed=fixed, counts=data.get("measure") == "count")
        if not (self.has_open_rows or self.has_errors):
            self._price()
        return data

    @property
    def has_open_rows(self) -> bool:
        """Whether a band or a condition was just added and says nothing yet."""
        return not all(row.is_bound for row in [*self.bands.forms, *self.conditions.forms])

    def _need(self, name: str, words: Any) -> None:
        value = self.cleaned_data.get(name)
        given = value.minor if isinstance(value, Money) else value
        if name in self.fields and name not in self.errors and not given:
            self.add_error(name, words)

    def _price(self) -> None:
        """Refuse terms that the engine would, at the field or the row that is at fault."""
        data = self.cleaned_data
        try:
            trigger, _scope = EVENTS[data["event"]]
            self.cleaned_data["terms"] = terms = self._terms()
            check_terms(terms, trigger=trigger, reward=data["reward"])
        except TermsInvalid as fault:
            self._refuse(fault)

    def _refuse(self, fault: TermsInvalid) -> None:
        area, _dot, place = fault.place.partition(".")
        if area == "bands" and place.isdigit() and int(place) < len(self.bands.forms):
            self.bands.forms[int(place)].refuse(fault.code)
        elif area == "bands" and not place:
            self.add_error("measure", _("Add at least one band"))
        elif fault.place == "bands.measure":
            self.add_error("measure", _("Before a win only a number can be counted"))
        elif area == "bonus":
            name = {"kind": "event", "measure": "measure", "period": "period"}.get(place, "event")
            self.add_error(
                name if name in self.fields else "event",
                _("This bonus cannot be paid on what you chose"),
            )
        else:
            self.add_error("event", _("These terms cannot be priced: check each part"))

    def _terms(self) -> Terms:
        data = self.cleaned_data
        cap = data.get("cap")
        per, period = CAPS[data.get("cap_per") or "referral"]
        return Terms(
            groups=conditions_from(self.conditions.forms),
            bands=self._bands() if self.has_bands else None,
            bonus=self._bonus(),
            cap=Cap(cap.minor, per, period) if cap else None,
            payee=data.get("payee") or "partner",
        )

    def _bands(self) -> Bands:
        data = self.cleaned_data
        rows = [form.written for form in self.bands.forms]
        return Bands(
            bands=bands_from(rows),
            mode=data["mode"],
            measure=data["measure"],
            period=data["period"],
        )

    def _bonus(self) -> Bonus | None:
        data = self.cleaned_data
        kind = next((part for part in self.kind.split("+") if part in {*BONUSES, "uplift"}), "")
        if not kind:
            return None
        value = 0
        if kind in {"threshold", "uplift"}:
            counts = data["measure"] == "count"
            value = data["value_count"] if counts else data["value_money"].minor
        return Bonus(
            kind="threshold" if kind == "uplift" else kind,
            n=data.get("n") or 0,
            period=data.get("period") or "lifetime",
            measure=data.get("measure") or "count",
            value=value,
            uplift_rate=data.get("uplift_rate"),
            repeat=bool(data.get("repeat")),
        )

    @property
    def terms(self) -> RuleTerms:
        """The rule a valid row says."""
        data = self.cleaned_data
        trigger, scope = EVENTS[data["event"]]
        fixed, terms = data["reward"] == "fixed", data["terms"]
        amount = data["amount"].minor if fixed and "amount" in data and data["amount"] else None
        rate: Decimal | None = None if fixed else data.get("rate")
        if terms.bands:
            amount, rate = _headline(terms.bands.bands, fixed=fixed)
        return RuleTerms(
            trigger=trigger,
            reward=data["reward"],
            amount_minor=amount,
            rate=rate,
            scope=scope,
            months=data["months"] if scope == "months" else None,
            label=data["label"],
            terms=terms,
        )


def _headline(bands: Sequence[Band], *, fixed: bool) -> tuple[int | None, Decimal | None]:
    """Return the amount or rate that a rule of bands carries beside them: the first one above nothing."""
    if fixed:
        return next(row.amount_minor for row in bands if row.amount_minor), None
    return None, next(row.rate for row in bands if row.rate)


def initial_of(rule: RuleTerms, currency: str) -> tuple[str, dict[str, Any]]:
    """Return the kind of a rule and what its row shows."""
    event = next(name for name, key in EVENTS.items() if key == (rule.trigger, rule.scope))
    terms = rule.terms
    shown: dict[str, Any] = {
        "event": event,
        "reward": rule.reward,
        "amount": _money(rule.amount_minor, currency),
        "rate": rule.rate,
        "months": rule.months,
        "label": rule.label,
        "payee": terms.payee,
        "conditions": ConditionForm.initial_of(terms.groups, currency),
    }
    kinds = []
    if terms.bands:
        kinds.append("bands")
        shown |= {
            "mode": terms.bands.mode,
            "measure": terms.bands.measure,
            "period": terms.bands.period,
            "bands": BandForm.initial_of(terms.bands, currency),
        }
    if bonus := terms.bonus:
        kinds.append("uplift" if bonus.uplift_rate is not None else bonus.kind)
        counts = bonus.measure == "count"
        shown |= {
            "n": bonus.n or None,
            "repeat": bonus.repeat,
            "period": bonus.period,
            "measure": bonus.measure,
            "value_count": bonus.value if counts else None,
            "value_money": None if counts else _money(bonus.value, currency),
            "uplift_rate": bonus.uplift_rate,
        }
    if terms.cap:
        key = (terms.cap.per, "lifetime" if terms.cap.per == "referral" else terms.cap.period)
        shown["cap"] = _money(terms.cap.minor, currency)
        shown["cap_per"] = next(name for name, value in CAPS.items() if value == key)
    return "+".join(kinds) or "share", shown


def _money(minor: int | None, currency: str) -> Money | None:
    return Money(minor, currency) if minor else None
