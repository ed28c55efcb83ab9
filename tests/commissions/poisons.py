"""Finds what a page reads of a request, and fills it with values that nobody should type."""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

# No form reads them: the middleware and the framework do.
NOT_FIELDS = {"csrfmiddlewaretoken", "_method", "next"}
POISONS = (
    "-1",
    "0",
    "0.005",
    "1.234,56",
    "1,234.56",
    "1e309",
    "NaN",
    "9223372036854775808",
    "-99999999999999999999999999",
    "١٢٣",
    "\x00",
    "\u202e=1+1\u2066",
    "2025-02-29",
    "29 Feb 2028",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "x" * 10_000,
    "9" * 5_000,
    "0190a0a0-0000-7000-8000-000000000001",
    "[]",
)


class _Fields(HTMLParser):
    """The values that a page's fields hold when nobody has typed yet."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.buttons: dict[str, list[str]] = {}
        self.choosing = self.text = ""
        self.chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name = given.get("name", "")
        match tag:
            case "input" if name and given.get("type") not in {"file", "submit"}:
                ticks = given.get("type") in {"checkbox", "radio"}
                first = given.get("type") == "radio" and name not in self.values
                if not ticks or "checked" in given or first:
                    self.values.setdefault(name, []).append(
                        given.get("value", "on" if ticks else "")
                    )
            case "button" if name:
                self.buttons.setdefault(name, []).append(given.get("value", ""))
            case "select":
                self.choosing, self.chosen = name, False
            case "option" if self.choosing:
                value, there = given.get("value", ""), self.values.get(self.choosing)
                if "selected" in given or (value and (not there or not there[0])):
                    if not self.chosen:
                        self.values[self.choosing] = [value]
                    self.chosen = self.chosen or "selected" in given
            case "textarea" if name:
                self.text = name
                self.values.setdefault(name, [""])

    def handle_data(self, data: str) -> None:
        if self.text:
            self.values[self.text] = [data.strip()]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.choosing = ""
        if tag == "textarea":
            self.text = ""


def held_by(page: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return what the fields of a page hold, and what its named buttons send."""
    fields = _Fields()
    fields.feed(page)
    return fields.values, fields.buttons


class Read:
    """What was asked of the body and the address of one request, and the fields of the forms that were filled."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.fields: dict[str, forms.Field] = {}

    def likely(self, name: str) -> Any:
        """Return a value that the field would most likely take."""
        field = self.fields.get(name)
        if field is not None and not field.required:
            return ""
        if isinstance(field, forms.ModelChoiceField):
            return str(getattr(field.queryset.first() if field.queryset else None, "pk", ""))
        if isinstance(field, forms.FileField):
            return SimpleUploadedFile("file.csv", b"code\nABC-1\n")
        if isinstance(field, forms.IntegerField):
            least: Any = field.min_value
            return str(max(1, least or 1))
        if isinstance(field, forms.ChoiceField):
            choices: Any = field.choices
            return next((str(value) for value, _ in choices if value not in {"", None}), "")
        usual = {
            "DateField": "2027-03-01",
            "BooleanField": "on",
            "MoneyField": "100.00",
            "PercentField": "10",
            "CharField": "Words",
        }
        return usual.get(type(field).__name__, "1")


@contextmanager
def reading() -> Iterator[Read]:
    """Note every name that is asked of a QueryDict, and every form that is bound."""
    read = Read()
    full_clean = forms.BaseForm.full_clean

    def noting(method: str) -> Any:
        original = getattr(QueryDict, method)

        def noted(self: QueryDict, key: str, *rest: Any) -> Any:
            if key not in NOT_FIELDS:
                read.names.add(key)
            return original(self, key, *rest)

        return patch.object(QueryDict, method, noted)

    def cleaned(self: forms.BaseForm) -> None:
        read.fields.update({self.add_prefix(name): field for name, field in self.fields.items()})
        full_clean(self)

    with (
        noting("get"),
        noting("getlist"),
        noting("__getitem__"),
        noting("__contains__"),
        patch.object(forms.BaseForm, "full_clean", cleaned),
    ):
        yield read
