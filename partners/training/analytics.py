"""How a course does: drop-off per lesson, misses per question, time per attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from partners.training.models import (
    Attempt,
    AttemptAnswer,
    Course,
    Lesson,
    LessonVisit,
    Question,
    Taking,
)
from partners.training.rules import SMALL_SAMPLE
from partners.training.selectors import live_lessons


@dataclass(frozen=True)
class LessonFigures:
    """One lesson: people who opened it and did it; lost: the share of those before who never opened it."""

    lesson: Lesson
    opened: int
    done: int
    before: int

    @property
    def lost(self) -> float | None:
        """The fraction that dropped off on the way here; None with nobody before."""
        return 1 - self.opened / self.before if self.before else None

    @property
    def small(self) -> bool:
        """Whether too few people came for the rate to say much."""
        return self.before < SMALL_SAMPLE


@dataclass(frozen=True)
class QuestionFigures:
    """One question: answers counted, how many were wrong, and the wrong answer chosen most."""

    question: Question
    answered: int
    missed: int
    lure: Mapping[str, str]
    lure_count: int

    @property
    def miss_rate(self) -> float | None:
        """The fraction of wrong answers; None without any."""
        return self.missed / self.answered if self.answered else None

    @property
    def small(self) -> bool:
        """Whether there are too few answers for the rate to say much."""
        return self.answered < SMALL_SAMPLE


@dataclass(frozen=True)
class CourseFigures:
    """A course at a glance. median_minutes: of submitted attempts, None without any."""

    started: int
    lessons_done: int
    tried: int
    passed: int
    passed_at_once: int
    attempts: int
    median_minutes: float | None
    lessons: list[LessonFigures]
    questions: list[QuestionFigures]


def course_figures(course: Course) -> CourseFigures:
    """Return how a course does; a fixed number of statements."""
    takings = Taking.objects.filter(course=course).aggregate(
        started=Count("id"),
        lessons_done=Count("id", filter=Q(lessons_done_at__isnull=False)),
        passed=Count("id", filter=Q(passed_at__isnull=False)),
    )
    attempts = Attempt.objects.filter(
        taking__course_id=course.id, submitted_at__isnull=False
    ).aggregate(
        every=Count("id"),
        tried=Count("taking_id", distinct=True),
        at_once=Count("id", filter=Q(number=1, passed=True)),
    )
    return CourseFigures(
        started=takings["started"],
        lessons_done=takings["lessons_done"],
        tried=attempts["tried"],
        passed=takings["passed"],
        passed_at_once=attempts["at_once"],
        attempts=attempts["every"],
        median_minutes=_median_minutes(course.id),
        lessons=_lessons(course.id, takings["started"]),
        questions=_questions(course.id),
    )


_MEDIAN = """
select percentile_cont(0.5) within group (order by extract(epoch from a.submitted_at - a.started_at) / 60)
from partners_attempt a join partners_taking t on t.tenant_id = a.tenant_id and t.id = a.taking_id
where t.course_id = %s and a.submitted_at is not null
"""


def _median_minutes(course_id: UUID) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN, [course_id])
        found = cursor.fetchone()[0]
    return None if found is None else float(found)


def _lessons(course_id: UUID, started: int) -> list[LessonFigures]:
    counts = {
        row["lesson_id"]: row
        for row in LessonVisit.objects.filter(lesson__course_id=course_id)
        .values("lesson_id")
        .annotate(opened=Count("id"), done=Count("id", filter=Q(done_at__isnull=False)))
    }
    rows, before = [], started
    for lesson in live_lessons(course_id):
        found = counts.get(lesson.id, {"opened": 0, "done": 0})
        rows.append(LessonFigures(lesson, found["opened"], found["done"], before))
        before = found["opened"]
    return rows


_LURES = """
select n.question_id, k.key, count(*)
from partners_attempt_answer n
join partners_question q on q.tenant_id = n.tenant_id and q.id = n.question_id
cross join lateral jsonb_array_elements_text(n.chosen) k(key)
where q.course_id = %s and not n."right"
group by n.question_id, k.key
"""


def _questions(course_id: UUID) -> list[QuestionFigures]:
    """Return live questions and retired ones that were answered, the most missed first, small samples last."""
    counts: dict[int, Any] = {
        row["question_id"]: row
        for row in AttemptAnswer.objects.filter(question__course_id=course_id)
        .values("question_id")
        .annotate(answered=Count("id"), missed=Count("id", filter=Q(right=False)))
    }
    lures: dict[int, list[tuple[int, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LURES, [course_id])
        for question_id, key, count in cursor.fetchall():
            lures.setdefault(question_id, []).append((count, key))
    rows = []
    questions = Question.objects.filter(course_id=course_id)
    for question in questions.filter(Q(retired_at=None) | Q(id__in=counts)).order_by("position"):
        found = counts.get(question.id, {"answered": 0, "missed": 0})
        text, many = _lure(question, lures.get(question.id, []))
        rows.append(QuestionFigures(question, found["answered"], found["missed"], text, many))
    return sorted(rows, key=lambda row: (row.small, -(row.miss_rate or 0), row.question.position))


def _lure(question: Question, chosen: list[tuple[int, str]]) -> tuple[Mapping[str, str], int]:
    wrong = {choice["key"]: choice["text"] for choice in question.choices if not choice["right"]}
    for count, key in sorted(chosen, reverse=True):
        if key in wrong:
            return wrong[key], count
    return {}, 0
