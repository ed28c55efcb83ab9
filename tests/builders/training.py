"""Builders of courses, learners and certificates; a scope must be open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from partners.directory.models import Partner
from partners.training.certificates import revoke_certificate
from partners.training.learners import Learner
from partners.training.models import Attempt, Certificate, Course, Lesson, Question, Taking
from partners.training.paper import stored_name
from partners.training.selectors import live_lessons
from partners.training.services import create_course, publish_course, save_lesson, save_question
from partners.training.taking import finish_lesson, start_attempt, submit_attempt
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.jobs.files import private_root
from prm.web.papers import keep_paper
from tests.builders.objects import Cast, builds
from tests.builders.partners import LONG_AGO
from tests.builders.uploads import MP4, an_upload


def a_course(
    title: str = "Selling Acme",
    *,
    lessons: int = 2,
    questions: int = 5,
    publish: bool = True,
    **settings: Any,
) -> Course:
    """Make a course: text lessons, questions whose right answer is "right", published."""
    course = create_course(
        title={"en": title, "it": f"{title} in italiano"}, actor=SYSTEM, at=LONG_AGO, **settings
    )
    for number in range(1, lessons + 1):
        a_lesson(course, f"Lesson {number}")
    for number in range(1, questions + 1):
        a_question(course, f"Question {number}?")
    if publish:
        course = publish_course(course_id=course.id, actor=SYSTEM, at=LONG_AGO)
    return course


def a_lesson(course: Course, title: str = "What Acme does", **facts: Any) -> Lesson:
    """Add a text lesson at the end."""
    given = {"kind": "text", "title": {"en": title}, "body": {"en": f"# {title}\n\nWords."}}
    return save_lesson(course_id=course.id, actor=SYSTEM, at=LONG_AGO, **{**given, **facts})


def a_film(course: Course, content: bytes = MP4, title: str = "A film") -> Lesson:
    """Add a video lesson."""
    file = an_upload(content, name="film.mp4", purpose="training.lesson")
    return a_lesson(course, title, kind="video", file_id=file.id)


def a_question(
    course: Course,
    text: str = "Which one?",
    *,
    right: Sequence[str] = ("right answer",),
    wrong: Sequence[str] = ("wrong answer", "another wrong answer"),
    kind: str = "",
) -> Question:
    """Add a question whose right answers get the first keys."""
    answers = [(answer, True) for answer in right] + [(answer, False) for answer in wrong]
    return save_question(
        course_id=course.id,
        kind=kind or ("single" if len(right) == 1 else "multiple"),
        text={"en": text},
        choices=[
            {"key": key, "text": {"en": answer}, "right": is_right}
            for key, (answer, is_right) in zip("abcdef", answers, strict=False)
        ],
        explanation={"en": f"Because of {text}"},
        actor=SYSTEM,
        at=LONG_AGO,
    )


def a_learner(
    user: User | None = None,
    partner: Partner | None = None,
    *,
    application_id: UUID | None = None,
    language: str = "en",
) -> Learner:
    """Return a partner's person, or an applicant."""
    name = user.get_full_name() if user else "Ann Applicant"
    return Learner(
        user.id if user else None, application_id, partner.id if partner else None, name, language
    )


def lessons_done(course: Course, learner: Learner, at: datetime = LONG_AGO) -> None:
    """Have the learner do every lesson."""
    for lesson in live_lessons(course.id):
        finish_lesson(lesson=lesson, learner=learner, at=at)


def right_answers(attempt: Attempt, wrong: int = 0) -> dict[int, list[str]]:
    """Return answers to every question drawn, so many of them wrong."""
    answers = {}
    for place, one in enumerate(attempt.drawn):
        question = Question.objects.get(id=one["question"])
        keys = [choice["key"] for choice in question.choices if choice["right"] == (place >= wrong)]
        answers[question.id] = keys if place >= wrong else keys[:1]
    return answers


def an_attempt(
    course: Course, learner: Learner, *, wrong: int = 0, at: datetime = LONG_AGO
) -> Attempt:
    """Make a judged attempt with so many wrong answers."""
    attempt = start_attempt(course=course, learner=learner, at=at)
    return submit_attempt(
        course=course,
        learner=learner,
        number=attempt.number,
        answers=right_answers(attempt, wrong),
        at=at,
    )


def a_certificate(
    course: Course, learner: Learner, *, at: datetime = LONG_AGO, revoked: str = ""
) -> Certificate:
    """Have the learner pass the course; revoke the certificate when a reason is given."""
    lessons_done(course, learner, at)
    an_attempt(course, learner, at=at)
    certificate = Certificate.objects.get(
        course=course,
        taking__passed_at__isnull=False,
        revoked_at=None,
        taking__in=Taking.objects.filter(learner.is_self),
    )
    if revoked:
        revoke_certificate(certificate_id=certificate.id, reason=revoked, actor=SYSTEM, at=at)
        certificate.refresh_from_db()
    return certificate


def _built(cast: Cast) -> Course:
    """The tenant's course that the cast's rep has passed."""
    found = Course.objects.filter(title__en="Built").first()
    course = found or a_course("Built", lessons=1, questions=1)
    if found is None:
        a_film(course)
    learner = a_learner(cast.rep, cast.partner)
    if not Certificate.objects.filter(taking__user=cast.rep).exists():
        made = a_certificate(course, learner)
        keep_paper(private_root() / stored_name(made), b"%PDF-1.7 made before")
    return course


@builds("course")
def the_course(cast: Cast) -> object:
    """A published course of the tenant."""
    return _built(cast).id


@builds("course_lesson")
def the_lesson(cast: Cast) -> object:
    """Its film."""
    return Lesson.objects.get(course=_built(cast), kind="video").id


@builds("course_question")
def the_question(cast: Cast) -> object:
    """Its question."""
    return Question.objects.get(course=_built(cast)).id


@builds("course_taking")
def the_taking(cast: Cast) -> object:
    """The rep's way through it."""
    return Taking.objects.get(course=_built(cast), user=cast.rep).id


@builds("certificate")
def the_certificate(cast: Cast) -> object:
    """The rep's certificate, its PDF made."""
    return Certificate.objects.get(course=_built(cast), taking__user=cast.rep).id


@builds("certificate_code")
def the_code(cast: Cast) -> object:
    """The code of the rep's certificate."""
    return Certificate.objects.get(course=_built(cast), taking__user=cast.rep).code
