"""The vendor's pages about courses: the list, building and publishing them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.texts import rendered
from partners.training.course_head import course_head, course_of, speaker_of
from partners.training.forms import (
    VIDEO_BYTES,
    CourseForm,
    LessonForm,
    QuestionForm,
    course_initial,
    lesson_initial,
    question_initial,
)
from partners.training.listings import audience_words, course_lines
from partners.training.models import Course, CourseState, Lesson, Question
from partners.training.selectors import live_lessons, live_questions
from partners.training.services import (
    CourseIncomplete,
    archive_course,
    course_gaps,
    create_course,
    edit_course,
    move_lesson,
    move_question,
    publish_course,
    remove_lesson,
    retire_question,
    save_lesson,
    save_question,
)
from partners.training.tables import CourseTable
from partners.training.words import gap_words, learning_time
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.uploads.responses import is_ready, send
from prm.uploads.services import UploadRefused, keep_upload
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.request_size import takes

NEW = {
    "pass_percent": 80,
    "draw_count": 0,
    "max_attempts": 3,
    "retry_hours": 0,
    "minutes": 30,
    "gives_certificate": True,
}


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_manage_list(request: MemberRequest) -> HttpResponse:
    """Show the courses."""
    page = keyset_page(
        Course.objects.select_related("program"),
        params=request.GET,
        orders={"newest": ("created_at",)},
        default="-newest",
    )
    context = {
        "page": page,
        "courses": CourseTable(course_lines(page.rows, speaker_of(request)), page=page),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render_part(request, "partners/training/manage_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def course_new(request: MemberRequest) -> HttpResponse:
    """Make a course."""
    form = CourseForm(request.POST or None, first=request.tenant.language, initial=NEW)
    if form.is_bound and form.is_valid():
        made = create_course(actor=request.member.actor, at=timezone.now(), **form.settings)
        messages.success(request, _("The course is a draft. Add its lessons and questions next."))
        return hx_redirect(request, "partners:course-manage", course_id=made.id)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def course_edit(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Change a course's facts."""
    course = course_of(course_id)
    form = CourseForm(
        request.POST or None, first=request.tenant.language, initial=course_initial(course)
    )
    if form.is_bound and form.is_valid():
        edit_course(
            course_id=course.id, actor=request.member.actor, at=timezone.now(), **form.settings
        )
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:course-manage", course_id=course.id)
    return _form_page(request, form, course)


def _form_page(request: MemberRequest, form: CourseForm, course: Course | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "course": course}
    if course:
        context["title"] = speaker_of(request)(course.title)
    return render(
        request, "partners/training/edit.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_manage(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show a course as its builder sees it: lessons, questions, facts, what is missing."""
    course, say = course_of(course_id), speaker_of(request)
    questions = list(live_questions(course.id))
    context = {
        **course_head(request, course, "content"),
        "lessons": [(lesson, say(lesson.title)) for lesson in live_lessons(course.id)],
        "questions": [(question, say(question.text)) for question in questions],
        "gaps": [gap_words(gap) for gap in course_gaps(course)]
        if course.state != CourseState.PUBLISHED
        else [],
        "summary": say(course.summary),
        "audience": audience_words(course),
        "learning_time": learning_time(course.minutes),
        "history": history_of(f"course:{course.id}"),
    }
    return render(request, "partners/training/manage.html", context)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def course_state(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Publish or archive a course."""
    course = course_of(course_id)
    given: dict[str, Any] = {
        "course_id": course.id,
        "actor": request.member.actor,
        "at": timezone.now(),
    }
    if request.POST.get("do") == "archive":
        archive_course(**given)
        messages.success(request, _("The course is archived. Certificates stay valid."))
    elif request.POST.get("do") == "publish":
        try:
            publish_course(**given)
        except CourseIncomplete as incomplete:
            gaps = ", ".join(gap_words(gap) for gap in incomplete.gaps)
            messages.error(request, _("The course is not complete: %(gaps)s") % {"gaps": gaps})
        else:
            messages.success(request, _("The course is published. People can take it now."))
    return hx_redirect(request, "partners:course-manage", course_id=course.id)


@takes(VIDEO_BYTES + 1_000_000)
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def lesson_new(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Add a lesson."""
    return _lesson(request, course_of(course_id), None)


@takes(VIDEO_BYTES + 1_000_000)
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def lesson_edit(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Change a lesson."""
    course = course_of(course_id)
    return _lesson(request, course, get_object_or_404(live_lessons(course.id), id=lesson_id))


def _lesson(request: MemberRequest, course: Course, lesson: Lesson | None) -> HttpResponse:
    form = LessonForm(
        request.POST or None,
        request.FILES or None,
        first=request.tenant.language,
        has_file=bool(lesson and lesson.file_id),
        initial=lesson_initial(lesson) if lesson else {"kind": "text", "minutes": 5},
    )
    if form.is_bound and form.is_valid() and _saved(request, form, course, lesson):
        messages.success(request, _("The lesson is saved."))
        return hx_redirect(request, "partners:course-manage", course_id=course.id)
    say = speaker_of(request)
    context = {
        "form": form,
        "course": course,
        "title": say(course.title),
        "lesson": lesson,
        "lesson_title": say(lesson.title) if lesson else None,
        "file_ready": bool(lesson and lesson.file and is_ready(lesson.file)),
        "preview": rendered(say(lesson.body).text) if lesson else "",
    }
    return render(
        request, "partners/training/lesson_edit.html", context, status=422 if form.is_bound else 200
    )


def _saved(request: MemberRequest, form: LessonForm, course: Course, lesson: Lesson | None) -> bool:
    """Keep the lesson and its file; a refused file becomes the form's error."""
    actor, at, file_id = request.member.actor, timezone.now(), None
    if form.cleaned_data.get("file") and form.cleaned_data["kind"] != "text":
        allowed, most = form.takes
        try:
            file_id = keep_upload(
                file=form.cleaned_data["file"],
                purpose="training.lesson",
                allowed=allowed,
                max_bytes=most,
                partner_id=None,
                actor=actor,
                at=at,
            ).id
        except UploadRefused as refusal:
            form.add_error("file", refusal.words)
            return False
    save_lesson(
        course_id=course.id,
        lesson_id=lesson.id if lesson else None,
        actor=actor,
        at=at,
        file_id=file_id,
        **form.facts,
    )
    return True


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def lesson_move(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Move a lesson up or down, or take it out."""
    course = course_of(course_id)
    lesson = get_object_or_404(live_lessons(course.id), id=lesson_id)
    return _moved(request, course, move_lesson, remove_lesson, lesson_id=lesson.id)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def lesson_manage_file(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Hand out a lesson's file to staff."""
    lesson = get_object_or_404(live_lessons(course_of(course_id).id), id=lesson_id)
    if lesson.file is None:
        raise Http404
    return send(lesson.file, inline_ok=True, request=request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_new(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Add a question to the bank."""
    return _question(request, course_of(course_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_edit(request: MemberRequest, course_id: UUID, question_id: int) -> HttpResponse:
    """Change a question: the old one retires, attempts keep it."""
    course = course_of(course_id)
    return _question(request, course, get_object_or_404(live_questions(course.id), id=question_id))


def _question(request: MemberRequest, course: Course, question: Question | None) -> HttpResponse:
    form = QuestionForm(
        request.POST or None,
        first=request.tenant.language,
        initial=question_initial(question) if question else {},
    )
    if form.is_bound and form.is_valid():
        save_question(
            course_id=course.id,
            question_id=question.id if question else None,
            actor=request.member.actor,
            at=timezone.now(),
            **form.facts,
        )
        messages.success(request, _("The question is saved."))
        return hx_redirect(request, "partners:course-manage", course_id=course.id)
    context = {
        "form": form,
        "course": course,
        "title": speaker_of(request)(course.title),
        "question": question,
    }
    return render(
        request,
        "partners/training/question_edit.html",
        context,
        status=422 if form.is_bound else 200,
    )


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def question_move(request: MemberRequest, course_id: UUID, question_id: int) -> HttpResponse:
    """Move a question up or down, or retire it."""
    course = course_of(course_id)
    question = get_object_or_404(live_questions(course.id), id=question_id)
    return _moved(request, course, move_question, retire_question, question_id=question.id)


def _moved(
    request: MemberRequest,
    course: Course,
    move: Callable[..., object],
    remove: Callable[..., object],
    **part: int,
) -> HttpResponse:
    """Move a part of a course up or down, or take it out, as the form says; anything else changes nothing."""
    given: dict[str, Any] = {
        "course_id": course.id,
        "actor": request.member.actor,
        "at": timezone.now(),
        **part,
    }
    if request.POST.get("do") == "remove":
        remove(**given)
    elif request.POST.get("do") in {"up", "down"}:
        move(up=request.POST["do"] == "up", **given)
    return hx_redirect(request, "partners:course-manage", course_id=course.id)
