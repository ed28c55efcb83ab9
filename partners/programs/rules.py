"""A program's own questions on the referral form: what a valid list of them is."""

import re
from typing import Any

TYPES = ("text", "number", "date", "choice", "yes_no")
MAX_FIELDS = 12
MAX_CHOICES = 50
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NOT_KEY = re.compile(r"[^a-z0-9]+")


class BadFields(ValueError):
    """The list of questions cannot be used; the text says why."""


def checked_fields(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the questions in their stored form: key, label, type, required, choices. Raises BadFields."""
    if len(fields) > MAX_FIELDS:
        raise BadFields(f"at most {MAX_FIELDS} questions")
    found = [_checked(field) for field in fields]
    keys = [field["key"] for field in found]
    if len(set(keys)) != len(keys):
        raise BadFields("two questions share a key")
    return found


def _checked(field: dict[str, Any]) -> dict[str, Any]:
    key, label, kind = (
        str(field.get("key", "")),
        str(field.get("label", "")).strip(),
        field.get("type"),
    )
    choices = [str(choice).strip() for choice in field.get("choices") or [] if str(choice).strip()]
    if not _KEY.fullmatch(key):
        raise BadFields(f"{key!r} is no key")
    if not label or len(label) > 120:
        raise BadFields(f"{key} needs a question of at most 120 characters")
    if kind not in TYPES:
        raise BadFields(f"{key} has an unknown type")
    if kind == "choice" and not 2 <= len(set(choices)) <= MAX_CHOICES:
        raise BadFields(f"{key} needs 2 to {MAX_CHOICES} answers to choose from")
    choices = list(dict.fromkeys(choices)) if kind == "choice" else []
    return {
        "key": key,
        "label": label,
        "type": kind,
        "required": bool(field.get("required")),
        "choices": choices,
    }


def fresh_key(label: str, taken: set[str]) -> str:
    """Return a key made of the question that no other question has."""
    stem = _NOT_KEY.sub("_", label.lower()).strip("_")[:32] or "question"
    stem = stem if stem[0].isalpha() else f"q_{stem}"[:32]
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    return key
