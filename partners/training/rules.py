"""What a quiz draws, counts and allows; pure."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

MAX_CHOICES = 6
CODE_BYTES = 10
# Below so many answers a rate says little.
SMALL_SAMPLE = 10


@dataclass(frozen=True)
class Bank:
    """A question as the draw needs it: its number and the keys of its answers."""

    question: int
    keys: tuple[str, ...]


def drawn_from(bank: Sequence[Bank], *, count: int, dice: Random) -> list[dict[str, Any]]:
    """Return questions in the order shown, each with its answers shuffled.

    count: how many of the bank; 0, or more than there are, takes all. dice: the caller's randomness.
    """
    many = len(bank) if count <= 0 else min(count, len(bank))
    drawn = dice.sample(list(bank), many)
    return [
        {"question": one.question, "choices": dice.sample(one.keys, len(one.keys))} for one in drawn
    ]


def is_right(choices: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> bool:
    """Tell whether exactly the right answers were chosen; choices: as stored with the question."""
    return {choice["key"] for choice in choices if choice["right"]} == set(chosen)


def passes(*, right: int, total: int, percent: int) -> bool:
    """Tell whether so many right answers reach the pass mark; exactly the mark passes, no rounding helps."""
    return total > 0 and right * 100 >= percent * total


def right_needed(*, total: int, percent: int) -> int:
    """Return the fewest right answers that pass."""
    return -(-percent * total // 100)


@dataclass(frozen=True)
class Way:
    """What a learner may do with a course's quiz now.

    left: attempts that remain, None without a limit. opens_at: aware moment from which the next may start, None for
    at once. why: "" when an attempt may start, else "passed", "lessons", "none_left", "later" or "no_questions".
    """

    why: str
    left: int | None
    opens_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether an attempt may start."""
        return not self.why


def way_to_quiz(
    *,
    passed: bool,
    lessons_done: bool,
    has_questions: bool,
    max_attempts: int,
    extra_attempts: int,
    used: int,
    last_submitted_at: datetime | None,
    retry_hours: int,
    at: datetime,
) -> Way:
    """Decide whether a new attempt may start.

    max_attempts: 0 sets no limit. used: attempts submitted. retry_hours: wait after an attempt that did not pass.
    """
    left = None if max_attempts <= 0 else max(0, max_attempts + extra_attempts - used)
    if passed:
        return Way("passed", left)
    if not has_questions:
        return Way("no_questions", left)
    if not lessons_done:
        return Way("lessons", left)
    if left == 0:
        return Way("none_left", left)
    opens_at = last_submitted_at + timedelta(hours=retry_hours) if last_submitted_at else None
    if opens_at and opens_at > at:
        return Way("later", left, opens_at)
    return Way("", left)


def may_see_answers(*, passed: bool, left: int | None) -> bool:
    """Tell whether right answers and explanations may be shown: nothing is left to win by them."""
    return passed or left == 0


def new_code() -> str:
    """Return an unguessable code for a certificate: 80 random bits, 16 signs."""
    return base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()


def plain_code(typed: str) -> str:
    """Return a code as stored from what people type or print: capitals, without spaces and dashes."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())[:32]


def printed_code(code: str) -> str:
    """Return a code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, the last one where it is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for end in (day.day, 30, 29, 28):
        if end <= day.day:
            try:
                return date(year, month, end)
            except ValueError:
                continue
    return date(year, month, 28)


def in_language(texts: Mapping[str, str], *languages: str) -> tuple[str, str]:
    """Return a text and its language: the first of the languages that has one, else any; ("", "") without texts."""
    for language in (*languages, *texts):
        if texts.get(language):
            return texts[language], language
    return "", ""


def question_gaps(question: Mapping[str, Any]) -> list[str]:
    """Return what keeps a question from being asked, as codes: "text", "answers", "right", "one_right"."""
    choices = question["choices"]
    right = sum(1 for choice in choices if choice["right"])
    gaps = [] if any(question["text"].values()) else ["text"]
    if len(choices) < 2:
        gaps.append("answers")
    if not right:
        gaps.append("right")
    elif right > 1 and question["kind"] != "multiple":
        gaps.append("one_right")
    return gaps
