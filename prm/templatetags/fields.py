"""Form controls in templates: which component draws a field, and what ties label, hint and error to it."""

from collections import Counter
from typing import Any

from django import forms, template
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

register = template.Library()

_KINDS: list[tuple[type[forms.Widget], str]] = [
    (forms.CheckboxSelectMultiple, "choices"),
    (forms.RadioSelect, "choices"),
    (forms.CheckboxInput, "checkbox"),
    (forms.FileInput, "file"),
    (forms.HiddenInput, "hidden"),
]


@register.filter
def control_kind(field: BoundField) -> str:
    """Return how to draw the field: choices, checkbox, file, hidden, money or input."""
    widget = field.field.widget
    named = getattr(widget, "control_kind", None)
    if named:
        return str(named)
    return next((kind for type_, kind in _KINDS if isinstance(widget, type_)), "input")


@register.filter
def error_id(field: BoundField) -> str:
    """Return the id of the field's error line."""
    return f"{field.auto_id}-err"


@register.filter
def hint_id(field: BoundField) -> str:
    """Return the id of the field's hint line."""
    return f"{field.auto_id}-hint"


@register.filter
def focus_id(field: BoundField) -> str:
    """Return the id a link to the field leads to; the first choice of a group."""
    if isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{field.auto_id}_0"
    return str(field.id_for_label or field.auto_id)


@register.filter
def hint_text(field: BoundField, hint: str = "") -> str:
    """Return the hint to show: the one given, "none" for no hint at all, else the field's own."""
    return "" if hint == "none" else hint or str(field.help_text)


@register.simple_tag
def control(field: BoundField, hint: str = "", **attrs: Any) -> SafeString:
    """Draw the field's control with class, aria-invalid and aria-describedby; underscores in attrs become hyphens."""
    given: dict[str, Any] = {
        name.replace("_", "-"): value for name, value in attrs.items() if value not in (None, "")
    }
    if not isinstance(
        field.field.widget,
        forms.CheckboxInput | forms.FileInput | forms.RadioSelect | forms.CheckboxSelectMultiple,
    ):
        given.setdefault(
            "class", " ".join(filter(None, ["input", field.field.widget.attrs.get("class", "")]))
        )
    # A placeholder looks like an answer and leaves when it is needed; the label and the hint stay.
    field.field.widget.attrs.pop("placeholder", None)
    return SafeString(field.as_widget(attrs={**given, **described(field, hint)}))


def described(field: BoundField, hint: str = "") -> dict[str, str]:
    """Return the ARIA attributes that tie error and hint to the control."""
    ids = [error_id(field)] if field.errors else []
    if hint_text(field, hint):
        ids.append(hint_id(field))
    attrs = {"aria-describedby": " ".join(ids)} if ids else {}
    if field.errors:
        attrs["aria-invalid"] = "true"
    return attrs


@register.simple_tag
def money_control(field: BoundField, hint: str = "") -> dict[str, Any]:
    """Return what an amount's control shows: amount, currency, currencies and the ids that describe it."""
    widget = field.field.widget
    value = field.value()
    amount, currency = value if isinstance(value, list | tuple) else widget.decompress(value)
    ids = described(field, hint).get("aria-describedby", "")
    return {
        "amount": amount or "",
        "currency": currency,
        "currencies": widget.currencies,
        "described": ids,
    }


@register.simple_tag
def choice_controls(field: BoundField) -> list[Any]:
    """Return the single choices of a group, each with tag, label and hint."""
    hints = getattr(field.field, "choice_hints", {})
    found = []
    for part in field.subwidgets:
        value = str(part.data["value"])
        found.append({"tag": part.tag(), "label": part.choice_label, "hint": hints.get(value, "")})
    return found


@register.filter
def problems(field: BoundField) -> list[str]:
    """Return the field's problems in words that say what to do.

    Django's own words for an empty field name no field and are replaced; a form's own words stay.
    """
    return [_told(field, error) for error in field.errors.as_data()]


# Django's words for a number out of bounds name no field: the validator they come from, and ours.
_LIMITS: dict[str, tuple[Any, Any]] = {
    "min_value": (MinValueValidator, gettext_lazy("“%(label)s”: enter %(limit)s or more")),
    "max_value": (MaxValueValidator, gettext_lazy("“%(label)s”: enter %(limit)s or less")),
}


def _told(field: BoundField, error: ValidationError) -> str:
    told, code = str(error.messages[0]), error.code or ""
    generic = forms.Field.default_error_messages.get(code)
    params, limit = error.params or {}, _LIMITS.get(code)
    if limit and "limit_value" in params and told == str(limit[0].message) % params:
        return str(limit[1]) % {"label": field.label, "limit": params["limit_value"]}
    if code != "required" or told != str(generic):
        return told
    label = {"label": field.label}
    if isinstance(field.field.widget, forms.CheckboxInput):
        return gettext("Tick “%(label)s” to go on") % label
    if isinstance(
        field.field.widget,
        forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple | forms.FileInput,
    ):
        return gettext("Choose something for “%(label)s”") % label
    return gettext("Fill in “%(label)s”") % label


@register.filter
def form_errors(form: Any) -> list[dict[str, str]]:
    """Return every problem of a form as {"text", "target"}, the form's own first, then in the order of the fields.

    Words that stand at several fields are told with the name of each.
    """
    if not form or not form.is_bound:
        return []
    found = [{"text": str(text), "target": ""} for text in form.non_field_errors()]
    told = [(field, str(text)) for field in form for text in problems(field)]
    often = Counter(text for _field, text in told)
    for field, text in told:
        words = {"label": field.label, "problem": text}
        named = gettext("“%(label)s”: %(problem)s") % words if often[text] > 1 else text
        found.append({"text": named, "target": "" if field.is_hidden else focus_id(field)})
    return found
