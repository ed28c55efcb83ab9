"""Forms about tax: what partners send, what finance says of it, what is wanted from whom."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from commissions.tax.models import FormKind
from commissions.tax.rules import NUMBERS, NotATaxNumber, checked_number
from partners.directory.models import PartnerType
from prm.web.forms import DateField, FileDrop, MoneyField, PercentField


class SendForm(forms.Form):
    """A number or a signed file, as the kind of form wants it."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind in NUMBERS:
            self.fields["number"] = forms.CharField(
                label=FormKind(kind).label,
                max_length=40,
                help_text=_("Stored encrypted; only the vendor's finance sees it in full."),
                error_messages={"required": _("Enter the number")},
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        else:
            self.fields["file"] = forms.FileField(
                label=_("The signed form"),
                widget=FileDrop(
                    accept=".pdf,.png,.jpg,.jpeg", limits=_("PDF or picture, up to 10 MB")
                ),
                error_messages={"required": _("Choose the signed form")},
            )

    def clean_number(self) -> str:
        """Return the number as it is kept."""
        try:
            return checked_number(self.kind, self.cleaned_data["number"])
        except NotATaxNumber as error:
            message = (
                _("Check the number: a VAT number begins with the country, like IT00743110157")
                if self.kind == FormKind.VAT_ID
                else _("Check the number: a codice fiscale has 16 characters or 11 digits")
            )
            raise forms.ValidationError(message) from error


class DecideForm(forms.Form):
    """Until when a form counts, or what is wrong with it."""

    valid_until = DateField(
        label=_("Counts until"),
        required=False,
        help_text=_("Leave empty when it has no last day. After it, payouts wait for a new form."),
    )
    note = forms.CharField(
        label=_("What is wrong"),
        max_length=300,
        required=False,
        help_text=_("The partner reads it when you refuse the form."),
    )

    def __init__(self, *args: Any, refuses: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if refuses:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = _(
                "Say what is wrong, so that the partner can send a better one"
            )


class RequirementForm(forms.Form):
    """Which form, from which partners."""

    form = forms.ChoiceField(label=_("Form"), choices=FormKind.choices)
    country = forms.ChoiceField(label=_("Country"), required=False)
    partner_type = forms.ChoiceField(label=_("Kind of partner"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_everybody(self)


class WithholdingForm(forms.Form):
    """How much is kept back, from whom, from when on."""

    country = forms.ChoiceField(label=_("Country"), required=False)
    partner_type = forms.ChoiceField(label=_("Kind of partner"), required=False)
    rate = PercentField(
        label=_("Rate"),
        low=Decimal("0.0001"),
        error_messages={"required": _("Enter the rate of the tax")},
    )
    share = PercentField(
        label=_("Share that is taxed"),
        low=Decimal("0.0001"),
        initial=Decimal(1),
        help_text=_("1,000.00 at 23% on 50% keeps back 115.00."),
        error_messages={"required": _("Enter the share, 100% for all of it")},
    )
    starts_on = DateField(
        label=_("From"),
        help_text=_("An earlier rule for the same partners ends the day before."),
        error_messages={"required": _("Enter the first day")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_everybody(self)


def _offer_everybody(form: forms.Form) -> None:
    country, kind = form.fields["country"], form.fields["partner_type"]
    country.choices = [("", _("Every country")), *countries]  # type: ignore[attr-defined]
    kind.choices = [("", _("Every kind")), *PartnerType.choices]  # type: ignore[attr-defined]


class ThresholdForm(forms.Form):
    """From which sum on partners of a country are reported."""

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"] = forms.ChoiceField(
            label=_("Country"),
            choices=[("", _("Choose a country")), *countries],
            error_messages={"required": _("Choose a country")},
        )
        self.fields["amount"] = MoneyField(label=_("Paid in the year"), currencies=currencies)
