"""The form on partners' pages: as little as a call needs, with the visitor's own consent."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from prm.web.forms import EmailField, WebAddressField
from referrals.pipeline.rules import normalised_company
from referrals.sharing.codes import find_coupon
from referrals.sharing.models import SharingRules
from referrals.sharing.settings import asked_fields

LONGEST_MESSAGE = 2000


class LeadForm(forms.Form):
    """Company, name and email; what else the program asks; consent."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your name")},
    )
    email = EmailField(
        label=_("Work email"),
        max_length=254,
        error_messages={"required": _("Enter your email address")},
    )
    company = forms.CharField(
        label=_("Company"),
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("Enter your company's name")},
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    website = WebAddressField(label=_("Website"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    message = forms.CharField(
        label=_("What is it about?"),
        max_length=LONGEST_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    coupon = forms.CharField(label=_("Code"), max_length=40, required=False)
    consent = forms.BooleanField(
        error_messages={"required": _("Agree to be contacted, or nobody can call you back")}
    )

    def __init__(
        self,
        *args: Any,
        rules: SharingRules,
        program_id: UUID,
        consent_text: str,
        at: Any,
        **kw: Any,
    ) -> None:
        """Ask what the program asks. consent_text: what the box says, and what is kept as agreed to."""
        super().__init__(*args, **kw)
        self.program_id, self.at = program_id, at
        self.fields["consent"].label = consent_text
        self.fields["country"].choices = [("", "—"), *countries]  # type: ignore[attr-defined]
        asked = {"name", "email", "company", "coupon", "consent", *asked_fields(rules)}
        for name in [name for name in self.fields if name not in asked]:
            del self.fields[name]

    def clean_company(self) -> str:
        """Refuse a name without a letter or digit: nothing could ever be compared with it."""
        company = str(self.cleaned_data["company"])
        if not normalised_company(company):
            raise forms.ValidationError(_("Enter your company's name"), code="required")
        return company

    def clean_coupon(self) -> str:
        """Tell at once that a code does not work, so that it can be mended or left out."""
        code = str(self.cleaned_data["coupon"]).strip()
        if code and find_coupon(code=code, program_id=self.program_id, at=self.at) is None:
            raise forms.ValidationError(
                _("This code is not known or no longer valid. Check it, or leave it out.")
            )
        return code

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields before the consent, in their order."""
        return [self[name] for name in self.fields if name not in {"consent", "coupon"}]
