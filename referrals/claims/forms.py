"""Forms of claims: availability, more time, decisions, rules, accounts."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from prm.web.domains import canonical_domain
from prm.web.forms import FileDrop
from referrals.claims.blueprint import LIMITS
from referrals.claims.models import Verdict
from referrals.claims.rules import Facts, Settings
from referrals.pipeline.rules import company_domain, normalised_company, normalised_email

LONGEST = 2000


class AvailabilityForm(forms.Form):
    """A company's name and its website, or the email of somebody there."""

    company = forms.CharField(
        label=_("Company name"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the company's name")},
    )
    address = forms.CharField(
        label=_("Website or work email"),
        max_length=200,
        help_text=_("Such as company.com or name@company.com"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter a website or an email address")},
    )

    def clean_company(self) -> str:
        """Refuse a name without a letter or digit."""
        company = str(self.cleaned_data["company"])
        if not normalised_company(company):
            raise ValidationError(_("Enter the company's name"), code="required")
        return company

    def clean_address(self) -> str:
        """Refuse what is neither a website nor an email address."""
        address = str(self.cleaned_data["address"]).strip()
        if not canonical_domain(address) and not normalised_email(address):
            raise ValidationError(
                _("Enter a web address like company.com, or an email address"), code="invalid"
            )
        return address

    @property
    def facts(self) -> Facts:
        """The company as records are compared, once the form is valid."""
        company, address = self.cleaned_data["company"], self.cleaned_data["address"]
        return Facts(
            name=normalised_company(company),
            domain=company_domain(address, ""),
            email=normalised_email(address),
        )

    @property
    def prefill(self) -> dict[str, str]:
        """The same for the address of the submission form."""
        address = self.cleaned_data["address"]
        place = "contact_email" if "@" in address else "website"
        return {"company": self.cleaned_data["company"], place: address}


class ExtensionForm(forms.Form):
    """What shows that the partner works on the account."""

    evidence = forms.CharField(
        label=_("What have you done, and what comes next?"),
        max_length=LONGEST,
        help_text=_("Meetings, offers, dates. The vendor decides by this."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say what you have done so far")},
    )
    file = forms.FileField(
        label=_("A file that shows it"),
        required=False,
        widget=FileDrop(
            accept=".pdf,.png,.jpg,.jpeg,.docx,.xlsx",
            limits=_("PDF, picture, Word or Excel, up to 10 MB"),
        ),
        error_messages={"empty": _("The file is empty")},
    )


class AnswerForm(forms.Form):
    """The answer to a request for more time."""

    answer = forms.CharField(
        label=_("Answer to the partner"),
        max_length=LONGEST,
        required=False,
        help_text=_("Needed when you refuse. The partner reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PairForm(forms.Form):
    """Whether two records are one company, and which of them goes on."""

    verdict = forms.ChoiceField(
        label=_("Your decision"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST,
        help_text=_("For your records. Partners do not see it."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why")},
    )

    def __init__(self, data: Any = None, *, choices: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["verdict"].choices = choices  # type: ignore[attr-defined]

    @property
    def decision(self) -> tuple[Verdict, str]:
        """The verdict, and the id of what stays, empty for different companies."""
        chosen = self.cleaned_data["verdict"]
        if chosen == Verdict.DIFFERENT:
            return Verdict.DIFFERENT, ""
        return Verdict.SAME, chosen


class ClaimRulesForm(forms.Form):
    """A program's rules of claims."""

    base_places = forms.IntegerField(
        label=_("Open protected companies per partner"),
        help_text=_("A partner that holds as many registers no further one until a place is free."),
    )
    floor_places = forms.IntegerField(
        label=_("Never fewer than"),
        help_text=_("Also for a partner that wins almost nothing of what it holds."),
    )
    places_per_win = forms.IntegerField(
        label=_("More for each win of the last 12 months"),
    )
    most_places = forms.IntegerField(label=_("Never more than"))
    heartbeat_days = forms.IntegerField(
        label=_("Released without a sign of work after, in days"),
        help_text=_("Notes, moves, answers and requests for more time are signs. 0 for never."),
    )
    heartbeat_warning_days = forms.IntegerField(label=_("Warned so many days before"))
    extension_days = forms.IntegerField(label=_("Days that more time adds"))
    most_extensions = forms.IntegerField(label=_("How often a company may get more time"))
    checks_per_day = forms.IntegerField(
        label=_("Availability questions per partner and day"),
    )
    hold_hours = forms.IntegerField(
        label=_("Hours a free company is kept for who asked"),
        help_text=_("0 for not at all."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (least, most) in LIMITS.items():
            field = self.fields[name]
            field.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
            field.error_messages["required"] = _("Enter a number")
            field.error_messages["invalid"] = _("Enter a whole number")
            field.min_value, field.max_value = least, most  # type: ignore[attr-defined]
            field.validators += [
                MinValueValidator(least),
                MaxValueValidator(most),
            ]

    def clean(self) -> dict[str, Any]:
        """Refuse limits that contradict each other, beside the field that does."""
        read: dict[str, Any] = self.cleaned_data
        base = read.get("base_places")
        if base and (read.get("floor_places") or 0) > base:
            self.add_error("floor_places", _("This is more than a partner starts with"))
        if base and (read.get("most_places") or base) < base:
            self.add_error("most_places", _("This is fewer than a partner starts with"))
        days, warning = read.get("heartbeat_days"), read.get("heartbeat_warning_days")
        if days and warning and warning >= days:
            self.add_error("heartbeat_warning_days", _("Warn before the release"))
        return read

    @property
    def settings(self) -> Settings:
        """The rules, once the form is valid."""
        return Settings(**self.cleaned_data)


class AccountsForm(forms.Form):
    """A file of the CRM's accounts."""

    file = forms.FileField(
        label=_("Choose a file"),
        widget=FileDrop(
            accept=".csv,.txt,.xlsx", limits=_("CSV or Excel, up to 10 MB and 100,000 rows")
        ),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty")},
    )
    remove_gone = forms.BooleanField(
        label=_("Remove accounts that are not in this file"),
        required=False,
        help_text=_("Only when the file holds all of them."),
    )
