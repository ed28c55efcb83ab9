"""An application's questions and answers: what a form may ask, which answers end it, and what they score. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

TYPES = ("text", "long", "number", "one", "several", "yes_no", "country", "url")
CHOICE_TYPES = frozenset({"one", "several", "yes_no"})
MAX_QUESTIONS = 20
MAX_CHOICES = 20
LABEL_LENGTH = 200
CHOICE_LENGTH = 120
WORDS_LENGTH = 600
POINTS = 100
ANSWER_LENGTH = {"text": 300, "long": 4000, "url": 200, "number": 20}
LARGEST_NUMBER = Decimal(10) ** 12
# A draft that nobody touched for so long is gone.
DRAFT_DAYS = 30
SOURCE_LENGTH = 80
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_UNSAID = re.compile(r"[\x00-\x1f\x7f]+")


class BadQuestions(ValueError):
    """The questions cannot be asked; the text says why."""


@dataclass(frozen=True)
class Part:
    """What one answer adds to the score, and why."""

    label: str
    points: int
    why: str


@dataclass(frozen=True)
class Refusal:
    """The answer that ended an application: the question's key, and the words in which it is explained per language."""

    key: str
    words: Mapping[str, str]


def checked_questions(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the questions in their stored form. Raises BadQuestions.

    key, type, required, label and hint and decline {"en": …}, points (for any answer), choices [{"key", "label",
    "points", "knock_out"}], least (a smaller number declines, null: none), countries (codes; others decline, [] none).
    """
    if len(questions) > MAX_QUESTIONS:
        raise BadQuestions(f"at most {MAX_QUESTIONS} questions")
    found = [_checked(question) for question in questions]
    keys = [question["key"] for question in found]
    if len(set(keys)) != len(keys):
        raise BadQuestions("two questions share a key")
    return found


def _checked(question: Mapping[str, Any]) -> dict[str, Any]:
    key, kind = str(question.get("key", "")), question.get("type")
    if not _KEY.fullmatch(key):
        raise BadQuestions(f"{key!r} is no key")
    if kind not in TYPES:
        raise BadQuestions(f"{key} has an unknown type")
    label = _texts(question.get("label"), LABEL_LENGTH, key)
    if not label:
        raise BadQuestions(f"{key} needs a question")
    least = question.get("least")
    return {
        "key": key,
        "type": kind,
        "required": bool(question.get("required")),
        "label": label,
        "hint": _texts(question.get("hint"), LABEL_LENGTH, key),
        "decline": _texts(question.get("decline"), WORDS_LENGTH, key),
        "points": 0 if kind in CHOICE_TYPES else _points(question.get("points"), key),
        "choices": _choices(question, key) if kind in CHOICE_TYPES else [],
        "least": int(least) if kind == "number" and least is not None else None,
        "countries": _countries(question.get("countries"), key) if kind == "country" else [],
    }


def _choices(question: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    given = question.get("choices") or []
    choices: list[dict[str, Any]] = [
        {
            "key": str(choice.get("key", "")),
            "label": _texts(choice.get("label"), CHOICE_LENGTH, key),
            "points": _points(choice.get("points"), key),
            "knock_out": bool(choice.get("knock_out")),
        }
        for choice in given
    ]
    keys = [choice["key"] for choice in choices]
    if question.get("type") == "yes_no":
        if sorted(keys) != ["no", "yes"]:
            raise BadQuestions(f"{key} needs the answers yes and no")
        return sorted(choices, key=lambda choice: choice["key"] == "no")
    if not 2 <= len(choices) <= MAX_CHOICES:
        raise BadQuestions(f"{key} needs 2 to {MAX_CHOICES} answers to choose from")
    if len(set(keys)) != len(keys) or not all(_KEY.fullmatch(each) for each in keys):
        raise BadQuestions(f"{key} needs answers with keys of their own")
    if not all(choice["label"] for choice in choices):
        raise BadQuestions(f"{key} has an answer without words")
    if question.get("required") and all(choice["knock_out"] for choice in choices):
        raise BadQuestions(f"{key} would decline everybody")
    return choices


def _texts(texts: Any, length: int, key: str) -> dict[str, str]:
    given = {
        str(code): str(text).strip()
        for code, text in (texts or {}).items()
        if text and str(text).strip()
    }
    if any(len(text) > length for text in given.values()):
        raise BadQuestions(f"{key} has a text of more than {length} characters")
    return given


def _points(points: Any, key: str) -> int:
    value = int(points or 0)
    if not -POINTS <= value <= POINTS:
        raise BadQuestions(f"{key} gives {-POINTS} to {POINTS} points")
    return value


def _countries(codes: Any, key: str) -> list[str]:
    found = list(dict.fromkeys(str(code).upper() for code in codes or []))
    if any(not re.fullmatch(r"[A-Z]{2}", code) for code in found):
        raise BadQuestions(f"{key} has an unknown country")
    return found


def number_of(text: str) -> Decimal | None:
    """Return a number as people write it ("1 200", "1.5", "1,5"), None when it is none or beyond a trillion."""
    plain = re.sub(r"[\s\u00a0\u202f']", "", str(text)).replace(",", ".")
    if not re.fullmatch(r"-?\d{1,13}(\.\d{1,6})?", plain):
        return None
    try:
        value = Decimal(plain)
    except InvalidOperation:  # pragma: no cover  the pattern admits decimals only
        return None
    return value if abs(value) <= LARGEST_NUMBER else None


def is_answered(value: Any) -> bool:
    """Tell whether there is an answer at all."""
    return value not in (None, "", [])


def refusal_of(questions: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> Refusal | None:
    """Return the first answer that ends the application, in the form's order; None when none does."""
    for question in questions:
        value = values.get(question["key"])
        if is_answered(value) and _knocks_out(question, value):
            return Refusal(question["key"], question.get("decline") or {})
    return None


def _knocks_out(question: Mapping[str, Any], value: Any) -> bool:
    if question["type"] in CHOICE_TYPES:
        chosen = value if isinstance(value, list) else [value]
        return any(
            choice["knock_out"] and choice["key"] in chosen for choice in question["choices"]
        )
    if question["type"] == "number" and question.get("least") is not None:
        number = number_of(value)
        return number is not None and number < question["least"]
    if question["type"] == "country" and question.get("countries"):
        return value not in question["countries"]
    return False


def score_parts(
    questions: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> list[Part]:
    """Return what each answer adds, one part a question that can give points; the score is their sum.

    answers: as stored: key, label, value, shown.
    """
    by_key = {answer["key"]: answer for answer in answers}
    parts = []
    for question in questions:
        if not can_score(question):
            continue
        answer = by_key.get(question["key"], {})
        value = answer.get("value")
        label = str(answer.get("label") or next(iter(question["label"].values())))
        parts.append(Part(label, _earned(question, value), str(answer.get("shown") or "–")))
    return parts


def can_score(question: Mapping[str, Any]) -> bool:
    """Tell whether any answer to the question gives or takes points."""
    return bool(question["points"]) or any(choice["points"] for choice in question["choices"])


def _earned(question: Mapping[str, Any], value: Any) -> int:
    if not is_answered(value):
        return 0
    if question["type"] in CHOICE_TYPES:
        chosen = value if isinstance(value, list) else [value]
        return sum(choice["points"] for choice in question["choices"] if choice["key"] in chosen)
    return int(question["points"])


def most_points(questions: Sequence[Mapping[str, Any]]) -> int:
    """Return the most points that the answers to the questions can give."""
    most = 0
    for question in questions:
        given = [choice["points"] for choice in question["choices"]]
        if question["type"] == "several":
            most += sum(points for points in given if points > 0)
        elif given:
            most += max(0, *given)
        else:
            most += max(0, question["points"])
    return most


def tidy_source(text: Any) -> str:
    """Return where a visit came from as it is stored: one line, lower case, at most 80 characters."""
    return _UNSAID.sub(" ", str(text or "")).strip().lower()[:SOURCE_LENGTH]


def reapply_day(declined_on: date, days: int) -> date:
    """Return the first day on which somebody declined on a day may apply again."""
    return declined_on + timedelta(days=max(days, 0))


def tidy_draft(value: Any) -> Any:
    """Return what somebody typed, as a draft keeps it: no characters that the database refuses, bounded length."""
    if isinstance(value, list):
        return [tidy_draft(each) for each in value[:MAX_CHOICES]]
    return str(value or "").replace("\x00", "")[: ANSWER_LENGTH["long"]]
