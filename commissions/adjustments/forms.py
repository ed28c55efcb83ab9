"""Forms about debts, rates and conversions."""

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.adjustments.services import NewRate
from prm.money import Money, known_currencies
from prm.web.forms import DateField, FileDrop, MoneyField

LARGEST_FILE = 512 * 1024
MOST_ROWS = 2_000
COLUMNS = ("date", "from", "to", "rate")


class WriteOffForm(forms.Form):
    """How much of a debt to forgive, and why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person who approves it and the partner read this"),
    )

    def __init__(self, *args: Any, owed: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(
            label=_("Amount to write off"), currencies=[owed.currency], zero=False, initial=owed
        )
        self.order_fields(["amount", "reason"])


class RefuseForm(forms.Form):
    """Why a debt stays."""

    answer = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class CapForm(forms.Form):
    """How much of a payout a program deducts at most."""

    percent = forms.IntegerField(
        label=_("Deduct at most, in percent of a payout"),
        min_value=1,
        max_value=100,
        help_text=_("100: everything that was taken back is deducted at once"),
    )


class ConversionForm(forms.Form):
    """How much of what is payable to move into which currency."""

    to_currency = forms.ChoiceField(label=_("Into"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads this"),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, payable: Money, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(
            label=_("Amount to convert"),
            currencies=[payable.currency],
            zero=False,
            initial=payable,
        )
        self.fields["to_currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]
        self.order_fields(["amount", "to_currency", "reason", "key"])


def _currency(text: str) -> str:
    code = text.strip().upper()
    if code not in known_currencies():
        raise ValidationError(_("Enter a currency like USD"), code="currency")
    return code


def _pair(first: str, second: str) -> tuple[str, str]:
    if first == second:
        raise ValidationError(_("Choose two different currencies"), code="same")
    return first, second


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValidationError(_("Enter a rate like 0.9123"), code="rate") from error
    exponent = rate.as_tuple().exponent
    if (
        not rate.is_finite()
        or not 0 < rate < 10**9
        or not isinstance(exponent, int)
        or exponent < -8
    ):
        raise ValidationError(_("Enter a rate above 0 with at most 8 decimals"), code="rate")
    return rate


class RateForm(forms.Form):
    """One exchange rate of one day."""

    rated_on = DateField(label=_("Day"))
    from_currency = forms.CharField(label=_("From"), max_length=3, help_text=_("Such as USD"))
    to_currency = forms.CharField(label=_("To"), max_length=3, help_text=_("Such as EUR"))
    rate = forms.CharField(
        label=_("Rate"),
        max_length=20,
        help_text=_("What one unit of the first is worth in the second, such as 0.9123"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    source = forms.CharField(
        label=_("Source"), max_length=80, help_text=_("Such as ECB reference rate")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rated_on"] = DateField(label=_("Day"), latest=today, initial=today)

    def clean_from_currency(self) -> str:
        """Check the code."""
        return _currency(self.cleaned_data["from_currency"])

    def clean_to_currency(self) -> str:
        """Check the code, and that it is another one."""
        code = _currency(self.cleaned_data["to_currency"])
        return _pair(self.cleaned_data.get("from_currency", ""), code)[1]

    def clean_rate(self) -> Decimal:
        """Read the rate."""
        return _rate(self.cleaned_data["rate"])

    @property
    def rates(self) -> list[NewRate]:
        """What was entered."""
        data = self.cleaned_data
        return [
            NewRate(
                data["from_currency"],
                data["to_currency"],
                data["rated_on"],
                data["rate"],
                data["source"].strip(),
            )
        ]


class RatesFileForm(forms.Form):
    """Many rates in a CSV file: date, from, to, rate."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("With the columns date, from, to, rate; dates like 2026-11-19"),
        widget=FileDrop(accept=".csv,text/csv", limits=_("CSV, up to 512 KB and 2,000 rows")),
    )
    source = forms.CharField(
        label=_("Source"), max_length=80, help_text=_("Such as ECB reference rate")
    )

    rates: list[NewRate]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = DateField(latest=today)

    def clean(self) -> dict[str, Any]:
        """Read every row; the first that cannot be read is named, and nothing is taken."""
        data = super().clean() or {}
        self.rates = []
        if data.get("file") and data.get("source"):
            try:
                self.rates = _rates_of(data["file"], data["source"].strip(), self.day)
            except ValidationError as problem:
                self.add_error("file", problem)
        return data


def _rates_of(file: Any, source: str, days: DateField) -> list[NewRate]:
    if file.size > LARGEST_FILE:
        raise ValidationError(_("The file is larger than 512 KB. Split it."), code="large")
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError(_("Save the file as CSV UTF-8"), code="encoding") from error
    delimiter = ";" if text.partition("\n")[0].count(";") else ","
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        return _read(rows, source, days)
    except csv.Error as error:
        raise ValidationError(_("Save the file as CSV UTF-8"), code="csv") from error


def _read(rows: Any, source: str, days: DateField) -> list[NewRate]:
    headings = [(name or "").strip().lower() for name in rows.fieldnames or []]
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        raise ValidationError(
            _("The file has no column %(names)s"),
            code="columns",
            params={"names": ", ".join(missing)},
        )
    rows.fieldnames = headings
    found = []
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS + 1:
            raise ValidationError(_("The file has more than 2,000 rows. Split it."), code="rows")
        found.append(_row(number, row, source, days))
    if not found:
        raise ValidationError(_("The file has no rates"), code="empty")
    return found


def _as_headed(row: dict[Any, Any]) -> None:
    # "1,0842" in a file that commas cut is two cells, and the first of them a wrong rate.
    if any(cell.strip() for cell in row.get(None, ())):
        raise ValidationError(_("There are more cells than headings"), code="cells")


def _row(number: int, row: dict[Any, Any], source: str, days: DateField) -> NewRate:
    try:
        _as_headed(row)
        pair = _pair(_currency(row["from"] or ""), _currency(row["to"] or ""))
        day = date.fromisoformat((row["date"] or "").strip())
        days.validate(day)
        return NewRate(*pair, day, _rate(row["rate"] or ""), source)
    except ValidationError as problem:
        words = problem.messages[0]
    except ValueError:
        words = gettext("Enter a date like 2026-11-19")
    raise ValidationError(
        _("Row %(number)s: %(problem)s"), code="row", params={"number": number, "problem": words}
    )
