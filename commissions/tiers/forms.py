"""What tiers, their rules and benefits are kept with."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commissions.tiers.models import Benefit, Tier
from commissions.tiers.rules import Numbers, Settings
from commissions.tiers.selectors import step
from commissions.tiers.services import TierTerms
from prm.money import Money
from prm.web.forms import DateField, MoneyField

SIDES = ("entry", "keep")


class TierForm(forms.Form):
    """A tier's name, once, and what it asks for; the lowest has a name only."""

    use_required_attribute = False

    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        help_text=_("Plans refer to a tier by its name, so it stays."),
    )

    def __init__(
        self, *args: Any, currency: str, tier: Tier | None, is_lowest: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.is_lowest = currency, is_lowest
        if tier:
            del self.fields["name"]
        if is_lowest:
            return
        at = step(tier) if tier else None
        for side in SIDES:
            numbers: Numbers = getattr(at, side) if at else Numbers()
            self.fields[f"{side}_wins"] = _count(_("Wins"), numbers.wins, 100_000)
            self.fields[f"{side}_sales"] = MoneyField(
                label=_("Value of won deals"),
                currencies=[currency],
                required=False,
                initial=Money(numbers.minor, currency) if numbers.minor else None,
            )
            self.fields[f"{side}_courses"] = _count(
                _("Certificates of courses"), numbers.courses, 1_000
            )

    def clean(self) -> dict[str, Any]:
        """A tier above the lowest asks for something, and for no more to stay than to come."""
        data = self.cleaned_data
        if self.is_lowest or self.errors:
            return data
        terms = self.terms
        if terms.entry == Numbers():
            self.add_error("entry_wins", _("Say what a partner has to show to reach this tier"))
        for name, label in (("wins", "wins"), ("minor", "sales"), ("courses", "courses")):
            if getattr(terms.keep, name) > getattr(terms.entry, name):
                self.add_error(f"keep_{label}", _("Ask for no more to stay than to reach the tier"))
        return data

    @property
    def terms(self) -> TierTerms:
        """What a valid form asks for."""
        if self.is_lowest:
            return TierTerms()
        return TierTerms(*(self._numbers(side) for side in SIDES))

    def _numbers(self, side: str) -> Numbers:
        data = self.cleaned_data
        sales: Money | None = data.get(f"{side}_sales")
        return Numbers(
            data.get(f"{side}_wins") or 0,
            sales.minor if sales else 0,
            data.get(f"{side}_courses") or 0,
        )


class TierRulesForm(forms.Form):
    """How a program counts, and when partners move."""

    use_required_attribute = False

    months = forms.IntegerField(label=_("Months that count"), min_value=1, max_value=60)
    match = forms.ChoiceField(
        label=_("A tier is reached with"),
        choices=[("all", _("All that it asks for")), ("any", _("Any of what it asks for"))],
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace"),
        min_value=0,
        max_value=730,
        help_text=_("A tier just reached cannot be lost for so long."),
    )
    notice_days = forms.IntegerField(
        label=_("Days of notice"),
        min_value=0,
        max_value=365,
        help_text=_("A partner is told so long before it moves down, and stays if it catches up."),
    )
    is_automatic = forms.BooleanField(
        label=_("Move partners every night"),
        required=False,
        help_text=_("Otherwise somebody looks at the moves first and carries them out."),
    )

    @property
    def settings(self) -> Settings:
        """What a valid form says."""
        return Settings(**self.cleaned_data)


class BenefitForm(forms.Form):
    """What comes with a tier, and from when until when."""

    use_required_attribute = False

    title = forms.CharField(label=_("Benefit"), max_length=120)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("How a partner gets it. Partners read this."),
    )
    tier = forms.ChoiceField(
        label=_("From tier"), help_text=_("Partners of this tier and of those above have it.")
    )
    starts_on = DateField(label=_("First day"))
    ends_on = DateField(label=_("Last day"), required=False, help_text=_("Empty: without an end."))

    def __init__(
        self, *args: Any, tiers: list[Tier], benefit: Benefit | None, today: date, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"starts_on": today}
        if benefit:
            initial = {
                name: getattr(benefit, name)
                for name in ("title", "description", "starts_on", "ends_on")
            } | {"tier": str(benefit.tier_id)}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [(str(tier.id), tier.name) for tier in tiers]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        data = self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Choose a last day that is not before the first"))
        return data


def _count(label: Any, value: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=most, initial=value or None
    )
