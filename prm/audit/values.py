"""Changed values in words: codes by the labels of their choices, yes and no, lists without brackets."""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext, ngettext

_choices: dict[tuple[str, str], type[TextChoices]] = {}


def choices_of(noun: str, field: str, choices: type[TextChoices]) -> None:
    """Register what the codes of a field mean, for subjects of a noun; called from <slice>/fillers.py."""
    _choices[noun, field] = choices


def value_words(noun: str, field: str, value: Any) -> str:
    """Return a value as a person reads it; empty for nothing, a code nobody registered as it is."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        if value and all(isinstance(item, list) for item in value):
            return ngettext("%(count)s move", "%(count)s moves", len(value)) % {"count": len(value)}
        return ", ".join(value_words(noun, field, item) for item in value)
    if isinstance(value, dict):
        return str(value.get("label") or value.get("name") or "")
    text = "" if value is None else str(value)
    known = _choices.get((noun, field))
    return str(known(text).label) if known and text in known.values else text
