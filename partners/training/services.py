"""Build courses: their facts, lessons and questions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from partners.training.models import Course, CourseState, Lesson, LessonKind, Question
from partners.training.rules import question_gaps
from partners.training.selectors import live_lessons, live_questions
from prm.events.services import Actor, emit

SETTINGS = frozenset(
    {
        "title",
        "summary",
        "program_id",
        "partner_type",
        "open_to_applicants",
        "pass_percent",
        "draw_count",
        "max_attempts",
        "retry_hours",
        "minutes",
        "certificate_months",
        "gives_certificate",
    }
)


class CourseIncomplete(ValueError):
    """The course cannot be published; `gaps` are codes of what is missing."""

    def __init__(self, gaps: list[str]) -> None:
        super().__init__(", ".join(gaps))
        self.gaps = gaps


class QuestionIncomplete(ValueError):
    """The question cannot be asked; `gaps` are codes of prm partners.training.rules.question_gaps."""

    def __init__(self, gaps: list[str]) -> None:
        super().__init__(", ".join(gaps))
        self.gaps = gaps


@transaction.atomic
def create_course(*, actor: Actor, at: datetime, **settings: Any) -> Course:
    """Make a course as a draft. settings: columns of SETTINGS; texts are {"en": …, "it": …}. Emits course.created."""
    course = Course.objects.create(created_at=at, **_known(settings))
    _tell("course.created", course, actor, at)
    return course


@transaction.atomic
def edit_course(*, course_id: UUID, actor: Actor, at: datetime, **settings: Any) -> Course:
    """Change a course's facts; attempts under way keep their questions, and are judged by the new pass mark.

    The same values again write nothing. Emits course.edited with before and after.
    """
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    values = {
        name: value for name, value in _known(settings).items() if getattr(course, name) != value
    }
    if not values:
        return course
    before = {name: getattr(course, name) for name in values}
    for name, value in values.items():
        setattr(course, name, value)
    course.save(update_fields=list(values))
    _tell(
        "course.edited",
        course,
        actor,
        at,
        changes={name: [_plain(before[name]), _plain(value)] for name, value in values.items()},
    )
    return course


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := settings.keys() - SETTINGS:
        raise ValueError(f"a course has no {', '.join(sorted(unknown))}")
    return dict(settings)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def course_gaps(course: Course) -> list[str]:
    """Return what keeps a course from being published, as codes.

    "title", "lessons", "file:<position>" (a video or document without its file), "body:<position>" (a text without
    words), "draw" (more questions drawn than there are), "pass" (a pass mark without questions is no gap).
    """
    gaps = [] if any(course.title.values()) else ["title"]
    lessons = list(live_lessons(course.id))
    if not lessons:
        gaps.append("lessons")
    for number, lesson in enumerate(lessons, start=1):
        if lesson.kind == LessonKind.TEXT and not any(lesson.body.values()):
            gaps.append(f"body:{number}")
        if lesson.kind != LessonKind.TEXT and lesson.file_id is None:
            gaps.append(f"file:{number}")
    if course.draw_count > live_questions(course.id).count():
        gaps.append("draw")
    return gaps


@transaction.atomic
def publish_course(*, course_id: UUID, actor: Actor, at: datetime) -> Course:
    """Let people take a course, a drafted or an archived one; a published one writes nothing.

    Raises CourseIncomplete. Emits course.published.
    """
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if course.state == CourseState.PUBLISHED:
        return course
    if gaps := course_gaps(course):
        raise CourseIncomplete(gaps)
    return _moved(course, CourseState.PUBLISHED, "course.published", actor, at)


@transaction.atomic
def archive_course(*, course_id: UUID, actor: Actor, at: datetime) -> Course:
    """Let nobody begin a course any more; certificates stay, who began can still read. Emits course.archived."""
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if course.state == CourseState.ARCHIVED:
        return course
    return _moved(course, CourseState.ARCHIVED, "course.archived", actor, at)


def _moved(course: Course, state: CourseState, name: str, actor: Actor, at: datetime) -> Course:
    before, course.state = course.state, state
    course.save(update_fields=["state"])
    _tell(name, course, actor, at, changes={"state": [before, state.value]})
    return course


def _tell(
    name: str,
    course: Course,
    actor: Actor,
    at: datetime,
    *,
    changes: dict[str, list[Any]] | None = None,
) -> None:
    emit(
        name,
        subject=f"course:{course.id}",
        actor=actor,
        payload={"course_id": str(course.id)},
        changes=changes,
        at=at,
    )


@transaction.atomic
def save_lesson(
    *,
    course_id: UUID,
    lesson_id: int | None = None,
    actor: Actor,
    at: datetime,
    **facts: Any,
) -> Lesson:
    """Add a lesson at the end, or change one in place; who did it before has done it.

    facts: kind, title, body, minutes, and file_id (None keeps the file that is there). Emits course.edited.
    Raises Lesson.DoesNotExist for a removed one.
    """
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if lesson_id is None:
        last = live_lessons(course_id).aggregate(last=Max("position"))["last"] or 0
        lesson = Lesson(course=course, position=last + 1)
    else:
        lesson = live_lessons(course_id).get(id=lesson_id)
    if facts.get("file_id", ...) is None:
        facts.pop("file_id")
    for name, value in facts.items():
        setattr(lesson, name, value)
    if lesson.kind == LessonKind.TEXT:
        lesson.file = None
    lesson.save()
    _tell("course.edited", course, actor, at)
    return lesson


@transaction.atomic
def move_lesson(*, course_id: UUID, lesson_id: int, up: bool, actor: Actor, at: datetime) -> None:
    """Put a lesson one place up or down; at the edge nothing changes. Emits course.edited."""
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if _swapped(list(live_lessons(course_id)), lesson_id, up=up):
        _tell("course.edited", course, actor, at)


@transaction.atomic
def remove_lesson(*, course_id: UUID, lesson_id: int, actor: Actor, at: datetime) -> None:
    """Take a lesson out; its visits stay. A repeat does nothing. Emits course.edited."""
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if live_lessons(course_id).filter(id=lesson_id).update(removed_at=at):
        _tell("course.edited", course, actor, at)


@transaction.atomic
def save_question(
    *,
    course_id: UUID,
    question_id: int | None = None,
    actor: Actor,
    at: datetime,
    kind: str,
    text: Mapping[str, str],
    choices: Sequence[Mapping[str, Any]],
    explanation: Mapping[str, str],
) -> Question:
    """Add a question to the bank; a changed one retires and another takes its place, so attempts keep theirs.

    choices: [{"key", "text": {"en": …}, "right"}]. The same words again write nothing and return the question.
    Raises QuestionIncomplete, Question.DoesNotExist for a retired one. Emits course.edited.
    """
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    facts = {
        "kind": kind,
        "text": dict(text),
        "choices": [dict(choice) for choice in choices],
        "explanation": dict(explanation),
    }
    if gaps := question_gaps(facts):
        raise QuestionIncomplete(gaps)
    if question_id is None:
        last = live_questions(course_id).aggregate(last=Max("position"))["last"] or 0
        position = last + 1
    else:
        old = live_questions(course_id).get(id=question_id)
        if all(getattr(old, name) == value for name, value in facts.items()):
            return old
        old.retired_at = at
        old.save(update_fields=["retired_at"])
        position = old.position
    question = Question.objects.create(course=course, position=position, **facts)
    _tell("course.edited", course, actor, at)
    return question


@transaction.atomic
def move_question(
    *, course_id: UUID, question_id: int, up: bool, actor: Actor, at: datetime
) -> None:
    """Put a question one place up or down in the bank. Emits course.edited."""
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if _swapped(list(live_questions(course_id)), question_id, up=up):
        _tell("course.edited", course, actor, at)


@transaction.atomic
def retire_question(*, course_id: UUID, question_id: int, actor: Actor, at: datetime) -> None:
    """Draw a question no more; attempts that have it keep it. A repeat does nothing. Emits course.edited."""
    course = Course.objects.select_for_update(no_key=True).get(id=course_id)
    if live_questions(course_id).filter(id=question_id).update(retired_at=at):
        _tell("course.edited", course, actor, at)


def _swapped(rows: Sequence[Lesson] | Sequence[Question], row_id: int, *, up: bool) -> bool:
    """Swap a row with its neighbour, and number all anew; tell whether anything moved."""
    ordered: list[Any] = list(rows)
    place = next((number for number, row in enumerate(ordered) if row.id == row_id), None)
    if place is None:
        return False
    other = place - 1 if up else place + 1
    if not 0 <= other < len(ordered):
        return False
    ordered[place], ordered[other] = ordered[other], ordered[place]
    for position, row in enumerate(ordered, start=1):
        if row.position != position:
            row.position = position
            row.save(update_fields=["position"])
    return True
