"""Courses as a part of a program's template."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.models import PartnerType
from partners.programs.templates import (
    BadPart,
    Reading,
    Writing,
    part,
    rows,
    texts,
    whole,
    whole_or_none,
    words,
)
from partners.training.models import Course, CourseState, LessonKind, Question
from partners.training.selectors import live_lessons, live_questions
from partners.training.services import create_course, save_lesson, save_question
from prm.uploads.models import Upload

MOST_COURSES, MOST_LESSONS, MOST_QUESTIONS, MOST_CHOICES = 50, 100, 500, 12


@part("courses", order=40, title=gettext_lazy("Courses"))
class CoursesPart:
    """The program's own courses with lessons and questions; those of every program stay where they are."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the courses; a file outlives no export, so lessons say only that they need one."""
        own = Q(program_id=reading.program.id)
        courses = Course.objects.filter(own).exclude(state=CourseState.ARCHIVED)
        found = [_read(course, reading) for course in courses.order_by("created_at", "id")]
        return found or None

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Make the courses as drafts."""
        given = rows(data, MOST_COURSES)
        for row in given:
            writing.ids[words(row.get("key"), 40)] = _written(row, writing)
        return ngettext("%(count)s draft", "%(count)s drafts", len(given)) % {"count": len(given)}


def _read(course: Course, reading: Reading) -> dict[str, Any]:
    return {
        "key": reading.named("course", course.id),
        "title": course.title,
        "summary": course.summary,
        "partner_type": course.partner_type,
        "open_to_applicants": course.open_to_applicants,
        "pass_percent": course.pass_percent,
        "draw_count": course.draw_count,
        "max_attempts": course.max_attempts,
        "retry_hours": course.retry_hours,
        "minutes": course.minutes,
        "certificate_months": course.certificate_months,
        "gives_certificate": course.gives_certificate,
        "lessons": [
            {
                "kind": lesson.kind,
                "title": lesson.title,
                "body": lesson.body,
                "minutes": lesson.minutes,
            }
            | ({"file_id": str(lesson.file_id)} if reading.copying and lesson.file_id else {})
            for lesson in live_lessons(course.id)
        ],
        "questions": [
            {
                "kind": question.kind,
                "text": question.text,
                "choices": question.choices,
                "explanation": question.explanation,
            }
            for question in live_questions(course.id)
        ],
    }


def _written(row: Any, writing: Writing) -> UUID:
    partner_type = words(row.get("partner_type"), 12)
    course = create_course(
        title=texts(row.get("title"), 200),
        summary=texts(row.get("summary"), 2000),
        program_id=writing.program.id,
        partner_type=PartnerType(partner_type).value if partner_type else "",
        open_to_applicants=bool(row.get("open_to_applicants")),
        pass_percent=whole(row.get("pass_percent"), 0, 100),
        draw_count=whole(row.get("draw_count"), 0, MOST_QUESTIONS),
        max_attempts=whole(row.get("max_attempts"), 0, 1000),
        retry_hours=whole(row.get("retry_hours"), 0, 10_000),
        minutes=whole(row.get("minutes"), 0, 100_000),
        certificate_months=whole_or_none(row.get("certificate_months"), 1, 1200),
        gives_certificate=bool(row.get("gives_certificate")),
        actor=writing.actor,
        at=writing.at,
    )
    for lesson in rows(row.get("lessons") or [], MOST_LESSONS):
        _lesson(course, lesson, writing)
    for question in rows(row.get("questions") or [], MOST_QUESTIONS):
        save_question(
            course_id=course.id,
            kind=Question.Kind(words(question.get("kind"), 8)).value,
            text=texts(question.get("text"), 2000),
            choices=[
                {
                    "key": words(choice.get("key"), 4),
                    "text": texts(choice.get("text"), 500),
                    "right": choice.get("right") is True,
                }
                for choice in rows(question.get("choices") or [], MOST_CHOICES)
            ],
            explanation=texts(question.get("explanation"), 2000),
            actor=writing.actor,
            at=writing.at,
        )
    return course.id


def _lesson(course: Course, row: Any, writing: Writing) -> None:
    kind = LessonKind(words(row.get("kind"), 8))
    file_id = _file(row, writing) if kind != LessonKind.TEXT else None
    title = texts(row.get("title"), 200)
    if not title:
        raise BadPart(_("A lesson has no title"))
    save_lesson(
        course_id=course.id,
        kind=kind.value,
        title=title,
        body=texts(row.get("body")),
        minutes=whole(row.get("minutes"), 0, 10_000),
        file_id=file_id,
        actor=writing.actor,
        at=writing.at,
    )
    if kind != LessonKind.TEXT and file_id is None:
        writing.leave_out(
            _("The file of the lesson “%(title)s” is not in here; add it to the lesson")
            % {"title": next(iter(title.values()))}
        )


def _file(row: Any, writing: Writing) -> UUID | None:
    """Return the file of a lesson copied inside the tenant; a file from elsewhere names none."""
    if not writing.copying or not row.get("file_id"):
        return None
    return Upload.objects.filter(id=row["file_id"]).values_list("id", flat=True).first()
