"""Forms about programs and their own questions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from partners.programs.models import CustomFieldType, SuccessMetric
from partners.programs.rules import MAX_CHOICES
from prm.web.choices import currency_choices
from prm.web.formats import money_text, number_text
from prm.web.forms import LARGEST_MINOR, LONGEST_AMOUNT, NotAnAmount, amount_minor

# A currency without decimals: whole numbers are read as people write them.
COUNTED = "JPY"


def target_text(metric: str, target: int, currency: str) -> str:
    """Return a program's target as it is typed: an amount for revenue, else a number."""
    if metric == SuccessMetric.REVENUE:
        return money_text(target, currency, sign="none")
    return number_text(target)


def target_value(metric: str, text: str, currency: str) -> int:
    """Return a typed target: minor units for revenue, else a count. Raises NotAnAmount."""
    value = amount_minor(text, currency if metric == SuccessMetric.REVENUE else COUNTED)
    if not 0 < value < LARGEST_MINOR:
        raise NotAnAmount(text)
    return value


class ProgramForm(forms.Form):
    """What a program is and promises."""

    name = forms.CharField(
        label=_("Name"), max_length=120, error_messages={"required": _("Enter a name")}
    )
    summary = forms.CharField(
        label=_("Summary"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One or two sentences that partners read"),
    )
    objective = forms.CharField(
        label=_("Objective"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the program is to achieve; only your own people read it"),
    )
    metric = forms.ChoiceField(
        label=_("Metric"),
        choices=[("", _("Not chosen yet")), *SuccessMetric.choices],
        required=False,
        help_text=_("The one number by which the program is judged"),
    )
    metric_target = forms.CharField(
        label=_("Target a year"),
        max_length=LONGEST_AMOUNT,
        required=False,
        help_text=_("A number, or an amount when the metric is revenue"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    protection_days = forms.IntegerField(
        label=_("Protection in days"),
        min_value=0,
        max_value=3650,
        help_text=_("How long an accepted referral belongs to its partner alone"),
    )
    answer_hours = forms.IntegerField(
        label=_("First answer within business hours"),
        min_value=1,
        max_value=720,
        help_text=_(
            "Shown to partners, and decides what is due in the queue. Your working hours are in the settings"
        ),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any], currency: str) -> None:
        self.unit = currency
        initial = dict(initial)
        if initial.get("metric_target") is not None:
            initial["metric_target"] = target_text(
                initial.get("metric", ""), initial["metric_target"], currency
            )
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        """Read the target in the metric's unit."""
        given = super().clean() or {}
        text = given.get("metric_target", "").strip()
        currency = given.get("currency") or self.unit
        try:
            target = target_value(given.get("metric", ""), text, currency) if text else None
        except NotAnAmount:
            self.add_error("metric_target", _("Enter a number above 0"))
            target = None
        return {**given, "metric_target": target}

    @property
    def settings(self) -> dict[str, Any]:
        """The program's columns."""
        return dict(self.cleaned_data)


class NewProgramForm(ProgramForm):
    """A new program; its currency cannot be changed later."""

    currency = forms.ChoiceField(
        label=_("Currency"),
        help_text=_("Commissions are counted in it. It cannot be changed later"),
    )
    field_order = (
        "name",
        "currency",
        "summary",
        "objective",
        "metric",
        "metric_target",
        "protection_days",
        "answer_hours",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = currency_choices()  # type: ignore[attr-defined]

    @property
    def slug(self) -> str:
        """The program's address."""
        return slugify(self.cleaned_data["name"])[:60] or "program"


class QuestionForm(forms.Form):
    """One question of the program on the referral form."""

    label = forms.CharField(
        label=_("Question"), max_length=120, error_messages={"required": _("Enter the question")}
    )
    type = forms.ChoiceField(label=_("Answer"), choices=CustomFieldType.choices)
    required = forms.BooleanField(label=_("Must be answered"), required=False)
    choices = forms.CharField(
        label=_("Answers to choose from"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; only for “One of a list”"),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for answers to choose from where they are needed."""
        given = super().clean() or {}
        lines = dict.fromkeys(
            line.strip() for line in given.get("choices", "").splitlines() if line.strip()
        )
        if given.get("type") == CustomFieldType.CHOICE and not 2 <= len(lines) <= MAX_CHOICES:
            self.add_error("choices", _("Enter at least two answers, one a line"))
        return {**given, "choices": list(lines)}
