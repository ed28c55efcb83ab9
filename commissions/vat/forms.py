"""Forms about VAT: what a partner says, its invoices, what the vendor sets."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from commissions.vat.models import VatKind
from commissions.vat.rules import (
    WITH_WORDS,
    NotAVatNumber,
    Treatment,
    checked_vat_number,
)
from commissions.vat.services import SettingsDraft
from commissions.vat.wording import treatment_name
from prm.tenancy.models import LANGUAGE_CHOICES
from prm.web.forms import DateField, FileDrop, HintedChoiceField, MoneyField, PercentField

# Beginnings that vendors may take over: what papers of the European Union usually say.
USUAL_WORDS = {
    Treatment.REVERSE: {
        "en": "Reverse charge: VAT is owed by the customer (Articles 44 and 196, Directive 2006/112/EC).",
        "it": "Inversione contabile: IVA a carico del committente (artt. 44 e 196 direttiva 2006/112/CE).",
    },
    Treatment.IMPORT: {
        "en": "Service supplied from outside the European Union: VAT is owed by the customer.",
        "it": "Servizio reso da fuori dell’Unione europea: IVA a carico del committente.",
    },
    Treatment.EXPORT: {
        "en": "Outside the scope of VAT: the customer is established in another country.",
        "it": "Operazione fuori campo IVA: il committente è stabilito in un altro paese.",
    },
    Treatment.SMALL: {
        "en": "Exempt from VAT: scheme for small businesses.",
        "it": "Operazione senza applicazione dell’IVA: regime delle piccole imprese.",
    },
    Treatment.UNREGISTERED: {
        "en": "No VAT: the supplier is not registered for it.",
        "it": "Senza IVA: il fornitore non è soggetto passivo.",
    },
}


class StatusForm(forms.Form):
    """What a partner is to the VAT office."""

    kind = HintedChoiceField(
        label=_("What are you?"),
        choices=VatKind.choices,
        hints={
            VatKind.REGISTERED: _("You write VAT on your invoices, or owe it abroad."),
            VatKind.SMALL: _("A scheme for small businesses frees you from it."),
            VatKind.UNREGISTERED: _("You are a business and have no VAT number."),
            VatKind.PERSON: _("You earn commissions without a business."),
        },
        error_messages={"required": _("Choose what you are")},
    )
    number = forms.CharField(
        label=_("VAT number"),
        required=False,
        max_length=30,
        help_text=_("Stored encrypted; it appears in full on your invoices."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean(self) -> dict[str, Any]:
        """Want a number of those who are registered, and check it."""
        values: dict[str, Any] = super().clean() or {}
        kind, number = values.get("kind"), values.get("number", "")
        if kind == VatKind.REGISTERED and not number:
            self.add_error("number", _("Enter your VAT number"))
        elif number and kind in {VatKind.REGISTERED, VatKind.SMALL}:
            try:
                checked_vat_number(self.country, number)
            except NotAVatNumber:
                self.add_error(
                    "number",
                    _("Check the number: it is not a VAT number of %(country)s")
                    % {"country": countries.name(self.country) or self.country},
                )
        return values


class InvoiceForm(forms.Form):
    """A partner's invoice with what it says."""

    number = forms.CharField(
        label=_("Invoice number"),
        max_length=40,
        error_messages={"required": _("Enter the number of the invoice")},
    )
    invoiced_on = DateField(
        label=_("Invoice date"), error_messages={"required": _("Enter the date of the invoice")}
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["net"] = MoneyField(label=_("Net"), currencies=[currency])
        self.fields["vat"] = MoneyField(label=_("VAT"), currencies=[currency])
        self.fields["file"] = forms.FileField(
            label=_("The invoice"),
            widget=FileDrop(accept=".pdf,.png,.jpg,.jpeg", limits=_("PDF or picture, up to 10 MB")),
            error_messages={"required": _("Choose the file of the invoice")},
        )
        # What was ready when the form was opened: earned since is for the next one.
        self.fields["upto"] = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class RefuseForm(forms.Form):
    """What is wrong with an invoice."""

    note = forms.CharField(
        label=_("What is wrong"),
        max_length=300,
        help_text=_("The partner reads it."),
        error_messages={
            "required": _("Say what is wrong, so that the partner can send a better one")
        },
    )


class SettingsForm(forms.Form):
    """How a vendor deals with VAT."""

    starts_on = DateField(
        label=_("Add VAT to payouts from"),
        required=False,
        help_text=_("Payout runs from that day on. Leave empty not to deal with VAT here."),
    )
    vat_id = forms.CharField(
        label=_("Your VAT number"),
        required=False,
        max_length=30,
        help_text=_("Between two countries of the EU the reverse charge needs both numbers."),
    )
    offers_self_billing = forms.BooleanField(
        label=_("Write invoices for partners who agree (self-billing)"), required=False
    )
    begins = forms.RegexField(
        regex=r"^[A-Za-z0-9]{1,8}$",
        label=_("Numbers begin with"),
        max_length=8,
        help_text=_("SB gives SB-2026-0001. A new year begins at 1."),
        error_messages={"invalid": _("Use up to 8 letters and digits")},
    )
    wants_status = forms.BooleanField(
        label=_("Hold payouts until the partner said how it is taxed"), required=False
    )
    wants_invoice = forms.BooleanField(
        label=_("Hold payouts until the partner’s own invoice is approved"),
        required=False,
        help_text=_("Does not concern self-billing and private persons."),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean_vat_id(self) -> str:
        """Return the number as it is printed."""
        text = str(self.cleaned_data["vat_id"])
        if not text:
            return ""
        try:
            return checked_vat_number(self.country, text)
        except NotAVatNumber as error:
            raise forms.ValidationError(
                _("Check the number: it is not a VAT number of %(country)s")
                % {"country": countries.name(self.country) or self.country}
            ) from error

    def draft(self, words: dict[str, dict[str, str]]) -> SettingsDraft:
        """Return the settings with the words that are kept."""
        values = dict(self.cleaned_data)
        begins = values.pop("begins").upper()
        return SettingsDraft(**values, prefix=begins, words=words)


class WordsForm(forms.Form):
    """The law's words for each treatment, in each language."""

    def __init__(self, *args: Any, words: dict[str, dict[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for treatment in WITH_WORDS:
            for code, language in LANGUAGE_CHOICES:
                kept = words.get(treatment, {}).get(code)
                self.fields[f"{treatment}_{code}"] = forms.CharField(
                    label=_("%(treatment)s, %(language)s")
                    % {"treatment": treatment_name(treatment), "language": language},
                    required=False,
                    max_length=300,
                    initial=USUAL_WORDS[treatment][code] if kept is None else kept,
                    widget=forms.Textarea(attrs={"rows": 2}),
                )

    def words(self) -> dict[str, dict[str, str]]:
        """Return treatment -> language -> text."""
        return {
            str(treatment): {
                code: self.cleaned_data[f"{treatment}_{code}"] for code, _label in LANGUAGE_CHOICES
            }
            for treatment in WITH_WORDS
        }


class RateForm(forms.Form):
    """A country's rate from a day on."""

    country = forms.ChoiceField(
        label=_("Country"), error_messages={"required": _("Choose a country")}
    )
    rate = PercentField(
        label=_("Rate"), low=Decimal(0), error_messages={"required": _("Enter the rate of the tax")}
    )
    from_on = DateField(label=_("From"), error_messages={"required": _("Enter the first day")})
    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=200,
        help_text=_("The law or page that says so."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = [("", _("Choose a country")), *countries]
