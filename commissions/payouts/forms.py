"""Forms about payouts."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.ledger.selectors import PartnerBalance
from commissions.payouts.carrying import left_behind
from commissions.payouts.details import PayoutDetails
from commissions.payouts.localaccounts import LOCAL, local_number
from commissions.payouts.models import AchKind, PayoutMethod, ReturnCause
from commissions.payouts.rules import (
    LONGEST_ADDRESS,
    BankNumber,
    NotABic,
    NotAnAccountNumber,
    bank_number,
    checked_bic,
    compact,
    is_bank_day,
    next_bank_day,
    sepa_number,
    us_number,
    wallet_address,
)
from commissions.payouts.selectors import CurrencyTotal
from prm.web.formats import day_text, money_text
from prm.web.forms import DateField, HintedChoiceField, MoneyField

NUMBER_PROBLEMS = {
    "checksum": _("The check digits do not fit. Look for a mistyped or swapped character"),
    "length": _("This number has the wrong length for its country"),
    "country": _("SEPA does not reach this country. Choose bank transfer instead"),
    "form": _("Enter the account number with letters and digits only"),
    "us": _("Enter a US account number: 4 to 17 digits"),
    "routing": _("This is no routing number. It has nine digits; look at a check or ask the bank"),
    "address": _("Enter an email address in the format name@company.com"),
    "code-GB": _("A sort code has six digits, such as 20-00-00"),
    "number-GB": _("A UK account number has eight digits"),
    "code-AU": _("A BSB has six digits, such as 062-000"),
    "number-AU": _("An Australian account number has four to nine digits"),
    "code-CA": _(
        "Enter transit and institution number, such as 12345-678, or the nine digits that begin with 0"
    ),
    "number-CA": _("A Canadian account number has seven to twelve digits"),
    "code-IN": _("An IFSC has eleven characters, such as HDFC0000060"),
    "number-IN": _("An Indian account number has nine to eighteen digits"),
    "number-NZ": _(
        "This is no New Zealand account number. Look for a mistyped digit; bank and branch belong to it"
    ),
}
# How accounts are called by country and currency, in the order of a list.
LOCAL_ACCOUNTS: list[tuple[str, Any]] = [
    # A first country would be taken for the chosen one, and some countries' numbers look alike.
    ("", _("Choose a country")),
    ("AU", _("Australia, Australian dollars")),
    ("CA", _("Canada, Canadian dollars")),
    ("IN", _("India, rupees")),
    ("NZ", _("New Zealand, New Zealand dollars")),
    ("GB", _("United Kingdom, pounds")),
]
METHOD_HINTS: dict[str, Any] = {
    PayoutMethod.SEPA: _("Euros to an account with an IBAN in the SEPA area"),
    PayoutMethod.BANK: _("Any currency to an account anywhere"),
    PayoutMethod.ACH: _("Dollars to an account with a US bank"),
    PayoutMethod.PAYPAL: _("To the email address of a PayPal account"),
    PayoutMethod.WISE: _("To the email address of a Wise account, in the currency you earn"),
    PayoutMethod.WISE_ACCOUNT: _(
        "To an account without an IBAN in the United Kingdom, Australia, Canada, India or New Zealand:"
        " for what you earn in the currency of that country"
    ),
}
WALLETS = (PayoutMethod.PAYPAL, PayoutMethod.WISE)
# What each method has to know; everything else that a browser sends is ignored.
NEEDS: dict[str, tuple[str, ...]] = {
    PayoutMethod.SEPA: ("number",),
    PayoutMethod.BANK: ("number",),
    PayoutMethod.ACH: ("number", "routing", "ach_kind"),
    PayoutMethod.PAYPAL: ("address",),
    PayoutMethod.WISE: ("address",),
    PayoutMethod.WISE_ACCOUNT: ("country", "number"),
}
_TYPED_OVER = {"autocomplete": "off", "spellcheck": "false"}


def checked_number(
    method: str, text: str, routing: str = "", *, country: str = "", code: str = ""
) -> BankNumber:
    """Check an account number or a wallet's address for a method of payment. Raises ValidationError in words.

    country, code: of an account that is known by its country's own numbers.
    """
    try:
        if method in WALLETS:
            return wallet_address(text)
        if method == PayoutMethod.ACH:
            return us_number(text, routing=routing)
        if method == PayoutMethod.WISE_ACCOUNT and country in LOCAL:
            return local_number(text, country=country, code=code)
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
    """Where a partner wants to be paid; the number is never shown again in full.

    Fields that the chosen method has no use for are neither shown nor read. A method that does not carry what the
    partner has earned is saved once the person says so: `stays` is that money, and `way` what was asked about.
    """

    method = HintedChoiceField(
        label=_("How you are paid"), choices=PayoutMethod.choices, hints=METHOD_HINTS
    )
    holder = forms.CharField(
        label=_("Account holder"), max_length=140, help_text=_("As the bank knows it")
    )
    address = forms.CharField(
        label=_("Email address of the account"),
        max_length=LONGEST_ADDRESS,
        error_messages={"required": _("Enter an email address")},
        widget=forms.TextInput(attrs={**_TYPED_OVER, "inputmode": "email"}),
    )
    routing = forms.CharField(
        label=_("Routing number or sort code"),
        max_length=20,
        error_messages={"required": _("Enter the routing number of the bank")},
        help_text=_("Nine digits for a US bank. Elsewhere only where there is no IBAN and no BIC"),
        widget=forms.TextInput(attrs={**_TYPED_OVER, "inputmode": "numeric"}),
    )
    country = forms.ChoiceField(
        label=_("Country of the account"),
        choices=LOCAL_ACCOUNTS,
        error_messages={"required": _("Choose the country of the account")},
    )
    code = forms.CharField(
        label=_("Number of the bank"),
        max_length=20,
        required=False,
        help_text=_(
            "Sort code, BSB, IFSC, or transit and institution number, as the country has it"
        ),
        widget=forms.TextInput(attrs=_TYPED_OVER),
    )
    number = forms.CharField(
        label=_("IBAN or account number"),
        max_length=50,
        error_messages={"required": _("Enter the number of the account")},
        widget=forms.TextInput(attrs={**_TYPED_OVER, "autocapitalize": "characters"}),
    )
    ach_kind = forms.ChoiceField(
        label=_("Kind of account"),
        choices=AchKind.choices,
        initial=AchKind.CHECKING,
    )
    bic = forms.CharField(
        label=_("BIC (SWIFT)"),
        max_length=11,
        required=False,
        help_text=_("Not needed for an IBAN in the SEPA area"),
    )
    anyway = forms.BooleanField(label=_("Save it all the same"), required=False)

    def __init__(
        self,
        *args: Any,
        methods: Sequence[str],
        balances: Sequence[PartnerBalance] = (),
        check_url: str = "",
        for_partner: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stays: list[str]
        self.balances, self.stays, self.way = balances, [], ""
        offered = [(key, label) for key, label in PayoutMethod.choices if key in methods]
        method = HintedChoiceField(
            label=_("How the partner is paid") if for_partner else self.fields["method"].label,
            choices=offered,
            hints=METHOD_HINTS,
            initial=offered[0][0],
        )
        self.fields["method"] = method
        if self.is_bound:
            needed = NEEDS.get(self.data.get("method", ""), ("number",))
            for name in ("number", "address", "routing", "ach_kind", "country"):
                self.fields[name].required = name in needed
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

    def clean(self) -> dict[str, Any]:
        """Check what the method needs, and nothing else."""
        data = super().clean() or {}
        method = data.get("method", "")
        if not method or not all(data.get(name) for name in NEEDS[method]):
            return data
        field = "address" if method in WALLETS else "number"
        try:
            self.found = checked_number(
                method,
                data[field],
                data.get("routing", ""),
                country=data.get("country", ""),
                code=data.get("code", ""),
            )
        except ValidationError as problem:
            self.add_error(_field_of(problem, field), problem)
        if method in {PayoutMethod.SEPA, PayoutMethod.BANK}:
            try:
                data["bic"] = _bic(data.get("bic", ""))
            except ValidationError as problem:
                self.add_error("bic", problem)
        if not self.errors:
            self._ask_about_what_stays(method, self.found.country)
        return data

    def _ask_about_what_stays(self, method: str, country: str) -> None:
        """Stop once for each way that does not carry what was earned; the yes counts for the way it was asked about."""
        stays = left_behind(method, country, self.balances)
        if not stays:
            return
        self.way = f"{method}-{country}"
        self.stays = [
            gettext("%(currency)s: %(amount)s waits and would stay unpaid")
            % {"currency": money.currency, "amount": money_text(money.minor, money.currency)}
            for money in stays
        ]
        if self.cleaned_data["anyway"] and self.data.get("asked") == self.way:
            return
        # A tick that was meant for another way is not shown as one for this.
        self.data = {name: text for name, text in self.data.items() if name != "anyway"}
        self.add_error(
            "anyway",
            ValidationError(
                _("Choose another way to be paid, or tick that you want to save this one"),
                code="stays",
            ),
        )

    def details(self) -> PayoutDetails:
        """Return what was entered, checked."""
        data, found = self.cleaned_data, self.found
        method = data["method"]
        at_a_bank = method in {PayoutMethod.SEPA, PayoutMethod.BANK}
        return PayoutDetails(
            method,
            data["holder"].strip(),
            found.number,
            (data["bic"] or found.bic) if at_a_bank else "",
            found.country,
            compact(data["routing"]) if method == PayoutMethod.BANK else found.routing,
            (data["ach_kind"] or AchKind.CHECKING) if _has_kind(method, found) else "",
        )


def _field_of(problem: ValidationError, field: str) -> str:
    """Return beside which field a problem of a number stands."""
    code = problem.code or ""
    if code == "routing":
        return "routing"
    return "code" if code.startswith("code-") else field


def _has_kind(method: str, found: BankNumber) -> bool:
    """Tell whether the bank wants to know what kind of account it is."""
    return method == PayoutMethod.ACH or (
        method == PayoutMethod.WISE_ACCOUNT and found.country == "CA"
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

    def __init__(self, *args: Any, today: date, us: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.us = us
        self.fields["pay_on"] = DateField(
            label=self.fields["pay_on"].label,
            earliest=today,
            error_messages={"bounds": _("Choose today or a later day")},
        )

    def clean_pay_on(self) -> date:
        """Take only days on which a bank pays; it would move others by itself."""
        day: date = self.cleaned_data["pay_on"]
        if not is_bank_day(day, us=self.us):
            raise ValidationError(
                _("Banks do not pay on that day. The next one on which they do is %(day)s"),
                code="closed",
                params={"day": day_text(next_bank_day(day, us=self.us))},
            )
        return day


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


_HOLDS = _("Nothing more is paid there until the partner changes it or you confirm it")
_AGAIN = _("The next run pays to the same account again")


class CauseForm(forms.Form):
    """What a bank's words mean for the account."""

    cause = HintedChoiceField(
        label=_("Why did it come back?"),
        choices=[row for row in ReturnCause.choices if row[0] != ReturnCause.UNCLEAR],
        hints={
            ReturnCause.CLOSED: _HOLDS,
            ReturnCause.WRONG: _HOLDS,
            ReturnCause.REFUSED: _AGAIN,
            ReturnCause.OTHER: _AGAIN,
        },
        error_messages={"required": _("Choose why the payment came back")},
    )

    def clean_cause(self) -> ReturnCause:
        """Return the cause itself."""
        return ReturnCause(self.cleaned_data["cause"])


class ReturnForm(CauseForm):
    """Why the bank sent a payment back: its words, and what they mean."""

    field_order = ("reason", "cause")
    reason = forms.CharField(
        label=_("What the bank says"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )


class AccountConfirmForm(forms.Form):
    """Why the same account is paid again."""

    account = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Who confirmed it, and how"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with the payment that came back."),
    )


class ReasonForm(forms.Form):
    """Why something is sent back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
