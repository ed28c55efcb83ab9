"""What a quiz draws, how it is judged, and when another attempt may start."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.training.rules import (
    Bank,
    drawn_from,
    in_language,
    is_right,
    may_see_answers,
    months_later,
    new_code,
    passes,
    plain_code,
    printed_code,
    question_gaps,
    right_needed,
    way_to_quiz,
)

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
BANK = [Bank(number, ("a", "b", "c", "d")) for number in range(1, 9)]


@given(st.integers(0, 2**32), st.integers(-1, 12))
def test_a_draw_takes_questions_of_the_bank_once_each_with_all_their_answers(
    seed: int, count: int
) -> None:
    drawn = drawn_from(BANK, count=count, dice=Random(seed))

    numbers = [one["question"] for one in drawn]
    assert len(numbers) == len(set(numbers)) == (8 if count <= 0 or count > 8 else count)
    assert all(sorted(one["choices"]) == ["a", "b", "c", "d"] for one in drawn)


def test_draws_differ_in_questions_their_order_and_the_order_of_answers() -> None:
    draws = [drawn_from(BANK, count=4, dice=Random(seed)) for seed in range(20)]

    assert len({tuple(sorted(one["question"] for one in draw)) for draw in draws}) > 5
    assert len({tuple(draw[0]["choices"]) for draw in draws}) > 5


@pytest.mark.parametrize(
    ("right", "total", "percent", "passed"),
    [
        pytest.param(4, 5, 80, True, id="exactly the mark"),
        pytest.param(3, 5, 80, False, id="one below"),
        pytest.param(2, 3, 67, False, id="66.67 is not 67"),
        pytest.param(2, 3, 66, True, id="66.67 is more than 66"),
        pytest.param(7, 10, 70, True, id="no float gets between"),
        pytest.param(29, 100, 29, True, id="29 of 100, where floats fail"),
        pytest.param(0, 0, 1, False, id="nothing asked, nothing passed"),
    ],
)
def test_the_pass_mark_is_exact(right: int, total: int, percent: int, passed: bool) -> None:
    assert passes(right=right, total=total, percent=percent) is passed


@given(st.integers(1, 300), st.integers(1, 100))
def test_the_number_that_is_announced_is_the_least_that_passes(total: int, percent: int) -> None:
    needed = right_needed(total=total, percent=percent)

    assert passes(right=needed, total=total, percent=percent)
    assert not passes(right=needed - 1, total=total, percent=percent)


@pytest.mark.parametrize(
    ("chosen", "right"),
    [(["a", "b"], True), (["b", "a"], True), (["a"], False), (["a", "b", "c"], False), ([], False)],
)
def test_right_is_who_chose_exactly_the_right_answers(chosen: list[str], right: bool) -> None:
    choices = [{"key": key, "right": key in "ab"} for key in "abc"]

    assert is_right(choices, chosen) is right


def way(**changes: object) -> tuple[str, int | None, datetime | None]:
    given: dict[str, object] = {
        "passed": False,
        "lessons_done": True,
        "has_questions": True,
        "max_attempts": 3,
        "extra_attempts": 0,
        "used": 0,
        "last_submitted_at": None,
        "retry_hours": 0,
        "at": NOON,
    }
    found = way_to_quiz(**{**given, **changes})  # type: ignore[arg-type]
    return found.why, found.left, found.opens_at


def test_attempts_run_out_and_come_back_when_given() -> None:
    assert way(used=2) == ("", 1, None)
    assert way(used=3) == ("none_left", 0, None)
    assert way(used=3, extra_attempts=1) == ("", 1, None)
    assert way(used=30, max_attempts=0) == ("", None, None)


def test_the_wait_ends_to_the_second() -> None:
    last = NOON - timedelta(hours=24)

    assert way(used=1, last_submitted_at=last, retry_hours=24) == ("", 2, None)
    early = last + timedelta(seconds=1)
    assert way(used=1, last_submitted_at=early, retry_hours=24) == (
        "later",
        2,
        NOON + timedelta(seconds=1),
    )


def test_what_closes_a_quiz() -> None:
    assert way(passed=True)[0] == "passed"
    assert way(lessons_done=False)[0] == "lessons"
    assert way(has_questions=False)[0] == "no_questions"


@pytest.mark.parametrize(
    ("passed", "left", "told"),
    [(True, 2, True), (False, 0, True), (False, 1, False), (False, None, False)],
)
def test_answers_are_told_when_nothing_is_left_to_win(
    passed: bool, left: int | None, told: bool
) -> None:
    assert may_see_answers(passed=passed, left=left) is told


def test_a_code_survives_being_printed_and_typed() -> None:
    code = new_code()

    assert len(code) == 16
    assert printed_code(code).count("-") == 3
    assert plain_code(f" {printed_code(code).lower()} ") == code
    assert len({new_code() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 11, 18), 24, date(2028, 11, 18)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
    ],
)
def test_months_end_where_they_end(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_a_text_falls_back_to_the_tenants_language_and_then_to_any() -> None:
    texts = {"de": "Hallo", "en": "Hello"}

    assert in_language(texts, "it", "en") == ("Hello", "en")
    assert in_language(texts, "it", "fr") == ("Hallo", "de")
    assert in_language({"en": ""}, "en") == ("", "")


@pytest.mark.parametrize(
    ("kind", "rights", "gaps"),
    [
        ("single", [True, False], []),
        ("single", [True, True], ["one_right"]),
        ("multiple", [True, True], []),
        ("multiple", [False, False], ["right"]),
        ("single", [True], ["answers"]),
    ],
)
def test_a_question_needs_answers_and_right_ones(
    kind: str, rights: list[bool], gaps: list[str]
) -> None:
    choices = [{"key": str(n), "right": right} for n, right in enumerate(rights)]

    assert question_gaps({"kind": kind, "text": {"en": "Which?"}, "choices": choices}) == gaps
