"""Rows of the vendor's lists of courses and learners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.directory.models import PartnerType
from partners.training.models import (
    Attempt,
    Certificate,
    Course,
    Lesson,
    LessonVisit,
    Question,
    Taking,
)
from partners.training.panels import applicant_names
from partners.training.words import Speaker


@dataclass(frozen=True)
class CourseLine:
    """A course in the vendor's list."""

    id: UUID
    title: str
    audience: str
    state: str
    lesson_count: int
    question_count: int
    started: int
    passed: int


def course_lines(courses: Sequence[Course], say: Speaker) -> list[CourseLine]:
    """Return the lines of courses; three statements whatever their number."""
    ids = [course.id for course in courses]
    lessons = _counted(Lesson.objects.filter(course_id__in=ids, removed_at=None))
    questions = _counted(Question.objects.filter(course_id__in=ids, retired_at=None))
    people = {
        row["course_id"]: row
        for row in Taking.objects.filter(course_id__in=ids)
        .values("course_id")
        .annotate(started=Count("id"), passed=Count("id", filter=Q(passed_at__isnull=False)))
    }
    none = {"started": 0, "passed": 0}
    return [
        CourseLine(
            id=course.id,
            title=say(course.title).text,
            audience=audience_words(course),
            state=course.state,
            lesson_count=lessons.get(course.id, 0),
            question_count=questions.get(course.id, 0),
            started=people.get(course.id, none)["started"],
            passed=people.get(course.id, none)["passed"],
        )
        for course in courses
    ]


def _counted(rows: QuerySet[Lesson] | QuerySet[Question]) -> dict[UUID, int]:
    return dict(
        rows.values("course_id").annotate(many=Count("id")).values_list("course_id", "many")
    )


def audience_words(course: Course) -> str:
    """Return for whom a course is; its program must be at hand."""
    program = course.program.name if course.program else _("All programs")
    type_ = str(PartnerType(course.partner_type).label) if course.partner_type else ""
    applicants = _("also applicants") if course.open_to_applicants else ""
    return " · ".join(filter(None, [program, type_, applicants]))


@dataclass(frozen=True)
class LearnerLine:
    """A person in a course's list."""

    id: int
    name: str
    company: str
    url: str
    lessons: str
    attempts: str
    best: str
    started_at: datetime
    passed_at: datetime | None
    certificate: str


def learners_of(course_id: UUID) -> QuerySet[Taking]:
    """Return who takes a course, with person and partner, in no order yet."""
    return Taking.objects.filter(course_id=course_id).select_related("user", "partner")


def learner_lines(course: Course, takings: Sequence[Taking]) -> list[LearnerLine]:
    """Return the lines of a page of learners; five statements whatever their number."""
    total = Lesson.objects.filter(course=course, removed_at=None).count()
    done = dict(
        LessonVisit.objects.filter(
            taking__in=takings, done_at__isnull=False, lesson__removed_at=None
        )
        .values("taking_id")
        .annotate(many=Count("id"))
        .values_list("taking_id", "many")
    )
    tried = {
        row["taking_id"]: row
        for row in Attempt.objects.filter(taking__in=takings, submitted_at__isnull=False)
        .values("taking_id")
        .annotate(many=Count("id"), best=Max("right_count"), of=Max("question_count"))
    }
    numbers = dict(
        Certificate.objects.filter(taking__in=takings, revoked_at=None).values_list(
            "taking_id", "number"
        )
    )
    names = applicant_names([row.application_id for row in takings if row.application_id])
    lines = []
    for taking in takings:
        attempts = tried.get(taking.id)
        lines.append(
            LearnerLine(
                id=taking.id,
                name=learner_name(taking, names.get(taking.application_id or course.id, "")),
                company=taking.partner.name if taking.partner else _("Applicant"),
                url=reverse(
                    "partners:course-learner",
                    kwargs={"course_id": course.id, "taking_id": taking.id},
                ),
                lessons=f"{min(done.get(taking.id, 0), total)}/{total}",
                attempts=str(attempts["many"]) if attempts else "0",
                best=f"{attempts['best']}/{attempts['of']}" if attempts else "",
                started_at=taking.started_at,
                passed_at=taking.passed_at,
                certificate=numbers.get(taking.id, ""),
            )
        )
    return lines


def learner_name(taking: Taking, applicant: str = "") -> str:
    """Return what a learner is called."""
    if taking.user:
        return taking.user.get_full_name()
    return applicant or _("Applicant")
