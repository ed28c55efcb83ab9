"""Fields that read what people write: amounts and dates in the language's own form, and choices with a hint each."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from prm.money import Money, currency_exponent
from prm.web.formats import MINUS, day_text, locale_of, money_text

# Below a trillion of the largest unit: sums of millions of such amounts still fit a bigint.
LARGEST_MINOR = 10**14
LONGEST_AMOUNT = 40
_SPACES = re.compile(r"[\s\u00a0\u202f']")
_DIGITS = re.compile(r"\d+")


class NotAnAmount(ValueError):
    """The text is not one amount of money."""


def amount_minor(text: str, currency: str, *, language: str | None = None) -> int:
    """Read an amount as people write it ("1.234,56", "1,234.56", "€ 1 234") and return minor units.

    A single separator before exactly three digits is read as the language's grouping ("1.234" is 1234 in Italian,
    1.234 of KWD in English); two different separators: the last one is the decimal point.
    Raises NotAnAmount for anything else, and for more decimals than the currency has.
    """
    negative, plain = _stripped(text, currency)
    whole, part = _halves(plain, currency, language)
    digits = currency_exponent(currency)
    if len(part.rstrip("0")) > digits or not _DIGITS.fullmatch(whole + part):
        raise NotAnAmount(text)
    minor: int = int(whole or "0") * 10**digits + int((part + "0" * digits)[:digits] or "0")
    return -minor if negative else minor


def _stripped(text: str, currency: str) -> tuple[bool, str]:
    """Return the sign and the text without sign, currency code and signs, and spaces."""
    plain = _SPACES.sub("", text.strip()).replace(MINUS, "-").upper()
    for sign in (currency, "€", "$", "£", "¥"):
        plain = plain.removeprefix(sign).removesuffix(sign)
    negative = plain.startswith("-")
    plain = plain.removeprefix("-").removeprefix("+")
    for sign in (currency, "€", "$", "£", "¥"):
        plain = plain.removeprefix(sign)
    if (
        not plain.isascii()
        or not re.fullmatch(r"[0-9.,]+", plain)
        or not any(char.isdigit() for char in plain)
    ):
        raise NotAnAmount(text)
    return negative, plain


def _halves(plain: str, currency: str, language: str | None) -> tuple[str, str]:
    """Split digits at the decimal point and take the grouping out."""
    commas, points = plain.count(","), plain.count(".")
    if commas and points:
        point = max(",.", key=plain.rfind)
        group = "," if point == "." else "."
        if plain.count(point) > 1:
            raise NotAnAmount(plain)
    elif commas + points == 1:
        mark = "," if commas else "."
        grouping = locale_of(language).number_symbols["latn"]["group"]
        after = len(plain) - plain.index(mark) - 1
        is_group = (
            after == 3
            and (mark == grouping or currency_exponent(currency) < 3)
            and plain.index(mark) in {1, 2, 3}
            and plain[0] != "0"
        )
        point, group = ("", mark) if is_group else (mark, "")
    else:
        point, group = "", "," if commas else "."
    whole, _, part = plain.partition(point) if point else (plain, "", "")
    if group and group in whole:
        parts = whole.split(group)
        if not 1 <= len(parts[0]) <= 3 or any(len(piece) != 3 for piece in parts[1:]):
            raise NotAnAmount(plain)
        whole = "".join(parts)
    return whole, part


class MoneyInput(forms.MultiWidget):
    """A currency, fixed or chosen, before an amount; drawn by components/field.html as an affix."""

    control_kind = "money"

    def __init__(self, currencies: Sequence[str]) -> None:
        self.currencies = tuple(currencies)
        amount = forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "class": "input"}
        )
        choice: forms.Widget = forms.Select(choices=[(code, code) for code in self.currencies])
        if len(self.currencies) == 1:
            choice = forms.HiddenInput()
        super().__init__({"": amount, "currency": choice})

    def decompress(self, value: Money | None) -> list[str]:
        """Return the amount in the language's form and its currency."""
        if not value:
            return ["", self.currencies[0]]
        return [
            money_text(value.minor, value.currency, sign="none").replace(MINUS, "-"),
            value.currency,
        ]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Any]:
        """Read the amount under the field's own name and the currency under <name>_currency."""
        currency = data.get(f"{name}_currency") or self.currencies[0]
        return [data.get(name), self.currencies[0] if len(self.currencies) == 1 else currency]

    def id_for_label(self, id_: str) -> str:
        """Let the label lead to the amount."""
        return id_


class MoneyField(forms.Field):
    """An amount of money; cleans to Money."""

    default_error_messages = {
        "required": _("Enter an amount"),
        "amount": _("Enter an amount like %(example)s"),
        "negative": _("Enter an amount of 0 or more"),
        "positive": _("Enter an amount above 0"),
        "large": _("Enter an amount below %(limit)s"),
        "currency": _("Choose a currency from the list"),
    }

    def __init__(
        self, *, currencies: Sequence[str], negative: bool = False, zero: bool = True, **kwargs: Any
    ) -> None:
        self.currencies = tuple(currencies)
        self.negative, self.zero = negative, zero
        super().__init__(widget=kwargs.pop("widget", None) or MoneyInput(self.currencies), **kwargs)

    def clean(self, value: Any) -> Money | None:
        """Return the Money, None when left empty and not required."""
        text, currency = value if isinstance(value, list | tuple) else (value, self.currencies[0])
        text = (text or "").strip()
        if not text:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if currency not in self.currencies:
            raise ValidationError(self.error_messages["currency"], code="currency")
        money = Money(self._minor(text, currency), currency)
        self.run_validators(money)
        return money

    def _minor(self, text: str, currency: str) -> int:
        example = money_text(123456 if currency_exponent(currency) else 1234, currency, sign="none")
        try:
            minor = amount_minor(text[:LONGEST_AMOUNT], currency)
        except NotAnAmount as error:
            raise ValidationError(
                self.error_messages["amount"], code="amount", params={"example": example}
            ) from error
        if minor < 0 and not self.negative:
            raise ValidationError(self.error_messages["negative"], code="negative")
        if minor == 0 and not self.zero:
            raise ValidationError(self.error_messages["positive"], code="positive")
        if abs(minor) >= LARGEST_MINOR:
            limit = money_text(LARGEST_MINOR, currency)
            raise ValidationError(
                self.error_messages["large"], code="large", params={"limit": limit}
            )
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare amounts, not spellings."""
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


Unit = TypeVar("Unit", bound=forms.Field)


def with_unit(field: Unit, unit: Any) -> Unit:
    """Return the field with the unit that stands behind its control, such as days."""
    field.unit = unit  # type: ignore[attr-defined]
    return field


class PercentField(forms.Field):
    """A percentage from 0 to 100 as people write it ("12.5", "12,5 %"); cleans to a Decimal fraction (0.125)."""

    unit = "%"

    default_error_messages = {
        "required": _("Enter a percentage"),
        "percent": _("Enter a percentage between %(low)s and %(high)s"),
    }

    def __init__(
        self,
        *,
        low: Decimal = Decimal(0),
        high: Decimal = Decimal(1),
        places: int = 2,
        **kwargs: Any,
    ) -> None:
        self.low, self.high, self.places = low, high, places
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(
            widget=kwargs.pop("widget", None) or forms.TextInput(attrs=attrs), **kwargs
        )

    def to_python(self, value: Any) -> Decimal | None:
        """Return the fraction."""
        text = _SPACES.sub("", str(value or "")).removesuffix("%").replace(",", ".")
        if not text:
            return None
        if not re.fullmatch(rf"\d{{1,3}}(\.\d{{0,{self.places}}})?", text):
            raise self._problem()
        fraction = Decimal(text).scaleb(-2)
        if not self.low <= fraction <= self.high:
            raise self._problem()
        return fraction

    def prepare_value(self, value: Any) -> Any:
        """Show a fraction as a percentage."""
        if isinstance(value, Decimal):
            plain = f"{value.scaleb(2).normalize():f}"
            return plain.replace(".", locale_of(get_language()).number_symbols["latn"]["decimal"])
        return value

    def _problem(self) -> ValidationError:
        span = {
            "low": f"{self.low.scaleb(2).normalize():f}%",
            "high": f"{self.high.scaleb(2).normalize():f}%",
        }
        return ValidationError(self.error_messages["percent"], code="percent", params=span)


# Of days that somebody may mean.
YEARS = range(1900, 2200)


class DateField(forms.DateField):
    """A day by the browser's own picker; typed days are read in the language's order too."""

    def __init__(
        self, *, earliest: date | None = None, latest: date | None = None, **kwargs: Any
    ) -> None:
        attrs = {"type": "date"}
        if earliest:
            attrs["min"] = earliest.isoformat()
        if latest:
            attrs["max"] = latest.isoformat()
        self.earliest, self.latest = earliest, latest
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs=attrs))
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"])
        errors = {"required": _("Enter a date"), "invalid": _("Enter a date like 2026-11-19")}
        kwargs["error_messages"] = {**errors, **kwargs.get("error_messages", {})}
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        """Read a day; years in which no deal was made are slips of the hand, and no clock of a zone reaches them."""
        day: date | None = super().to_python(value)
        if day and day.year not in YEARS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day

    def validate(self, value: Any) -> None:
        """Keep the day within the bounds."""
        super().validate(value)
        if value and (
            (self.earliest and value < self.earliest) or (self.latest and value > self.latest)
        ):
            raise ValidationError(self._bounds(), code="bounds")

    def _bounds(self) -> str:
        """Return which days may be chosen."""
        span = {
            "first": day_text(self.earliest, "medium") if self.earliest else "",
            "last": day_text(self.latest, "medium") if self.latest else "",
        }
        if not self.latest:
            return gettext("Choose %(first)s or a later day") % span
        if not self.earliest:
            return gettext("Choose %(last)s or an earlier day") % span
        return gettext("Choose a day from %(first)s to %(last)s") % span


class EmailField(forms.EmailField):
    """An email address, kept in lower case so that it can be compared as it is stored."""

    default_error_messages = {
        "invalid": _("Enter an email address in the format name@company.com"),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        )
        super().__init__(**kwargs)
        self.validators = [
            EmailValidator(self.default_error_messages["invalid"]),
            *self.validators[1:],
        ]

    def to_python(self, value: Any) -> str:
        """Return the address in lower case."""
        return str(super().to_python(value) or "").lower()


class WebAddressField(forms.CharField):
    """A company's web address, with or without https:// as people write it; cleans to a full address."""

    default_error_messages = {"invalid": _("Enter a web address like company.com")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={"inputmode": "url", "autocomplete": "url", "spellcheck": "false"}
            ),
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        """Return the address with its scheme; only http and https, only names with a dot."""
        text = str(super().clean(value) or "")
        if not text:
            return ""
        address = text if "://" in text else f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return address


class HintedChoiceField(forms.ChoiceField):
    """A choice among cards, each with a line that explains it."""

    widget = forms.RadioSelect

    def __init__(self, *, hints: Mapping[str, Any], **kwargs: Any) -> None:
        self.choice_hints = dict(hints)
        super().__init__(**kwargs)


class FileDrop(forms.FileInput):
    """A file input inside the drop area; `limits` says what may be dropped, in words."""

    control_kind = "file"

    def __init__(
        self, *, accept: str = "", limits: Any = "", attrs: dict[str, Any] | None = None
    ) -> None:
        self.limits = limits
        super().__init__({**({"accept": accept} if accept else {}), **(attrs or {})})


def error_list(form: forms.BaseForm) -> list[str]:
    """Return every problem of a bound form in words, for answers that are not pages (imports, the API)."""
    return [str(text) for texts in form.errors.values() for text in texts]
