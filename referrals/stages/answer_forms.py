"""What a program asks of the clock and of approvers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.choices import country_choices
from prm.web.forms import MoneyField
from referrals.pipeline.answer_models import Overdue
from referrals.pipeline.models import Role

LEVELS = 3
LONGEST_REASON = 80


class AnswersForm(forms.Form):
    """Late answers, standing still, reasons for losing."""

    overdue = forms.ChoiceField(
        label=_("When an answer is late"), choices=Overdue.choices, widget=forms.RadioSelect
    )
    escalate_to = forms.TypedChoiceField(
        label=_("Who is told"), required=False, coerce=int, empty_value=None
    )
    approve_after_hours = forms.IntegerField(
        label=_("Accept it after more business hours"),
        min_value=1,
        max_value=720,
        help_text=_("Only when you chose so above; never while somebody has to look at it"),
    )
    stall_days = forms.IntegerField(
        label=_("Tell both sides after days without a change"),
        min_value=0,
        max_value=365,
        help_text=_("0 tells nobody"),
    )
    reasons = forms.CharField(
        label=_("Reasons for losing"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One a line. Whoever loses a deal chooses one; the partner reads it"),
    )

    def __init__(
        self, data: Any = None, *, people: Sequence[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["escalate_to"].choices = [("", gettext("All program admins")), *people]  # type: ignore[attr-defined]

    def clean_reasons(self) -> list[str]:
        """Read the reasons; one that is too long is named."""
        lines = [line.strip() for line in self.cleaned_data["reasons"].splitlines()]
        for number, line in enumerate(lines, start=1):
            if len(line) > LONGEST_REASON:
                raise forms.ValidationError(
                    gettext("Line %(line)s is longer than %(most)s characters")
                    % {"line": number, "most": LONGEST_REASON}
                )
        return [line for line in lines if line]


class RouteForm(forms.Form):
    """Which referrals need approval, and by whom, one after the other."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Such as: Large deals in Germany")
    )
    countries = forms.MultipleChoiceField(
        label=_("Countries"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("None chosen: any country"),
    )
    product = forms.CharField(
        label=_("Product"), max_length=120, required=False, help_text=_("Left empty, any product")
    )
    role = forms.ChoiceField(
        label=_("What the partner does"), required=False, choices=[("", _("Either")), *Role.choices]
    )

    def __init__(
        self, data: Any = None, *, people: Sequence[tuple[str, str]], currency: str, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["least"] = MoneyField(
            label=_("Expected value from"),
            required=False,
            currencies=[currency],
            help_text=_("Left empty, any value"),
        )
        self.fields["countries"].choices = country_choices()[1:]  # type: ignore[attr-defined]
        for level in range(1, LEVELS + 1):
            label = gettext("Approver %(number)s") % {"number": level}
            self.fields[f"approver_{level}"] = forms.TypedChoiceField(
                label=label,
                required=level == 1,
                coerce=int,
                empty_value=None,
                choices=[("", gettext("Nobody")), *people],
            )
        self.fields["approver_1"].error_messages["required"] = gettext("Choose who approves")

    def clean(self) -> dict[str, Any]:
        """Refuse the same person twice."""
        given = super().clean() or {}
        people = [given.get(f"approver_{level}") for level in range(1, LEVELS + 1)]
        chosen = [person for person in people if person]
        if len(chosen) != len(set(chosen)):
            self.add_error("approver_2", gettext("Choose each person once"))
        return {**given, "approvers": chosen}
