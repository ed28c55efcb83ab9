"""What is asked about a win, a payment, a refund, and a file of them."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.money import Money
from prm.web.forms import DateField, FileDrop, HintedChoiceField, MoneyField
from referrals.revenue.codes import CODE_LENGTH
from referrals.revenue.models import PAYMENT_KINDS, REVERSAL_KINDS, RevenueKind

MAX_UPLOAD = 2 * 1024 * 1024


def code_field() -> forms.CharField:
    """Return the question for a partner's code, which a customer may have given."""
    return forms.CharField(
        label=_("Partner's code"),
        max_length=CODE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The code that the customer gave, if any. It is counted once."),
    )


class WinForm(forms.Form):
    """The deal a referral was won with. seen: the stage the person saw it in."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, currency: str, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["deal"] = MoneyField(
            currencies=[currency],
            label=_("Deal value"),
            help_text=_(
                "What the customer pays first. 0 when nothing is billed yet; record payments as they come."
            ),
        )
        self.fields["code"] = code_field()


class PaymentForm(forms.Form):
    """Money a customer paid."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = HintedChoiceField(
        label=_("Kind of payment"),
        choices=[(kind.value, kind.label) for kind in PAYMENT_KINDS],
        hints={
            RevenueKind.SALE.value: _("The customer buys for the first time"),
            RevenueKind.RENEWAL.value: _("The customer goes on for another period"),
            RevenueKind.EXPANSION.value: _("The customer buys more"),
        },
    )
    booked_on = DateField(label=_("Booked on"))
    external_id = forms.CharField(
        label=_("Your reference"),
        max_length=100,
        required=False,
        help_text=_("Invoice or payment number. The same reference is never booked twice."),
    )
    code = code_field()
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, currency: str, today: date, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["amount"] = MoneyField(currencies=[currency], zero=False, label=_("Amount"))
        self.fields["booked_on"] = DateField(label=_("Booked on"), latest=today)
        self.order_fields(["kind", "amount", "booked_on", "external_id", "code", "note", "key"])

    @property
    def reference(self) -> str:
        """The reference given, or one made of the form's own key."""
        return self.cleaned_data["external_id"].strip() or f"form:{self.cleaned_data['key']}"


class RefundForm(forms.Form):
    """Money given back on one payment."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    kind = HintedChoiceField(
        label=_("What happened"),
        choices=[(kind.value, kind.label) for kind in REVERSAL_KINDS],
        hints={
            RevenueKind.REFUND.value: _("You gave the money back"),
            RevenueKind.CHARGEBACK.value: _("The customer's bank took it back"),
        },
    )
    external_id = forms.CharField(
        label=_("Your reference"),
        max_length=100,
        required=False,
        help_text=_("Credit note or refund number. The same reference is never booked twice."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(
        self, data: Any = None, *, left: Money, earliest: date, today: date, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.left = left
        self.fields["amount"] = MoneyField(
            currencies=[left.currency], zero=False, label=_("Amount given back")
        )
        self.fields["booked_on"] = DateField(label=_("Booked on"), earliest=earliest, latest=today)
        self.order_fields(["kind", "amount", "booked_on", "external_id", "note", "key"])

    @property
    def reference(self) -> str:
        """The reference given, or one made of the form's own key."""
        return self.cleaned_data["external_id"].strip() or f"form:{self.cleaned_data['key']}"


class RevenueFileForm(forms.Form):
    """A file of payments and refunds."""

    file = forms.FileField(
        label=_("Choose a file"),
        widget=FileDrop(accept=".csv,.xlsx", limits=_("CSV or Excel, up to 2 MB and 5,000 rows")),
        error_messages={
            "required": _("Choose a file"),
            "empty": _("The file is empty. Choose another one."),
        },
    )

    def clean_file(self) -> Any:
        """Refuse large files before reading them."""
        file = self.cleaned_data["file"]
        if file.size > MAX_UPLOAD:
            raise forms.ValidationError(_("The file is larger than 2 MB. Split it into parts."))
        return file
