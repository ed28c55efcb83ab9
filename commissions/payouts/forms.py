"""Forms about payouts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from commissions.payouts.details import PayoutDetails
from commissions.payouts.models import PayoutMethod
from commissions.payouts.rules import (
    BankNumber,
    NotABic,
    NotAnAccountNumber,
    bank_number,
    checked_bic,
    sepa_number,
)
from commissions.payouts.selectors import CurrencyTotal
from prm.web.forms import DateField, HintedChoiceField, MoneyField

NUMBER_PROBLEMS = {
    "checksum": _("The check digits do not fit. Look for a mistyped or swapped character"),
    "length": _("This number has the wrong length for its country"),
    "country": _("SEPA does not reach this country. Choose bank transfer instead"),
    "form": _("Enter the account number with letters and digits only"),
}


def checked_number(method: str, text: str) -> BankNumber:
    """Check an account number for a method of payment. Raises ValidationError in words."""
    try:
        return sepa_number(text) if method == PayoutMethod.SEPA else bank_number(text)
    except NotAnAccountNumber as problem:
        raise ValidationError(NUMBER_PROBLEMS[problem.why], code=problem.why) from problem


def _bic(text: str) -> str:
    try:
        return checked_bic(text)
    except NotABic as problem:
        raise ValidationError(
            _("Enter a BIC of 8 or 11 characters, or leave it empty"), code="bic"
        ) from problem


class PayoutDetailsForm(forms.Form):
    """Where a partner wants to be paid; the number is never shown again in full."""

    method = HintedChoiceField(
        label=_("How you are paid"),
        choices=PayoutMethod.choices,
        hints={
            PayoutMethod.SEPA: _("Euros to an account with an IBAN in the SEPA area"),
            PayoutMethod.BANK: _("Any currency to an account anywhere"),
        },
        initial=PayoutMethod.SEPA,
    )
    holder = forms.CharField(
        label=_("Account holder"), max_length=140, help_text=_("As the bank knows it")
    )
    number = forms.CharField(
        label=_("IBAN or account number"),
        max_length=50,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )
    bic = forms.CharField(
        label=_("BIC (SWIFT)"),
        max_length=11,
        required=False,
        help_text=_("Not needed for an IBAN in the SEPA area"),
    )
    country = forms.CharField(required=False, max_length=2, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, check_url: str = "", for_partner: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if for_partner:
            self.fields["method"].label = _("How the partner is paid")
        if check_url:
            self.fields["number"].widget.attrs.update(
                {
                    "hx-post": check_url,
                    "hx-trigger": "change",
                    "hx-target": "#number-check",
                    "hx-include": "closest form",
                    "hx-swap": "innerHTML",
                },
            )

    def clean_bic(self) -> str:
        """Check the BIC."""
        return _bic(self.cleaned_data["bic"])

    def clean(self) -> dict[str, Any]:
        """Check the number against the method."""
        data = super().clean() or {}
        if data.get("method") and data.get("number"):
            try:
                self.found = checked_number(data["method"], data["number"])
            except ValidationError as problem:
                self.add_error("number", problem)
        return data

    def details(self) -> PayoutDetails:
        """Return what was entered, checked."""
        data = self.cleaned_data
        bic = data["bic"] or self.found.bic
        return PayoutDetails(
            data["method"], data["holder"].strip(), self.found.number, bic, self.found.country
        )


class DebtorForm(forms.Form):
    """The vendor's account that SEPA files are paid from."""

    iban = forms.CharField(
        label=_("IBAN"),
        max_length=50,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    bic = forms.CharField(
        label=_("BIC (SWIFT)"),
        max_length=11,
        required=False,
        help_text=_("Found from the IBAN for most banks"),
    )

    def clean_iban(self) -> BankNumber:
        """Check the IBAN."""
        return checked_number(PayoutMethod.SEPA, self.cleaned_data["iban"])

    def clean_bic(self) -> str:
        """Check the BIC."""
        return _bic(self.cleaned_data["bic"])


class RunForm(forms.Form):
    """What is submitted with a preview."""

    pay_on = DateField(label=_("Day the bank should pay"))
    seen_digest = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pay_on"] = DateField(
            label=self.fields["pay_on"].label,
            earliest=today,
            error_messages={"bounds": _("Choose today or a later day")},
        )


def left_out_ids(values: Sequence[str]) -> list[UUID]:
    """Return the partners ticked to be left out; what is no id is ignored."""
    found = []
    for value in values[:5000]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


class ApproveForm(forms.Form):
    """The total of each currency, typed by the person who approves, and the digest of what they saw."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, totals: Sequence[CurrencyTotal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.totals = {f"total_{total.currency.lower()}": total for total in totals}
        for name, total in self.totals.items():
            self.fields[name] = MoneyField(
                label=_("Type the total in %(currency)s") % {"currency": total.currency},
                currencies=[total.currency],
            )

    def clean(self) -> Mapping[str, Any]:  # type: ignore[override]
        """Compare what was typed with the run."""
        data = super().clean() or {}
        for name, total in self.totals.items():
            if name in data and data[name] != total.money:
                self.add_error(
                    name,
                    ValidationError(
                        _(
                            "This is not the total of the run. Check the list again before you approve"
                        ),
                        code="total",
                    ),
                )
        return data


class ReasonForm(forms.Form):
    """Why something is sent back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
