"""Forms about a partner's profile, goals and plan."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from partners.directory.listed import language_name
from partners.directory.models import PartnerGoal
from partners.directory.profile_rules import (
    ABOUT_LENGTH,
    INDUSTRIES,
    LANGUAGES,
    MAX_REGIONS,
    PLAN_LENGTH,
    SERVICES,
    ProfileFacts,
)
from prm.web.choices import country_choices, currency_choices, language_in_words
from prm.web.forms import (
    LARGEST_MINOR,
    LONGEST_AMOUNT,
    DateField,
    EmailField,
    FileDrop,
    NotAnAmount,
    amount_minor,
)

LOGO_BYTES = 2_000_000


class ProfileForm(forms.Form):
    """What a partner says about itself."""

    services = forms.MultipleChoiceField(
        label=_("Services"),
        choices=list(SERVICES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    industries = forms.MultipleChoiceField(
        label=_("Industries"),
        choices=list(INDUSTRIES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    regions = forms.MultipleChoiceField(
        label=_("Countries you work in"),
        required=False,
        help_text=_("Hold Ctrl or Command to choose several"),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages you speak"),
        required=False,
        help_text=_("Hold Ctrl or Command to choose several"),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    contact_email = EmailField(
        label=_("Email for customers"),
        required=False,
        help_text=_("Visitors of the directory see it; use one of the company, not a person's"),
    )
    contact_phone = forms.CharField(label=_("Phone for customers"), max_length=40, required=False)
    logo = forms.FileField(
        label=_("Choose a logo"),
        required=False,
        widget=FileDrop(accept="image/png,image/jpeg", limits=_("PNG or JPEG, at most 2 MB")),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["regions"].choices = country_choices()[1:]  # type: ignore[attr-defined]
        self.fields["languages"].choices = sorted(  # type: ignore[attr-defined]
            ((code, language_name(code)) for code in LANGUAGES), key=lambda pair: pair[1]
        )
        about = self.initial.get("about") or {}
        for code, _name in settings.LANGUAGES:
            self.fields[f"about_{code}"] = forms.CharField(
                label=_("About your company, in %(language)s")
                % {"language": language_in_words(code)},
                max_length=ABOUT_LENGTH,
                required=False,
                initial=about.get(code, ""),
                widget=forms.Textarea(attrs={"rows": 4}),
            )

    @property
    def about_fields(self) -> list[Any]:
        """The description once per language."""
        return [self[f"about_{code}"] for code, _name in settings.LANGUAGES]

    def clean_regions(self) -> list[str]:
        """Return at most sixty countries."""
        codes: list[str] = self.cleaned_data["regions"]
        if len(codes) > MAX_REGIONS:
            raise forms.ValidationError(
                _("Choose at most %(count)s countries"),
                code="many",
                params={"count": MAX_REGIONS},
            )
        return codes

    @property
    def facts(self) -> ProfileFacts:
        """What the profile is to say."""
        given = self.cleaned_data
        return ProfileFacts(
            about={code: given[f"about_{code}"] for code, _name in settings.LANGUAGES},
            services=given["services"],
            industries=given["industries"],
            regions=given["regions"],
            languages=given["languages"],
            contact_email=given["contact_email"],
            contact_phone=given["contact_phone"],
        )


class PlanForm(forms.Form):
    """The mutual business plan."""

    plan = forms.CharField(
        label=_("Business plan"),
        max_length=PLAN_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Markdown. The partner reads it too"),
    )


class GoalForm(forms.Form):
    """A goal for a partner."""

    metric = forms.ChoiceField(label=_("Goal"), choices=PartnerGoal.Metric.choices)
    target = forms.CharField(
        label=_("Target"),
        max_length=LONGEST_AMOUNT,
        help_text=_("A number, or an amount when the goal is revenue"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"required": _("Enter a number above 0")},
    )
    currency = forms.ChoiceField(label=_("Currency"), help_text=_("Only for revenue"))
    from_on = DateField(label=_("From"))
    until_on = DateField(label=_("Until"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = currency_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the target in its unit, and look at the days."""
        given = super().clean() or {}
        money = given.get("metric") == PartnerGoal.Metric.REVENUE
        try:
            unit = given.get("currency", "EUR") if money else "JPY"
            target = amount_minor(given.get("target", ""), unit)
        except NotAnAmount:
            target = 0
        if not 0 < target < LARGEST_MINOR:
            self.add_error("target", _("Enter a number above 0"))
        begin, end = given.get("from_on"), given.get("until_on")
        if begin and end and end < begin:
            self.add_error("until_on", _("Choose a day after the first one"))
        return {**given, "target": target}
