"""What is asked about a win, a payment, a refund, and a file of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.money import Money
from prm.web.formats import money_text
from prm.web.forms import DateField, FileDrop, HintedChoiceField, MoneyField, with_unit
from referrals.revenue.codes import CODE_LENGTH
from referrals.revenue.models import PAYMENT_KINDS, REVERSAL_KINDS, RevenueKind
from referrals.revenue.naming import LONGEST_VALUE
from referrals.revenue.services import LONGEST_TERM, Sold

MAX_UPLOAD = 2 * 1024 * 1024
# What most payments need not say.
MORE = ("tax", "discount", "product", "term_months", "unpaid")


def code_field() -> forms.CharField:
    """Return the question for a partner's code, which a customer may have given."""
    return forms.CharField(
        label=_("Partner's code"),
        max_length=CODE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The code that the customer gave, if any. It is counted once."),
    )


class SoldForm(forms.Form):
    """What may be said of a sale beside its amount; a folded part of the forms that book one."""

    # The field of the amount that tax and discount are parts of.
    whole = "amount"

    product = forms.CharField(
        label=_("Product"),
        max_length=120,
        required=False,
        help_text=_("As your plans name it. Some plans pay for certain products only."),
    )
    term_months = with_unit(
        forms.IntegerField(
            label=_("Length of the contract"),
            required=False,
            min_value=1,
            max_value=LONGEST_TERM,
            error_messages={
                "invalid": _("Enter a whole number of months"),
                "min_value": _("Enter at least 1 month"),
                "max_value": _("Enter at most 1,200 months"),
            },
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        ),
        _("months"),
    )
    unpaid = forms.BooleanField(
        label=_("Not paid yet (invoice)"),
        required=False,
        help_text=_(
            "Record the money when it comes in. Plans that pay on money received wait for it."
        ),
    )

    def __init__(
        self, data: Any = None, *, currency: str, names: Sequence[str] = (), **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.named = {f"named_{place}": name for place, name in enumerate(names)}
        self.fields["tax"] = MoneyField(
            currencies=[currency], required=False, label=_("Tax in the amount")
        )
        self.fields["discount"] = MoneyField(
            currencies=[currency], required=False, label=_("Discount in the amount")
        )
        for field, name in self.named.items():
            self.fields[field] = forms.CharField(
                label=name,
                max_length=LONGEST_VALUE,
                required=False,
                help_text=_("A plan asks for it. Empty: what the referral says."),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse parts that leave nothing of the amount."""
        given = super().clean() or {}
        amount, tax, discount = given.get(self.whole), given.get("tax"), given.get("discount")
        parts = (tax.minor if tax else 0) + (discount.minor if discount else 0)
        if amount and parts and parts >= amount.minor:
            self.add_error(
                "tax" if tax and tax.minor else "discount",
                _("Tax and discount together must be less than the amount, %(amount)s")
                % {"amount": money_text(amount.minor, amount.currency)},
            )
        return given

    @property
    def sold(self) -> Sold:
        """What was said beside the amount."""
        given = self.cleaned_data
        return Sold(
            tax_minor=given["tax"].minor if given["tax"] else 0,
            discount_minor=given["discount"].minor if given["discount"] else 0,
            unpaid=given["unpaid"],
            product=given["product"].strip(),
            term_months=given["term_months"],
            metadata={name: given[field] for field, name in self.named.items() if given[field]},
        )

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The own fields that plans ask for."""
        return [self[field] for field in self.named]

    @property
    def more_said(self) -> bool:
        """Whether the folded part must be seen: an entry, an error, or a field that a plan asks for."""
        return bool(self.named) or any(self[name].errors or self.data.get(name) for name in MORE)


class WinForm(SoldForm):
    """The deal a referral was won with. seen: the stage the person saw it in."""

    whole = "deal"

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, currency: str, **options: Any) -> None:
        super().__init__(data, currency=currency, **options)
        self.fields["deal"] = MoneyField(
            currencies=[currency],
            label=_("Deal value"),
            help_text=_(
                "What the customer pays first. 0 when nothing is billed yet; record payments as they come."
            ),
        )
        self.fields["code"] = code_field()
        self.order_fields(["seen", "deal", "code", *MORE, *self.named])


class PaymentForm(SoldForm):
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
        super().__init__(data, currency=currency, **options)
        self.fields["amount"] = MoneyField(currencies=[currency], zero=False, label=_("Amount"))
        self.fields["booked_on"] = DateField(label=_("Booked on"), latest=today)
        self.order_fields(
            ["kind", "amount", "booked_on", "external_id", "code", "note", *MORE, *self.named]
        )

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


class ReceiptForm(forms.Form):
    """Money that came in on an invoice, all that is left of it or a part."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    external_id = forms.CharField(
        label=_("Your reference"),
        max_length=100,
        required=False,
        help_text=_("Bank or receipt number. The same reference is never booked twice."),
    )

    def __init__(
        self, data: Any = None, *, left: Money, earliest: date, today: date, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["amount"] = MoneyField(
            currencies=[left.currency],
            zero=False,
            label=_("Amount received"),
            help_text=_("A part is enough; record the rest when it comes in."),
        )
        self.fields["received_on"] = DateField(
            label=_("Received on"), earliest=earliest, latest=today
        )
        self.order_fields(["amount", "received_on", "external_id", "key"])

    @property
    def reference(self) -> str:
        """The reference given, or one made of the form's own key."""
        return self.cleaned_data["external_id"].strip() or f"form:{self.cleaned_data['key']}"


class RevenueFileForm(forms.Form):
    """A file of payments, refunds and money received."""

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
