"""What a contest is drafted and changed with."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.contests.models import Competes, Metric, TieRule
from commissions.contests.rules import PrizeTerms
from commissions.contests.services import ContestTerms
from prm.money import Money
from prm.web.forms import DateField, HintedChoiceField, MoneyField

PLACES = 5
LONGEST_DAYS = 366
# Where the form says what stops a contest.
FIELDS_LACKING = {"prizes": "amount_1", "past": "starts_on", "ends": "ends_on"}
WHO_HINTS: dict[str, Any] = {
    Competes.COMPANIES: gettext_lazy("Everything a partner brings counts for the partner."),
    Competes.PEOPLE: gettext_lazy(
        "A referral counts for the person who sent it. Only people whose company allows them rewards take part;"
        " where it allows no money, a prize in money becomes a reward worth as much."
    ),
}


class ContestForm(forms.Form):
    """Conditions and prizes; days of the tenant's zone, both included."""

    use_required_attribute = False

    title = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("What it is about"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Partners read this above the rules."),
    )
    starts_on = DateField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("Publish before it: nobody wins by what was not announced."),
    )
    ends_on = DateField(
        label=gettext_lazy("Last day"), help_text=gettext_lazy("Counts to its last second.")
    )
    competes = HintedChoiceField(
        label=gettext_lazy("Who competes"),
        choices=Competes.choices,
        hints=WHO_HINTS,
        initial=Competes.COMPANIES,
    )
    metric = forms.ChoiceField(label=gettext_lazy("What counts"), choices=Metric.choices)
    products = forms.CharField(
        label=gettext_lazy("Products that count"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Separated by commas. Empty: all."),
    )
    tie_rule = forms.ChoiceField(label=gettext_lazy("With the same score"), choices=TieRule.choices)
    check_days = forms.IntegerField(
        label=gettext_lazy("Days before prizes are given"),
        min_value=0,
        max_value=90,
        initial=7,
        help_text=gettext_lazy("A win that is taken back by then does not count."),
    )

    def __init__(
        self,
        *args: Any,
        currency: str,
        tiers: list[str],
        zone: ZoneInfo,
        terms: ContestTerms | None = None,
        asks_reason: bool = False,
        **kwargs: Any,
    ) -> None:
        self.currency, self.zone, self.kept = currency, zone, terms
        if terms:
            kwargs["initial"] = _initial(terms, currency, zone)
        super().__init__(*args, **kwargs)
        self.fields["least_count"] = forms.IntegerField(
            label=_("Fewest referrals to win"),
            required=False,
            min_value=1,
            max_value=100_000,
            help_text=_("Where referrals are counted. Empty: one."),
        )
        self.fields["least_value"] = MoneyField(
            label=_("Least value to win"),
            currencies=[currency],
            required=False,
            zero=False,
            help_text=_("Where value is counted. Empty: any won deal."),
        )
        if tiers:
            self.fields["tiers"] = forms.MultipleChoiceField(
                label=_("Tiers that take part"),
                required=False,
                choices=[(name, name) for name in tiers],
                widget=forms.CheckboxSelectMultiple,
                help_text=_("None chosen: all. The tier on the first day decides."),
            )
        for rank in range(1, PLACES + 1):
            self.fields[f"amount_{rank}"] = MoneyField(
                label=_("Prize in money"), currencies=[currency], required=False, zero=False
            )
            self.fields[f"goods_{rank}"] = forms.CharField(
                label=_("Or something else"), required=False, max_length=120
            )
            self.fields[f"cost_{rank}"] = MoneyField(
                label=_("What that costs you"), currencies=[currency], required=False
            )
        if asks_reason:
            self.fields["reason"] = forms.CharField(
                label=_("Why the conditions change"),
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("Every partner of the program reads this."),
            )

    @property
    def places(self) -> list[tuple[int, Any, Any, Any]]:
        """The fields of each place's prize, for the template."""
        return [
            (rank, self[f"amount_{rank}"], self[f"goods_{rank}"], self[f"cost_{rank}"])
            for rank in range(1, PLACES + 1)
        ]

    def clean(self) -> dict[str, Any]:
        """The days make a time, prizes go from the first place on, each money or something else."""
        data = self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last:
            if last < first:
                self.add_error("ends_on", _("Choose a last day that is not before the first"))
            elif last - first > timedelta(days=LONGEST_DAYS):
                self.add_error("ends_on", _("A contest lasts a year at most"))
        gap = 0
        for rank in range(1, PLACES + 1):
            money, goods = data.get(f"amount_{rank}"), data.get(f"goods_{rank}")
            if money and goods:
                self.add_error(f"goods_{rank}", _("Give either money or something else"))
            if data.get(f"cost_{rank}") and not goods:
                self.add_error(f"cost_{rank}", _("Only a prize that is not money has a cost"))
            if not money and not goods:
                gap = gap or rank
            elif gap:
                self.add_error(f"amount_{gap}", _("Give this place a prize before the next one"))
        return data

    @property
    def terms(self) -> ContestTerms:
        """What a valid form says."""
        data = self.cleaned_data
        value: Money | None = data.get("least_value")
        least = (value.minor if value else 1) if data["metric"] == Metric.VALUE else None
        return ContestTerms(
            title=data["title"],
            description=data["description"],
            starts_at=self._moment("starts_at", data["starts_on"]),
            ends_at=self._moment("ends_at", data["ends_on"] + timedelta(days=1)),
            competes=data["competes"],
            metric=data["metric"],
            products=tuple(
                dict.fromkeys(name.strip() for name in data["products"].split(",") if name.strip())
            ),
            tiers=tuple(data.get("tiers", ())),
            least=least or data.get("least_count") or 1,
            tie_rule=data["tie_rule"],
            check_days=data["check_days"],
            prizes=tuple(self._prizes()),
        )

    def _moment(self, name: str, day: date) -> datetime:
        """Return the first moment of a day; what was kept stays while its day does, whatever zone it was said in."""
        kept: datetime | None = getattr(self.kept, name, None)
        if kept and kept.astimezone(self.zone).date() == day:
            return kept
        return datetime.combine(day, time(), self.zone)

    def _prizes(self) -> list[PrizeTerms]:
        data, found = self.cleaned_data, []
        for rank in range(1, PLACES + 1):
            money, goods, cost = (
                data.get(f"{name}_{rank}") for name in ("amount", "goods", "cost")
            )
            if money:
                found.append(PrizeTerms(rank, amount_minor=money.minor))
            elif goods:
                found.append(PrizeTerms(rank, goods=goods, cost_minor=cost.minor if cost else 0))
        return found


class ReasonForm(forms.Form):
    """Why a contest is called off."""

    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Every partner of the program reads this."),
    )


def _initial(terms: ContestTerms, currency: str, zone: ZoneInfo) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "title": terms.title,
        "description": terms.description,
        "starts_on": terms.starts_at.astimezone(zone).date(),
        "ends_on": terms.ends_at.astimezone(zone).date() - timedelta(days=1),
        "competes": terms.competes,
        "metric": terms.metric,
        "products": ", ".join(terms.products),
        "tiers": list(terms.tiers),
        "tie_rule": terms.tie_rule,
        "check_days": terms.check_days,
    }
    if terms.metric == Metric.VALUE:
        initial["least_value"] = Money(terms.least, currency) if terms.least > 1 else None
    else:
        initial["least_count"] = terms.least
    for prize in terms.prizes:
        if prize.amount_minor:
            initial[f"amount_{prize.rank}"] = Money(prize.amount_minor, currency)
        else:
            initial[f"goods_{prize.rank}"] = prize.goods
            if prize.cost_minor:
                initial[f"cost_{prize.rank}"] = Money(prize.cost_minor, currency)
    return initial
