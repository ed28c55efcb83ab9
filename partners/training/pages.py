"""The pages of a course, for partner people and, by token, for applicants: each a function of a learner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.programs.texts import rendered
from partners.training.certificates import ask_for_pdf
from partners.training.learners import Learner
from partners.training.models import Attempt, Certificate, Course, CourseState, Lesson, Question
from partners.training.paper import stored_pdf
from partners.training.rules import may_see_answers, right_needed
from partners.training.selectors import (
    Standing,
    certificate_state,
    live_lessons,
    standing,
    taking_of,
)
from partners.training.taking import (
    QuizNotOpen,
    Unanswered,
    finish_lesson,
    open_lesson,
    save_answers,
    start_attempt,
    submit_attempt,
)
from partners.training.words import Speaker, Told, way_words
from prm.uploads.responses import is_ready, send
from prm.web.htmx import redirect_to
from prm.web.parts import Stage


@dataclass(frozen=True)
class Links:
    """Where the pages of one course lie.

    prefix: of the URL names <prefix>course, lesson, lesson-file, quiz, quiz-result, certificate. given: their kwargs.
    layout: the frame; layouts/public_page.html for people without a login. crumbs: [(label, url)] above the course.
    """

    prefix: str
    given: Mapping[str, Any]
    layout: str = "layouts/app.html"
    crumbs: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def to(self, page: str, **more: Any) -> str:
        """Return the address of a page."""
        return reverse(f"{self.prefix}{page}", kwargs={**self.given, **more})


@dataclass(frozen=True)
class LessonLine:
    """A lesson in a course's list."""

    title: Told
    url: str
    kind: str
    minutes: int
    done_at: datetime | None
    current: bool


def course_page(
    request: HttpRequest, *, learner: Learner, course: Course, links: Links
) -> HttpResponse:
    """Show a course: its lessons, where the learner stands, the quiz and the certificate."""
    say, at = _speaker(request, learner), timezone.now()
    stand = standing(course, learner, at)
    context = {
        **_frame(course, links, say),
        "summary": say(course.summary),
        "stand": stand,
        "lessons": [
            LessonLine(
                say(row.lesson.title),
                links.to("lesson", lesson_id=row.lesson.id),
                row.lesson.get_kind_display(),
                row.lesson.minutes,
                row.done_at,
                row.lesson == stand.next_lesson,
            )
            for row in stand.lessons
        ],
        "next_url": links.to("lesson", lesson_id=stand.next_lesson.id) if stand.next_lesson else "",
        "quiz": _quiz_facts(stand, links),
        "attempts": [
            (attempt, links.to("quiz-result", number=attempt.number)) for attempt in stand.attempts
        ],
        "archived": course.state == CourseState.ARCHIVED,
        **_certificate_facts(stand, links, at),
    }
    return render(request, "partners/training/course.html", context)


def _frame(course: Course, links: Links, say: Speaker) -> dict[str, Any]:
    return {
        "layout": links.layout,
        "crumbs": list(links.crumbs),
        "course": course,
        "title": say(course.title),
        "course_url": links.to("course"),
    }


def _speaker(request: HttpRequest, learner: Learner) -> Speaker:
    return Speaker(learner.language, request.tenant.language)  # type: ignore[attr-defined]


def _quiz_facts(stand: Standing, links: Links) -> dict[str, Any] | None:
    if not stand.question_count:
        return None
    archived = stand.course.state == CourseState.ARCHIVED
    way = stand.way
    return {
        "url": links.to("quiz"),
        "questions": stand.question_count,
        "needed": right_needed(total=stand.question_count, percent=stand.course.pass_percent),
        "percent": stand.course.pass_percent,
        "left": way.left,
        "is_open": stand.open_attempt is not None,
        "may_start": way.open and not archived and stand.open_attempt is None,
        "why": "" if archived or way.why == "passed" else way_words(way),
        "state": "done" if stand.passed_at else "now" if way.open else "todo",
    }


def _certificate_facts(stand: Standing, links: Links, at: datetime) -> dict[str, Any]:
    if stand.certificate is None:
        return {"certificate": None}
    return {
        "certificate": stand.certificate,
        "certificate_state": certificate_state(stand.certificate, at),
        "certificate_url": links.to("certificate"),
        "verify_url": reverse(
            "partners:certificate-verify", kwargs={"code": stand.certificate.code}
        ),
    }


def lesson_page(
    request: HttpRequest,
    *,
    learner: Learner,
    course: Course,
    lesson_id: int,
    links: Links,
    reading_only: bool = False,
) -> HttpResponse:
    """Show a lesson and note that it was opened; POST marks it done and leads on.

    reading_only: nothing is noted, for staff who look at the pages as a partner.
    """
    lessons = list(live_lessons(course.id))
    place = next((n for n, lesson in enumerate(lessons) if lesson.id == lesson_id), None)
    if place is None:
        raise Http404
    lesson, at = lessons[place], timezone.now()
    after = lessons[place + 1] if place + 1 < len(lessons) else None
    if request.method == "POST":
        finish_lesson(lesson=lesson, learner=learner, at=at)
        onward = links.to("lesson", lesson_id=after.id) if after else links.to("course")
        return redirect_to(request, onward)
    visit = None if reading_only else open_lesson(lesson=lesson, learner=learner, at=at)
    say = _speaker(request, learner)
    body = say(lesson.body)
    context = {
        **_frame(course, links, say),
        "lesson": lesson,
        "lesson_title": say(lesson.title),
        "body": body,
        "body_html": rendered(body.text),
        "number": place + 1,
        "total": len(lessons),
        "done_at": visit.done_at if visit else None,
        "reading_only": reading_only,
        "file": lesson.file,
        "file_ready": lesson.file is not None and is_ready(lesson.file),
        "file_url": links.to("lesson-file", lesson_id=lesson.id) if lesson.file else "",
        "before_url": links.to("lesson", lesson_id=lessons[place - 1].id) if place else "",
        "after_url": links.to("lesson", lesson_id=after.id) if after else "",
        "stages": _stages(course, learner, say, lesson, at),
    }
    return render(request, "partners/training/lesson.html", context)


def _stages(
    course: Course, learner: Learner, say: Speaker, here: Lesson, at: datetime
) -> list[Stage]:
    rows = standing(course, learner, at).lessons
    return [
        Stage(
            say(row.lesson.title).text,
            "now" if row.lesson.id == here.id else "done" if row.done_at else "todo",
        )
        for row in rows
    ]


def lesson_file(request: HttpRequest, *, course: Course, lesson_id: int) -> HttpResponse:
    """Hand out a lesson's file to somebody who may take the course; films in pieces."""
    lesson = live_lessons(course.id).filter(id=lesson_id, file__isnull=False).first()
    if lesson is None or lesson.file is None:
        raise Http404
    return send(lesson.file, inline_ok=True, request=request)


@dataclass(frozen=True)
class Shown:
    """A question as it is shown: its answers in the order drawn, never which one is right.

    choices: [(value, text, chosen)]; the value is the place in the order, so that not even a key tells anything.
    """

    number: int
    name: str
    text: Told
    several: bool
    choices: list[tuple[str, Told, bool]]
    missing: bool


def quiz_page(
    request: HttpRequest, *, learner: Learner, course: Course, links: Links
) -> HttpResponse:
    """Answer the open attempt; POST do=start begins one, do=save keeps the answers, do=submit has them judged."""
    if request.method == "POST":
        return _quiz_post(request, learner, course, links)
    attempt = _open_attempt(course, learner)
    if attempt is None:
        return redirect_to(request, links.to("course"))
    return _quiz(request, learner, course, links, attempt)


def _open_attempt(course: Course, learner: Learner) -> Attempt | None:
    taking = taking_of(learner, course.id)
    return Attempt.objects.filter(taking=taking, submitted_at=None).first() if taking else None


def _quiz(
    request: HttpRequest,
    learner: Learner,
    course: Course,
    links: Links,
    attempt: Attempt,
    *,
    missing: Sequence[int] = (),
) -> HttpResponse:
    say = _speaker(request, learner)
    context = {
        **_frame(course, links, say),
        "attempt": attempt,
        "questions": _shown(attempt, say, missing),
        "problems": [
            {
                "text": _("Answer question %(number)s") % {"number": number},
                "target": f"q{one['question']}",
            }
            for number, one in enumerate(attempt.drawn, start=1)
            if one["question"] in missing
        ],
        "needed": right_needed(total=attempt.question_count, percent=course.pass_percent),
        "quiz_url": links.to("quiz"),
    }
    status = 422 if missing else 200
    return render(request, "partners/training/quiz.html", context, status=status)


def _shown(attempt: Attempt, say: Speaker, missing: Sequence[int]) -> list[Shown]:
    questions = Question.objects.in_bulk([one["question"] for one in attempt.drawn])
    shown = []
    for number, one in enumerate(attempt.drawn, start=1):
        question = questions[one["question"]]
        texts = {choice["key"]: choice["text"] for choice in question.choices}
        chosen = attempt.answers.get(str(question.id), [])
        shown.append(
            Shown(
                number,
                f"q{question.id}",
                say(question.text),
                question.kind == Question.Kind.MULTIPLE,
                [
                    (str(place), say(texts[key]), key in chosen)
                    for place, key in enumerate(one["choices"])
                ],
                question.id in missing,
            )
        )
    return shown


def _answers(request: HttpRequest, attempt: Attempt) -> dict[int, list[str]]:
    """Read the places that were ticked back into the keys of the choices."""
    read: dict[int, list[str]] = {}
    for one in attempt.drawn:
        by_place = {str(place): key for place, key in enumerate(one["choices"])}
        places = request.POST.getlist(f"q{one['question']}")
        keys = [by_place[place] for place in places if place in by_place]
        if keys:
            read[one["question"]] = keys
    return read


def _quiz_post(
    request: HttpRequest, learner: Learner, course: Course, links: Links
) -> HttpResponse:
    at, doing = timezone.now(), request.POST.get("do", "")
    if doing == "start":
        try:
            start_attempt(course=course, learner=learner, at=at)
        except QuizNotOpen as closed:
            messages.error(request, way_words(closed.way))
            return redirect_to(request, links.to("course"))
        return redirect_to(request, links.to("quiz"))
    attempt = _named_attempt(request, course, learner)
    if attempt is None:
        return redirect_to(request, links.to("course"))
    answers = _answers(request, attempt)
    given: dict[str, Any] = {
        "course": course,
        "learner": learner,
        "number": attempt.number,
        "answers": answers,
        "at": at,
    }
    if doing == "submit":
        try:
            submit_attempt(**given)
        except Unanswered as open_ones:
            attempt = save_answers(**given)
            return _quiz(request, learner, course, links, attempt, missing=open_ones.questions)
        return redirect_to(request, links.to("quiz-result", number=attempt.number))
    save_answers(**given)
    if doing == "keep":
        return HttpResponse(status=204)
    messages.success(request, _("Your answers are saved. You can go on whenever you like."))
    return redirect_to(request, links.to("course"))


def _named_attempt(request: HttpRequest, course: Course, learner: Learner) -> Attempt | None:
    taking, number = taking_of(learner, course.id), request.POST.get("attempt", "")
    if taking is None or not number.isdecimal() or len(number) > 6:
        return None
    return Attempt.objects.filter(taking=taking, number=int(number)).first()


@dataclass(frozen=True)
class Judged:
    """A question of a judged attempt, told when nothing is left to win by it."""

    number: int
    text: Told
    right: bool
    choices: list[tuple[Told, bool, bool]]
    explanation: Told


def result_page(
    request: HttpRequest, *, learner: Learner, course: Course, number: int, links: Links
) -> HttpResponse:
    """Show how an attempt went; which answers were right only after a pass or the last attempt."""
    at, say = timezone.now(), _speaker(request, learner)
    stand = standing(course, learner, at)
    attempt = next((row for row in stand.attempts if row.number == number), None)
    if attempt is None:
        raise Http404
    told = may_see_answers(passed=stand.passed_at is not None, left=stand.way.left)
    context = {
        **_frame(course, links, say),
        "attempt": attempt,
        "needed": right_needed(total=attempt.question_count, percent=course.pass_percent),
        "quiz": _quiz_facts(stand, links),
        "judged": _judged(attempt, say) if told else [],
        **_certificate_facts(stand, links, at),
    }
    return render(request, "partners/training/result.html", context)


def _judged(attempt: Attempt, say: Speaker) -> list[Judged]:
    questions = Question.objects.in_bulk([one["question"] for one in attempt.drawn])
    told = []
    for number, one in enumerate(attempt.drawn, start=1):
        question = questions[one["question"]]
        chosen = set(attempt.answers.get(str(question.id), []))
        by_key = {choice["key"]: choice for choice in question.choices}
        choices = [
            (say(by_key[key]["text"]), bool(by_key[key]["right"]), key in chosen)
            for key in one["choices"]
        ]
        right = {key for key, choice in by_key.items() if choice["right"]} == chosen
        told.append(Judged(number, say(question.text), right, choices, say(question.explanation)))
    return told


def certificate_page(
    request: HttpRequest, *, learner: Learner, course: Course, links: Links
) -> HttpResponse:
    """Hand out the certificate as PDF, or a page that waits for it."""
    taking = taking_of(learner, course.id)
    certificate = (
        Certificate.objects.filter(taking=taking, revoked_at=None).first() if taking else None
    )
    if certificate is None:
        raise Http404
    return pdf_of(request, certificate, layout=links.layout, back_url=links.to("course"))


def pdf_of(
    request: HttpRequest, certificate: Certificate, *, layout: str, back_url: str
) -> HttpResponse:
    """Answer with a certificate's PDF, or with a page that looks again while the worker makes it."""
    path = stored_pdf(certificate)
    if path is None:
        # Nothing can be asked for while somebody only looks: what a view writes is rolled back.
        member = getattr(request, "member", None)
        reading_only = member is not None and member.viewing is not None
        if not reading_only:
            ask_for_pdf(certificate)
        context = {
            "certificate": certificate,
            "layout": layout,
            "back_url": back_url,
            "reading_only": reading_only,
        }
        waiting = render(request, "partners/training/certificate_wait.html", context, status=202)
        if not reading_only:
            waiting.headers["Refresh"] = "2"
        return waiting
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{certificate.number}.pdf",
        content_type="application/pdf",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", response)  # a file, but guards and middleware see a response
