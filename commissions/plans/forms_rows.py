"""Rows inside a rule of the editor: its bands and its conditions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from commissions.plans.terms import Bands, Condition, Group
from prm.money import Money
from prm.web.choices import country_choices
from prm.web.formats import money_text, number_text
from prm.web.forms import MoneyField, NotAnAmount, PercentField, amount_minor

LONGEST_NUMBER = 9


def _value_of(text: str, currency: str) -> int:
    """Return an amount's minor units, or without a currency a whole number. Raises NotAnAmount."""
    if currency:
        value = amount_minor(text, currency)
    elif text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        value = int(text)
    else:
        value = -1
    if value < 0:
        raise NotAnAmount(text)
    return value


class BandForm(forms.Form):
    """From where to where, and what is paid there."""

    use_required_attribute = False

    start = forms.CharField(
        label=_("From"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    end = forms.CharField(
        label=_("To"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    rate = PercentField(label=_("Percentage"), places=4, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"] = MoneyField(currencies=[currency], required=False, label=_("Amount"))
        self.written: tuple[int, int | None, Decimal | None, int | None] = (0, None, None, None)

    def check(self, *, fixed: bool, counts: bool) -> None:
        """Read the row as sums of the currency or as numbers, and as a percentage or an amount."""
        data = self.cleaned_data
        start = self._read("start", counts=counts)
        end = self._read("end", counts=counts) if data.get("end") else None
        rate, amount = data.get("rate"), data.get("amount")
        if fixed and amount is None and "amount" not in self.errors:
            self.add_error("amount", _("Enter an amount"))
        if not fixed and rate is None and "rate" not in self.errors:
            self.add_error("rate", _("Enter a percentage"))
        minor = amount.minor if fixed and amount else (0 if fixed else None)
        self.written = (start, end, None if fixed else rate, minor)

    def _read(self, name: str, *, counts: bool) -> int:
        text = (self.cleaned_data.get(name) or "").strip()
        if name in self.errors:
            return 0
        try:
            return _value_of(text, "" if counts else self.currency)
        except NotAnAmount:
            self.add_error(name, _("Enter a number") if counts else _("Enter an amount"))
            return 0

    def refuse(self, code: str) -> None:
        """Say what is wrong with the row beside its neighbours."""
        words = {
            "starts_late": ("start", _("The first band starts at 0")),
            "gap": ("start", _("Nothing is paid between this band and the one before")),
            "overlap": ("start", _("This band begins inside the one before")),
            "ends": ("end", _("Leave it empty: the last band has no end")),
            "empty": ("end", _("The band ends before it begins")),
            "order": ("start", _("Bands follow each other from low to high")),
        }
        name, problem = words.get(
            code, ("rate", _("This band cannot be paid: choose a percentage, or count a number"))
        )
        self.add_error(name, problem)

    @staticmethod
    def initial_of(bands: Bands, currency: str) -> list[dict[str, Any]]:
        """Return what the rows show."""
        counts = bands.measure == "count"

        def say(value: int) -> str:
            return str(value) if counts else money_text(value, currency, sign="none")

        ends = [*[row.start for row in bands.bands[1:]], None]
        return [
            {
                "start": say(row.start),
                "end": "" if end is None else say(end),
                "rate": row.rate,
                "amount": None if row.amount_minor is None else Money(row.amount_minor, currency),
            }
            for row, end in zip(bands.bands, ends, strict=True)
        ]


# What a condition asks for: those that name their value, and those that are given one.
FIXED = {
    "payment-first": ("payment", "first"),
    "payment-sale": ("payment", "sale"),
    "payment-renewal": ("payment", "renewal"),
    "payment-expansion": ("payment", "expansion"),
    "role-intro": ("role", "intro"),
    "role-cosell": ("role", "cosell"),
    "standing-preferred": ("standing", "preferred"),
    "standing-standard": ("standing", "standard"),
}
TEXTS = ("product", "country", "tier", "metadata")
NUMBERS = ("deal", "term_months")
SUBJECTS = [
    ("product", _("The product is")),
    ("country", _("The customer's country is")),
    ("deal", _("The deal's value is")),
    ("term_months", _("The contract's months are")),
    ("tier", _("The partner's tier is")),
    ("payment-first", _("It is the first payment")),
    ("payment-sale", _("It is a new sale")),
    ("payment-renewal", _("It is a renewal")),
    ("payment-expansion", _("It is an expansion")),
    ("role-intro", _("The partner introduced the company")),
    ("role-cosell", _("The partner sells together with us")),
    ("standing-preferred", _("The partner has preferred terms")),
    ("standing-standard", _("The partner has standard terms")),
    ("metadata", _("An own field is")),
]
# Kinds of payment beside each other, as program files may name them.
SEVERAL = [("payment", _("The kind of payment is one of"))]


class ConditionForm(forms.Form):
    """One condition; "or" begins another group, which may pay a rate of its own."""

    use_required_attribute = False

    join = forms.ChoiceField(
        label=_("Joined by"),
        choices=[("and", _("and")), ("or", _("or, otherwise"))],
        required=False,
    )
    subject = forms.ChoiceField(label=_("Only if"), choices=SUBJECTS)
    key = forms.CharField(label=_("Field name"), max_length=60, required=False)
    values = forms.CharField(
        label=_("One of, with commas"),
        max_length=300,
        required=False,
    )
    least = forms.CharField(
        label=_("From"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    below = forms.CharField(
        label=_("To below"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    rate = PercentField(label=_("Then another percentage"), places=4, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"] = MoneyField(
            currencies=[currency], required=False, label=_("Then another amount")
        )
        if str(self["subject"].value()) in dict(SEVERAL):
            self.fields["subject"].choices = [*SUBJECTS, *SEVERAL]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the values as what the subject takes."""
        data = self.cleaned_data
        subject = data.get("subject", "")
        if subject in FIXED:
            field, value = FIXED[subject]
            data["condition"] = Condition(field, values=(value,))
        elif subject in NUMBERS:
            data["condition"] = self._between(subject)
        elif subject:
            data["condition"] = self._texts(subject)
        return data

    def _texts(self, subject: str) -> Condition:
        values = tuple(
            dict.fromkeys(
                text.strip()
                # What was refused already, for its length, is not there.
                for text in self.cleaned_data.get("values", "").split(",")
                if text.strip()
            )
        )
        if subject == "country":
            values = tuple(self._country(value) for value in values)
        key = self.cleaned_data.get("key", "").strip()
        if not values and "values" not in self.errors:
            self.add_error("values", _("Enter at least one value"))
        if subject == "metadata" and not key and "key" not in self.errors:
            self.add_error("key", _("Enter the field's name"))
        return Condition(subject, values=values, key=key if subject == "metadata" else "")

    def _country(self, text: str) -> str:
        """Return the code of a country given by code or name."""
        known = {str(name).casefold(): code for code, name in country_choices() if code}
        code = text.upper()
        if code in known.values():
            return code
        if text.casefold() in known:
            return known[text.casefold()]
        self.add_error("values", _("“%(text)s” is no country we know") % {"text": text})
        return code

    def _between(self, subject: str) -> Condition:
        bounds: dict[str, int | None] = {}
        for name in ("least", "below"):
            text = self.cleaned_data.get(name, "").strip()
            bounds[name] = self._number(subject, name, text) if text else None
        if not self.errors:
            if bounds["least"] is None and bounds["below"] is None:
                self.add_error("least", _("Enter from where or to where"))
            elif None not in bounds.values() and bounds["least"] >= bounds["below"]:  # type: ignore[operator]
                self.add_error("below", _("Enter more than the beginning"))
        return Condition(subject, least=bounds["least"], below=bounds["below"])

    def _number(self, subject: str, name: str, text: str) -> int | None:
        try:
            return _value_of(text, self.currency if subject == "deal" else "")
        except NotAnAmount:
            self.add_error(name, _("Enter a number"))
            return None

    @staticmethod
    def initial_of(groups: Sequence[Group], currency: str) -> list[dict[str, Any]]:
        """Return what the rows show, group after group."""
        return [
            {
                **_initial(row, currency),
                "join": "and" if place else "or",
                "rate": None if place else group.rate,
                "amount": Money(group.amount_minor, currency)
                if not place and group.amount_minor is not None
                else None,
            }
            for group in groups
            for place, row in enumerate(group.conditions)
        ]


def _initial(row: Condition, currency: str) -> dict[str, Any]:
    if row.field in NUMBERS:

        def say(value: int | None) -> str:
            if value is None:
                return ""
            if row.field == "deal":
                return money_text(value, currency, sign="none")
            return number_text(value)

        return {"subject": row.field, "least": say(row.least), "below": say(row.below)}
    fixed = next(
        (
            name
            for name, key in FIXED.items()
            if len(row.values) == 1 and key == (row.field, row.values[0])
        ),
        row.field,
    )
    return {"subject": fixed, "values": ", ".join(row.values), "key": row.key}


def conditions_from(rows: Sequence[forms.Form]) -> tuple[Group, ...]:
    """Return the groups that valid rows say: "and" joins the group before, "or" begins another."""
    groups: list[Group] = []
    for row in rows:
        data = row.cleaned_data
        if groups and data["join"] != "or":
            last = groups[-1]
            groups[-1] = Group((*last.conditions, data["condition"]), last.rate, last.amount_minor)
            continue
        amount = data.get("amount")
        groups.append(
            Group(
                (data["condition"],),
                data.get("rate"),
                None if data.get("rate") is not None or amount is None else amount.minor,
            )
        )
    return tuple(groups)


class Rows:
    """Forms beside each other under one prefix: their numbers are posted as <prefix>, so that rows can be taken out."""

    def __init__(
        self,
        form: type[Any],
        data: QueryDict | None,
        *,
        prefix: str,
        most: int,
        initial: Sequence[Mapping[str, Any]],
        options: dict[str, Any],
    ) -> None:
        self.name, self.most = prefix, most
        self._form, self._options = form, options
        if data is None:
            self.numbers = list(range(len(initial)))
            self.forms = [
                form(prefix=f"{prefix}{number}", initial=row, **options)
                for number, row in enumerate(initial)
            ]
            return
        posted = [
            int(text)
            for text in data.getlist(prefix)[:most]
            if text.isascii() and text.isdigit() and len(text) < 4
        ]
        self.numbers = list(dict.fromkeys(posted))
        self.forms = [form(data, prefix=f"{prefix}{number}", **options) for number in self.numbers]

    @property
    def may_add(self) -> bool:
        """Whether another row fits."""
        return len(self.forms) < self.most

    @property
    def numbered(self) -> list[tuple[int, Any]]:
        """The rows with the number each carries."""
        return list(zip(self.numbers, self.forms, strict=True))

    @property
    def has_errors(self) -> bool:
        """Whether any row was refused."""
        return any(form.errors for form in self.forms if form.is_bound)

    def add(self, initial: Mapping[str, Any]) -> None:
        """Add an empty row that is not checked yet."""
        if not self.may_add:
            return
        number = max(self.numbers, default=-1) + 1
        self.numbers.append(number)
        self.forms.append(
            self._form(prefix=f"{self.name}{number}", initial=initial, **self._options)
        )

    def remove(self, number: int) -> None:
        """Take a row out; an unknown number does nothing."""
        kept = [(own, form) for own, form in self.numbered if own != number]
        self.numbers = [own for own, _form in kept]
        self.forms = [form for _own, form in kept]

    def each(self, name: str, **options: Any) -> None:
        """Call a method of every row that was posted and whose fields could be read."""
        for form in self.forms:
            if form.is_bound:
                form.full_clean()
                getattr(form, name)(**options)
