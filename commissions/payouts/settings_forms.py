"""Forms about how a vendor pays: methods, clock, limits, and the shape of its own lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from commissions.payouts.models import (
    Cadence,
    FileTemplate,
    PayoutLimit,
    PayoutMethod,
    PayoutSettings,
)
from commissions.payouts.rules import is_routing_number
from commissions.payouts.settings import AchHead, Clock, CurrencyLimits
from commissions.payouts.templates import (
    COLUMNS,
    DAY_FORMATS,
    DECIMAL_MARKS,
    DELIMITERS,
    TemplateDraft,
)
from prm.money import Money
from prm.web.forms import MoneyField

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]


# What a browser sends for no cadence: an empty choice would be none.
BY_HAND = "by_hand"


class PayoutSettingsForm(forms.Form):
    """Which methods partners may choose, when runs are prepared, and what US banks want to know."""

    methods = forms.MultipleChoiceField(
        label=_("Partners may be paid by"),
        choices=PayoutMethod.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Details that partners entered for another method stay as they are."),
        error_messages={"required": _("Choose at least one method")},
    )
    cadence = forms.ChoiceField(
        label=_("Prepare a payout run"),
        choices=[(key or BY_HAND, label) for key, label in Cadence.choices],
        help_text=_("Nothing is approved by itself: two people look at a run that was prepared."),
    )
    week_day = forms.TypedChoiceField(label=_("Day of the week"), choices=WEEKDAYS, coerce=int)
    month_day = forms.TypedChoiceField(
        label=_("Day of the month"),
        choices=[(day, str(day)) for day in range(1, 29)],
        coerce=int,
    )
    ach_routing = forms.CharField(
        label=_("Routing number of your US bank"), max_length=9, required=False
    )
    ach_bank_name = forms.CharField(label=_("Name of your US bank"), max_length=23, required=False)
    ach_company_id = forms.CharField(
        label=_("Your company's number there"),
        max_length=10,
        required=False,
        help_text=_("Ten characters the bank gave you"),
    )
    ach_company_name = forms.CharField(
        label=_("Your company's name there"), max_length=23, required=False
    )

    @staticmethod
    def initial_of(settings: PayoutSettings) -> dict[str, Any]:
        """Return what the form shows of settings."""
        return {
            "methods": settings.methods,
            "cadence": settings.cadence or BY_HAND,
            "week_day": settings.run_day if settings.cadence == Cadence.WEEKLY else 1,
            "month_day": settings.run_day if settings.cadence == Cadence.MONTHLY else 1,
            "ach_routing": settings.ach_routing,
            "ach_bank_name": settings.ach_bank_name,
            "ach_company_id": settings.ach_company_id,
            "ach_company_name": settings.ach_company_name,
        }

    def clean_ach_routing(self) -> str:
        """Check the digits of the routing number."""
        number = str(self.cleaned_data["ach_routing"]).strip()
        if number and not is_routing_number(number):
            raise ValidationError(
                _("This is no routing number. Look for a mistyped or swapped digit"), code="routing"
            )
        return number

    @property
    def clock(self) -> Clock:
        """When runs are prepared."""
        cadence = self.cleaned_data["cadence"].removeprefix(BY_HAND)
        day = self.cleaned_data["week_day" if cadence == Cadence.WEEKLY else "month_day"]
        return Clock(cadence, day if cadence else 1)

    @property
    def head(self) -> AchHead:
        """What US banks want to know."""
        data = self.cleaned_data
        return AchHead(
            data["ach_routing"],
            data["ach_company_id"],
            data["ach_company_name"],
            data["ach_bank_name"],
        )


LIMITS = {
    "run": ("run_minor", _("A run above needs a third person")),
    "payment": ("payment_minor", _("A single payment above needs a third person")),
    "release": ("release_minor", _("A hold up to here may be ended by one person")),
}


class PayoutLimitsForm(forms.Form):
    """Three limits for each currency; an empty one asks for nobody else, the last one for a second person always."""

    def __init__(
        self,
        *args: Any,
        currencies: Sequence[str],
        limits: Mapping[str, PayoutLimit],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.currencies = list(currencies)
        for currency in self.currencies:
            row = limits.get(currency)
            for name, (column, label) in LIMITS.items():
                minor = getattr(row, column) if row else None
                self.fields[f"{name}_{currency}"] = MoneyField(
                    label=label,
                    currencies=[currency],
                    required=False,
                    initial=None if minor is None else Money(minor, currency),
                )

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields by currency."""
        return [
            (currency, [self[f"{name}_{currency}"] for name in LIMITS])
            for currency in self.currencies
        ]

    @property
    def limits(self) -> dict[str, CurrencyLimits]:
        """What was entered, by currency."""
        return {
            currency: CurrencyLimits(
                *(self._minor(f"{name}_{currency}") for name in ("run", "payment", "release"))
            )
            for currency in self.currencies
        }

    def _minor(self, name: str) -> int | None:
        money = self.cleaned_data[name]
        return None if money is None else money.minor


PLACES = 8


class TemplateForm(forms.Form):
    """The shape of a list: a column to each place, with the heading that the receiver expects."""

    name = forms.CharField(label=_("Name"), max_length=60)
    methods = forms.MultipleChoiceField(
        label=_("For payments by"),
        choices=PayoutMethod.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Choose none for all payments."),
    )
    delimiter = forms.ChoiceField(label=_("Between columns"), choices=list(DELIMITERS.items()))
    decimal_mark = forms.ChoiceField(label=_("Amounts"), choices=list(DECIMAL_MARKS.items()))
    day_format = forms.ChoiceField(label=_("Dates"), choices=list(DAY_FORMATS.items()))
    has_head = forms.BooleanField(
        label=_("The first row names the columns"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [("", "–"), *((key, column.label) for key, column in COLUMNS.items())]
        for place in range(PLACES):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=_("Column %(place)s") % {"place": place + 1}, choices=kinds, required=False
            )
            self.fields[f"heading_{place}"] = forms.CharField(
                label=_("Heading of column %(place)s") % {"place": place + 1},
                max_length=60,
                required=False,
            )

    @staticmethod
    def initial_of(shape: FileTemplate) -> dict[str, Any]:
        """Return what the form shows of a template."""
        found: dict[str, Any] = {
            "name": shape.name,
            "methods": shape.methods,
            "delimiter": shape.delimiter,
            "decimal_mark": shape.decimal_mark,
            "day_format": shape.day_format,
            "has_head": shape.has_head,
        }
        for place, (key, heading) in enumerate(shape.columns):
            found |= {f"column_{place}": key, f"heading_{place}": heading}
        return found

    @property
    def places(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The pairs of column and heading."""
        return [(self[f"column_{place}"], self[f"heading_{place}"]) for place in range(PLACES)]

    def clean(self) -> dict[str, Any]:
        """A list without columns is none; one without an amount pays nobody."""
        data = super().clean() or {}
        keys = [key for key, _heading in self._columns(data)]
        if not {"amount", "amount_minor"} & set(keys):
            self.add_error(
                "column_0", ValidationError(_("Choose a column for the amount"), "amount")
            )
        return data

    @staticmethod
    def _columns(data: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            (key, data.get(f"heading_{place}") or str(COLUMNS[key].label))
            for place in range(PLACES)
            if (key := data.get(f"column_{place}"))
        ]

    @property
    def draft(self) -> TemplateDraft:
        """What was entered."""
        data = self.cleaned_data
        return TemplateDraft(
            data["name"].strip(),
            self._columns(data),
            data["methods"],
            data["delimiter"],
            data["decimal_mark"],
            data["day_format"],
            data["has_head"],
        )
