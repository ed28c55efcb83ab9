"""The form with which a prospect is sent."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from partners.programs.models import Program
from prm.web.domains import canonical_domain
from prm.web.forms import DateField, MoneyField
from referrals.claims.rules import Facts
from referrals.intake.services import ReferralDraft
from referrals.pipeline.models import Relationship, Role
from referrals.pipeline.rules import (
    company_domain,
    normalised_company,
    normalised_email,
    normalised_tax_id,
)

CUSTOM = "own_"
LONGEST_CONTEXT = 4000


class ReferralForm(forms.Form):
    """Company, person and email suffice; the program's own questions follow. Gives a ReferralDraft."""

    company = forms.CharField(
        label=_("Company name"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the company's name")},
    )
    website = forms.CharField(
        label=_("Website"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    contact_name = forms.CharField(
        label=_("Full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter the name of the person to contact")},
    )
    contact_email = forms.EmailField(
        label=_("Work email"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": _("Enter an email address"),
            "invalid": _("Enter an email address in the format name@company.com"),
        },
    )
    contact_title = forms.CharField(
        label=_("Job title"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact_phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        help_text=_("Speeds up the first call."),
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )
    context = forms.CharField(
        label=_("What should the vendor know?"),
        max_length=LONGEST_CONTEXT,
        required=False,
        help_text=_("How you know them, what they use now, when their contract ends."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    relationship = forms.ChoiceField(
        label=_("How do you know the company?"),
        required=False,
        choices=[("", _("Choose an answer")), *Relationship.choices],
    )
    role = forms.ChoiceField(
        label=_("What will you do for this deal?"),
        required=False,
        choices=Role.choices,
        initial=Role.INTRO,
    )
    product = forms.CharField(
        label=_("Product"),
        max_length=120,
        required=False,
        help_text=_("What they may need"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    tax_id = forms.CharField(
        label=_("VAT or tax number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    consent = forms.BooleanField(
        label=_("This person knows I am sharing their details"), required=False
    )
    confirm = forms.BooleanField(label=_("Send it anyway"), required=False)
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, program: Program, vendor: str, **options: Any) -> None:
        super().__init__(data, initial={"key": uuid4(), **options.pop("initial", {})}, **options)
        self.program = program
        names = [("", gettext("Choose a country")), *_countries(get_language() or "en")]
        self.fields["country"].choices = names  # type: ignore[attr-defined]
        self.fields["context"].label = gettext("What should %(vendor)s know?") % {"vendor": vendor}
        self.fields["consent"].help_text = gettext(
            "%(vendor)s contacts them about this introduction only."
        ) % {"vendor": vendor}
        self.fields["estimate"] = MoneyField(
            label=gettext("What may the deal be worth?"),
            currencies=[program.currency],
            required=False,
        )
        for question in program.custom_fields:
            self.fields[CUSTOM + question["key"]] = _question_field(question)

    @property
    def questions(self) -> list[Any]:
        """The program's own questions, bound."""
        return [self[CUSTOM + question["key"]] for question in self.program.custom_fields]

    def clean_company(self) -> str:
        """Refuse a name without a letter or digit: nothing could ever be compared with it."""
        company = str(self.cleaned_data["company"])
        if not normalised_company(company):
            raise ValidationError(_("Enter the company's name"), code="required")
        return company

    def clean_website(self) -> str:
        """Refuse what is not a web address."""
        website = str(self.cleaned_data["website"])
        if website and (
            " " in website
            or "." not in website
            or not (canonical_domain(website) or "." in website.strip("."))
        ):
            raise ValidationError(_("Enter a web address like company.com"), code="invalid")
        return website

    def looked_up(self) -> Facts:
        """Return what is said of the company, also by a form that is not complete yet; empty where unreadable."""
        website = str(self.data.get("website", ""))[:200]
        email = str(self.data.get("contact_email", ""))[:254]
        return Facts(
            name=normalised_company(str(self.data.get("company", ""))[:160]),
            domain=company_domain(website, email),
            email=normalised_email(email),
            tax_id=normalised_tax_id(str(self.data.get("tax_id", ""))[:40]),
            country=str(self.data.get("country", ""))[:2],
        )

    @property
    def draft(self) -> ReferralDraft:
        """The prospect, once the form is valid."""
        read = self.cleaned_data
        return ReferralDraft(
            program_id=self.program.id,
            company=read["company"],
            contact_name=read["contact_name"],
            contact_email=read["contact_email"],
            website=read["website"],
            country=read["country"],
            contact_title=read["contact_title"],
            contact_phone=read["contact_phone"],
            context=read["context"],
            consent=read["consent"],
            product=read["product"],
            tax_id=read["tax_id"],
            estimate_minor=read["estimate"].minor if read["estimate"] else None,
            relationship=read["relationship"],
            role=read["role"] or Role.INTRO,
            custom={
                question["key"]: _plain(read[CUSTOM + question["key"]])
                for question in self.program.custom_fields
                if read.get(CUSTOM + question["key"]) not in (None, "")
            },
        )


class StaffReferralForm(ReferralForm):
    """The same for the vendor's people, who say whose referral it is."""

    submitted_by = forms.ChoiceField(label=_("Sent by"), required=False)
    reason = forms.CharField(
        label=_("Why you enter it"),
        max_length=500,
        help_text=_("The partner is told, such as: they called while the portal was down."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why you enter it for the partner")},
    )

    def __init__(
        self, data: Any = None, *, people: Sequence[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["submitted_by"].choices = [("", gettext("Nobody in particular")), *people]  # type: ignore[attr-defined]

    @property
    def submitted_by_id(self) -> int | None:
        """The partner's person who gets the progress mails, when one was named."""
        chosen = self.cleaned_data["submitted_by"]
        return int(chosen) if chosen else None


@lru_cache(maxsize=8)
def _countries(language: str) -> list[tuple[str, str]]:
    """Return the countries by name; an accent does not move a letter: Å stands with A."""
    return sorted(
        ((code, str(name)) for code, name in countries),
        key=lambda row: normalize("NFKD", row[1]).encode("ascii", "ignore").lower(),
    )


def _question_field(question: dict[str, Any]) -> forms.Field:
    """Return the form field of one of a program's own questions."""
    label, required, kind = question["label"], bool(question.get("required")), question["type"]
    missing = {"required": gettext("Answer “%(question)s”") % {"question": label}}
    if kind == "number":
        limits: dict[str, Any] = {"max_digits": 15, "decimal_places": 4}
        return forms.DecimalField(
            label=label,
            required=required,
            localize=True,
            error_messages={**missing, "invalid": gettext("Enter a number")},
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            **limits,
        )
    if kind == "date":
        return DateField(label=label, required=required, error_messages=missing)
    if kind == "choice":
        choices = [
            ("", gettext("Choose an answer")),
            *((choice, choice) for choice in question["choices"]),
        ]
        return forms.ChoiceField(
            label=label, required=required, choices=choices, error_messages=missing
        )
    if kind == "yes_no":
        return forms.BooleanField(label=label, required=False)
    return forms.CharField(label=label, required=required, max_length=500, error_messages=missing)


def _plain(value: Any) -> Any:
    """Return an answer as JSON holds it: numbers as text without loss, days in ISO form."""
    if isinstance(value, bool | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else f"{value:f}"


def key_of(form: ReferralForm) -> UUID | None:
    """Return the key that makes two presses one referral."""
    return form.cleaned_data.get("key")
