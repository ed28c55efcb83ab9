"""Reads about courses and learners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from partners.directory.models import Enrollment, EnrollmentState, Partner
from partners.training.learners import Learner
from partners.training.models import (
    Attempt,
    Certificate,
    Course,
    CourseState,
    Lesson,
    LessonVisit,
    Question,
    Taking,
)
from partners.training.rules import Way, way_to_quiz

LIVE_ENROLLMENTS = (EnrollmentState.APPROVED, EnrollmentState.ACTIVE)


def courses_for(learner: Learner) -> QuerySet[Course]:
    """Return the published courses that a learner may take, oldest first.

    A partner's people take those of its programs and type, and those of all; applicants those opened to them.
    """
    courses = Course.objects.filter(state=CourseState.PUBLISHED).order_by("created_at", "id")
    if learner.partner_id is None:
        own = (
            Q(program=None)
            if learner.program_id is None
            else Q(program=None) | Q(program_id=learner.program_id)
        )
        return courses.filter(own, open_to_applicants=True)
    programs = Enrollment.objects.filter(
        partner_id=learner.partner_id, state__in=LIVE_ENROLLMENTS
    ).values("program_id")
    type_ = Partner.objects.filter(id=learner.partner_id).values_list("type", flat=True).first()
    return courses.filter(
        Q(program=None) | Q(program_id__in=programs), partner_type__in=["", type_ or ""]
    )


def course_for(learner: Learner, course_id: UUID) -> Course | None:
    """Return a course the learner may open: one that may be taken, or an archived one that was begun."""
    if course := courses_for(learner).filter(id=course_id).first():
        return course
    begun = Taking.objects.filter(learner.is_self, course_id=course_id)
    return Course.objects.filter(
        id=course_id, state=CourseState.ARCHIVED, id__in=begun.values("course_id")
    ).first()


def passed(*, course_id: UUID, learner: Learner) -> bool:
    """Tell whether the learner has passed the course, whatever became of it since."""
    return Taking.objects.filter(
        learner.is_self, course_id=course_id, passed_at__isnull=False
    ).exists()


def passed_by_partner(*, course_id: UUID, partner_id: UUID) -> bool:
    """Tell whether anybody of the partner has passed the course."""
    return Taking.objects.filter(
        course_id=course_id, partner_id=partner_id, passed_at__isnull=False
    ).exists()


def taking_of(learner: Learner, course_id: UUID) -> Taking | None:
    """Return the learner's row of a course, None before the first lesson was opened."""
    return Taking.objects.filter(learner.is_self, course_id=course_id).first()


def live_lessons(course_id: UUID) -> QuerySet[Lesson]:
    """Return a course's lessons in order."""
    return (
        Lesson.objects.filter(course_id=course_id, removed_at__isnull=True)
        .select_related("file")
        .order_by("position", "id")
    )


def live_questions(course_id: UUID) -> QuerySet[Question]:
    """Return the questions that new attempts draw from, in order."""
    return Question.objects.filter(course_id=course_id, retired_at__isnull=True).order_by(
        "position", "id"
    )


@dataclass(frozen=True)
class LessonRow:
    """A lesson on a learner's course page."""

    lesson: Lesson
    opened: bool
    done_at: datetime | None


@dataclass(frozen=True)
class Standing:
    """Where a learner stands in a course. done, total: lessons. attempts: submitted ones, newest first."""

    course: Course
    taking: Taking | None
    lessons: list[LessonRow]
    question_count: int
    way: Way
    open_attempt: Attempt | None
    attempts: list[Attempt]
    certificate: Certificate | None

    @property
    def done(self) -> int:
        """How many lessons are done."""
        return sum(1 for row in self.lessons if row.done_at)

    @property
    def total(self) -> int:
        """How many lessons there are."""
        return len(self.lessons)

    @property
    def passed_at(self) -> datetime | None:
        """When it was passed."""
        return self.taking.passed_at if self.taking else None

    @property
    def next_lesson(self) -> Lesson | None:
        """The first lesson that is not done."""
        return next((row.lesson for row in self.lessons if not row.done_at), None)


def standing(course: Course, learner: Learner, at: datetime) -> Standing:
    """Return where a learner stands; seven statements at most, none of them by lesson."""
    taking = taking_of(learner, course.id)
    lessons = list(live_lessons(course.id))
    visits = {}
    attempts: list[Attempt] = []
    certificate = None
    if taking:
        visits = {row.lesson_id: row for row in LessonVisit.objects.filter(taking=taking)}
        attempts = list(Attempt.objects.filter(taking=taking).order_by("-number"))
        certificate = Certificate.objects.filter(taking=taking).order_by("-issued_at").first()
    rows = [
        LessonRow(
            lesson,
            lesson.id in visits,
            visits[lesson.id].done_at if lesson.id in visits else None,
        )
        for lesson in lessons
    ]
    count = live_questions(course.id).count()
    submitted = [row for row in attempts if row.submitted_at]
    return Standing(
        course=course,
        taking=taking,
        lessons=rows,
        question_count=min(count, course.draw_count) if course.draw_count else count,
        way=way_of(
            course,
            taking,
            submitted,
            lessons_done=all(row.done_at for row in rows),
            has_questions=count > 0,
            at=at,
        ),
        open_attempt=next((row for row in attempts if not row.submitted_at), None),
        attempts=submitted,
        certificate=certificate,
    )


def way_of(
    course: Course,
    taking: Taking | None,
    submitted: Sequence[Attempt],
    *,
    lessons_done: bool,
    has_questions: bool,
    at: datetime,
) -> Way:
    """Return what a learner may do with the quiz; submitted: newest first."""
    return way_to_quiz(
        passed=bool(taking and taking.passed_at),
        lessons_done=lessons_done,
        has_questions=has_questions,
        max_attempts=course.max_attempts,
        extra_attempts=taking.extra_attempts if taking else 0,
        used=len(submitted),
        last_submitted_at=submitted[0].submitted_at if submitted else None,
        retry_hours=course.retry_hours,
        at=at,
    )


@dataclass(frozen=True)
class CourseRow:
    """A course in a learner's list."""

    course: Course
    done: int
    total: int
    started: bool
    passed_at: datetime | None


def course_rows(learner: Learner) -> list[CourseRow]:
    """Return the learner's courses with their progress; four statements whatever their number."""
    courses = list(courses_for(learner).select_related("program"))
    ids = [course.id for course in courses]
    takings = {row.course_id: row for row in Taking.objects.filter(learner.is_self)}
    kept = list(courses)
    archived = [course_id for course_id in takings if course_id not in ids]
    if archived:
        kept += Course.objects.filter(id__in=archived, state=CourseState.ARCHIVED)
    lessons: dict[UUID, set[int]] = {}
    for course_id, lesson_id in Lesson.objects.filter(
        course__in=kept, removed_at__isnull=True
    ).values_list("course_id", "id"):
        lessons.setdefault(course_id, set()).add(lesson_id)
    done: dict[int, set[int]] = {}
    for taking_id, lesson_id in LessonVisit.objects.filter(
        taking__in=takings.values(), done_at__isnull=False
    ).values_list("taking_id", "lesson_id"):
        done.setdefault(taking_id, set()).add(lesson_id)
    rows = []
    for course in kept:
        taking = takings.get(course.id)
        mine = done.get(taking.id, set()) if taking else set()
        own = lessons.get(course.id, set())
        rows.append(
            CourseRow(
                course,
                len(own & mine),
                len(own),
                taking is not None,
                taking.passed_at if taking else None,
            )
        )
    return rows


def certificates_of_partner(partner_id: UUID) -> QuerySet[Certificate]:
    """Return a partner's certificates, newest first."""
    return Certificate.objects.filter(partner_id=partner_id).order_by("-issued_at", "-id")


def certificate_state(certificate: Certificate, at: datetime) -> str:
    """Return "valid", "expired" or "revoked"; a certificate is valid on its last day, in the active zone."""
    if certificate.revoked_at:
        return "revoked"
    today = timezone.localdate(at)
    return "expired" if certificate.expires_on and certificate.expires_on < today else "valid"
