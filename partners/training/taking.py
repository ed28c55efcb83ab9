"""Take courses: lessons opened and done, attempts begun, saved and judged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import SystemRandom
from typing import Any
from uuid import UUID

from django.db import transaction

from partners.training.certificates import issue_certificate
from partners.training.learners import Learner
from partners.training.models import (
    Attempt,
    AttemptAnswer,
    Certificate,
    Course,
    CourseState,
    Lesson,
    LessonVisit,
    Question,
    Taking,
)
from partners.training.rules import Bank, Way, drawn_from, is_right, passes
from partners.training.selectors import live_lessons, live_questions, way_of
from prm.events.services import SYSTEM, Actor, emit


class QuizNotOpen(ValueError):
    """No attempt may start now; `way` says why."""

    def __init__(self, way: Way) -> None:
        super().__init__(way.why)
        self.way = way


class Unanswered(ValueError):
    """The attempt has questions without an answer; `questions` are their numbers in the database."""

    def __init__(self, questions: list[int]) -> None:
        super().__init__(str(questions))
        self.questions = questions


def _locked_taking(course_id: UUID, learner: Learner, at: datetime) -> Taking:
    """Return the learner's row of a course, made when there is none, locked until the transaction ends."""
    own = {
        "user_id": learner.user_id,
        "application_id": None if learner.user_id is not None else learner.application_id,
    }
    key = {name: value for name, value in own.items() if value is not None}
    Taking.objects.get_or_create(
        course_id=course_id,
        **key,
        defaults={**own, "partner_id": learner.partner_id, "started_at": at},
    )
    return Taking.objects.select_for_update(no_key=True).get(course_id=course_id, **key)


@transaction.atomic
def open_lesson(*, lesson: Lesson, learner: Learner, at: datetime) -> LessonVisit:
    """Note that the learner opened a lesson; a repeat returns the first visit. The caller has checked the course."""
    taking = _locked_taking(lesson.course_id, learner, at)
    visit, _ = LessonVisit.objects.get_or_create(
        taking=taking,
        lesson=lesson,
        defaults={"partner_id": learner.partner_id, "opened_at": at},
    )
    return visit


@transaction.atomic
def finish_lesson(*, lesson: Lesson, learner: Learner, at: datetime) -> Taking:
    """Note that the learner has done a lesson; a repeat keeps the first moment.

    The last lesson of a course without questions passes it. Emits course.passed then.
    """
    taking = _locked_taking(lesson.course_id, learner, at)
    visit, _ = LessonVisit.objects.get_or_create(
        taking=taking,
        lesson=lesson,
        defaults={"partner_id": learner.partner_id, "opened_at": at},
    )
    if visit.done_at is None:
        visit.done_at = at
        visit.save(update_fields=["done_at"])
    if taking.lessons_done_at is None and _lessons_done(taking):
        taking.lessons_done_at = at
        taking.save(update_fields=["lessons_done_at"])
        if not live_questions(taking.course_id).exists():
            _pass(taking, learner, at)
    return taking


def _lessons_done(taking: Taking) -> bool:
    done = LessonVisit.objects.filter(taking=taking, done_at__isnull=False).values("lesson_id")
    return not live_lessons(taking.course_id).exclude(id__in=done).exists()


@transaction.atomic
def start_attempt(*, course: Course, learner: Learner, at: datetime) -> Attempt:
    """Begin an attempt: questions drawn from the bank, all shuffled; one that is open is returned instead.

    Raises QuizNotOpen: passed, lessons not done, none left, too early, no questions, or the course is archived.
    """
    taking = _locked_taking(course.id, learner, at)
    attempts = list(Attempt.objects.filter(taking=taking).order_by("-number"))
    if attempts and attempts[0].submitted_at is None:
        return attempts[0]
    bank = [
        Bank(question.id, tuple(choice["key"] for choice in question.choices))
        for question in live_questions(course.id)
    ]
    way = way_of(
        course,
        taking,
        attempts,
        lessons_done=_lessons_done(taking),
        has_questions=bool(bank),
        at=at,
    )
    if course.state != CourseState.PUBLISHED:
        way = Way("archived", way.left)
    if not way.open:
        raise QuizNotOpen(way)
    drawn = drawn_from(bank, count=course.draw_count, dice=SystemRandom())
    return Attempt.objects.create(
        taking=taking,
        number=len(attempts) + 1,
        partner_id=learner.partner_id,
        drawn=drawn,
        started_at=at,
        question_count=len(drawn),
    )


def _locked_attempt(taking: Taking, number: int) -> Attempt:
    return Attempt.objects.select_for_update(no_key=True).get(taking=taking, number=number)


def _allowed(
    drawn: Sequence[Mapping[str, Any]], answers: Mapping[int, Sequence[str]]
) -> dict[str, list[str]]:
    """Return answers to questions that were drawn, among the choices that were shown."""
    kept = {}
    for one in drawn:
        chosen = [key for key in answers.get(one["question"], ()) if key in one["choices"]]
        if chosen:
            kept[str(one["question"])] = sorted(set(chosen))
    return kept


@transaction.atomic
def save_answers(
    *,
    course: Course,
    learner: Learner,
    number: int,
    answers: Mapping[int, Sequence[str]],
    at: datetime,
) -> Attempt:
    """Keep an open attempt's answers as they stand; a submitted attempt is not changed. Raises Attempt.DoesNotExist."""
    attempt = _locked_attempt(_locked_taking(course.id, learner, at), number)
    if attempt.submitted_at is None:
        attempt.answers = _allowed(attempt.drawn, answers)
        attempt.save(update_fields=["answers"])
    return attempt


@transaction.atomic
def submit_attempt(
    *,
    course: Course,
    learner: Learner,
    number: int,
    answers: Mapping[int, Sequence[str]],
    at: datetime,
) -> Attempt:
    """Judge an attempt once; a second submission, also from another tab, returns the first judgement.

    answers: question -> keys of the choices. Right is who chose exactly the right ones; the pass mark itself passes.
    Raises Unanswered (what was answered is kept), Attempt.DoesNotExist. Emits course.passed.
    """
    taking = _locked_taking(course.id, learner, at)
    attempt = _locked_attempt(taking, number)
    if attempt.submitted_at:
        return attempt
    attempt.answers = _allowed(attempt.drawn, answers)
    missing = [
        one["question"] for one in attempt.drawn if str(one["question"]) not in attempt.answers
    ]
    if missing:
        raise Unanswered(missing)
    rights = _judged(attempt)
    attempt.submitted_at = at
    attempt.right_count = sum(rights.values())
    attempt.passed = passes(
        right=attempt.right_count, total=attempt.question_count, percent=course.pass_percent
    )
    attempt.save(update_fields=["answers", "submitted_at", "right_count", "passed"])
    AttemptAnswer.objects.bulk_create(
        AttemptAnswer(
            attempt=attempt,
            question_id=question,
            partner_id=learner.partner_id,
            right=right,
            chosen=attempt.answers[str(question)],
        )
        for question, right in rights.items()
    )
    if attempt.passed:
        _pass(taking, learner, at)
    return attempt


def _judged(attempt: Attempt) -> dict[int, bool]:
    ids = [one["question"] for one in attempt.drawn]
    questions = Question.objects.in_bulk(ids)
    return {
        number: is_right(questions[number].choices, attempt.answers[str(number)]) for number in ids
    }


def _pass(taking: Taking, learner: Learner, at: datetime) -> None:
    if taking.passed_at:
        return
    taking.passed_at = at
    taking.save(update_fields=["passed_at"])
    emit(
        "course.passed",
        subject=f"taking:{taking.id}",
        actor=learner.actor,
        partner_id=learner.partner_id,
        payload={
            "course_id": str(taking.course_id),
            "user_id": learner.user_id,
            "application_id": str(learner.application_id) if learner.application_id else None,
            "partner_id": str(learner.partner_id) if learner.partner_id else None,
        },
        at=at,
    )
    if taking.course.gives_certificate:
        issue_certificate(taking=taking, learner=learner, at=at)


@transaction.atomic
def add_attempts(*, taking_id: int, count: int, actor: Actor, at: datetime) -> Taking:
    """Give a learner further attempts beyond the course's limit. count: 1 or more. Emits course.attempts_added."""
    if count < 1:
        raise ValueError(count)
    taking = Taking.objects.select_for_update(no_key=True).get(id=taking_id)
    taking.extra_attempts += count
    taking.save(update_fields=["extra_attempts"])
    emit(
        "course.attempts_added",
        subject=f"taking:{taking.id}",
        actor=actor,
        partner_id=taking.partner_id,
        payload={"taking_id": taking.id, "count": count},
        at=at,
        queue=False,
    )
    return taking


@transaction.atomic
def hand_over(*, application_id: UUID, user_id: int, partner_id: UUID, at: datetime) -> int:
    """Give what an applicant learned to the person and partner they became; return how many courses moved.

    Courses that the person has begun already stay with the application. A repeat moves nothing.
    Emits course.handed_over for each that was passed.
    """
    own = Taking.objects.filter(user_id=user_id).values("course_id")
    rows = Taking.objects.select_for_update(no_key=True).filter(
        application_id=application_id, user_id__isnull=True
    )
    moved = list(rows.exclude(course_id__in=own).order_by("id"))
    for taking in moved:
        taking.user_id, taking.partner_id = user_id, partner_id
        taking.save(update_fields=["user_id", "partner_id"])
        LessonVisit.objects.filter(taking=taking).update(partner_id=partner_id)
        Attempt.objects.filter(taking=taking).update(partner_id=partner_id)
        Certificate.objects.filter(taking=taking).update(partner_id=partner_id)
        if taking.passed_at is not None:
            emit(
                "course.handed_over",
                subject=f"taking:{taking.id}",
                actor=SYSTEM,
                partner_id=partner_id,
                payload={
                    "course_id": str(taking.course_id),
                    "user_id": user_id,
                    "partner_id": str(partner_id),
                },
                at=at,
            )
    return len(moved)
