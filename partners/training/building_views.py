"""The vendor's pages about courses: building them, who takes them, how they do."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.programs.texts import rendered
from partners.training.analytics import course_figures
from partners.training.certificates import AlreadyRevoked, revoke_certificate
from partners.training.forms import (
    CourseForm,
    LessonForm,
    QuestionForm,
    RevokeForm,
    course_initial,
    lesson_initial,
    question_initial,
)
from partners.training.listings import (
    audience_words,
    course_lines,
    learner_lines,
    learner_name,
    learners_of,
)
from partners.training.models import (
    Attempt,
    Certificate,
    Course,
    CourseState,
    Lesson,
    Question,
    Taking,
)
from partners.training.panels import applicant_names
from partners.training.selectors import certificate_state, live_lessons, live_questions
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
from partners.training.tables import (
    CERTIFICATE_LABELS,
    CERTIFICATE_TONES,
    COURSE_TONES,
    CourseTable,
    LearnerTable,
)
from partners.training.taking import add_attempts
from partners.training.words import Speaker, gap_words, learning_time
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.selectors import history_of
from prm.events.services import Actor
from prm.uploads.responses import is_ready, send
from prm.uploads.services import UploadRefused, keep_upload
from prm.web.formats import number_text, percent_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Stat, Tab

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
        "courses": CourseTable(course_lines(page.rows, _speaker(request)), page=page),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render_part(request, "partners/training/manage_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def course_new(request: MemberRequest) -> HttpResponse:
    """Make a course."""
    form = CourseForm(request.POST or None, first=request.tenant.language, initial=NEW)
    if form.is_bound and form.is_valid():
        made = create_course(actor=_actor(request), at=timezone.now(), **form.settings)
        messages.success(request, _("The course is a draft. Add its lessons and questions next."))
        return hx_redirect(request, "partners:course-manage", course_id=made.id)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def course_edit(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Change a course's facts."""
    course = _course(course_id)
    form = CourseForm(
        request.POST or None, first=request.tenant.language, initial=course_initial(course)
    )
    if form.is_bound and form.is_valid():
        edit_course(course_id=course.id, actor=_actor(request), at=timezone.now(), **form.settings)
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "partners:course-manage", course_id=course.id)
    return _form_page(request, form, course)


def _form_page(request: MemberRequest, form: CourseForm, course: Course | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "course": course}
    if course:
        context["title"] = _speaker(request)(course.title)
    return render(
        request, "partners/training/edit.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_manage(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show a course as its builder sees it: lessons, questions, facts, what is missing."""
    course, say = _course(course_id), _speaker(request)
    questions = list(live_questions(course.id))
    context = {
        **_head(request, course, "content"),
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


def _head(request: MemberRequest, course: Course, here: str) -> dict[str, Any]:
    """What every page of a course shows above: title, state, tabs."""
    labels = {
        "content": (_("Content"), "partners:course-manage"),
        "people": (_("People"), "partners:course-learners"),
        "analytics": (_("Analytics"), "partners:course-analytics"),
    }
    kwargs = {"course_id": course.id}
    return {
        "course": course,
        "title": _speaker(request)(course.title),
        "state_tone": COURSE_TONES[course.state],
        "tabs": [
            Tab(label, reverse(name, kwargs=kwargs), key == here)
            for key, (label, name) in labels.items()
        ],
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def course_state(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Publish or archive a course."""
    course = _course(course_id)
    given: dict[str, Any] = {
        "course_id": course.id,
        "actor": _actor(request),
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


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def lesson_new(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Add a lesson."""
    return _lesson(request, _course(course_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def lesson_edit(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Change a lesson."""
    course = _course(course_id)
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
    say = _speaker(request)
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
    actor, at, file_id = _actor(request), timezone.now(), None
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
    course = _course(course_id)
    lesson = get_object_or_404(live_lessons(course.id), id=lesson_id)
    return _moved(request, course, move_lesson, remove_lesson, lesson_id=lesson.id)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def lesson_manage_file(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Hand out a lesson's file to staff."""
    lesson = get_object_or_404(live_lessons(_course(course_id).id), id=lesson_id)
    if lesson.file is None:
        raise Http404
    return send(lesson.file, inline_ok=True, request=request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_new(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Add a question to the bank."""
    return _question(request, _course(course_id), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def question_edit(request: MemberRequest, course_id: UUID, question_id: int) -> HttpResponse:
    """Change a question: the old one retires, attempts keep it."""
    course = _course(course_id)
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
            actor=_actor(request),
            at=timezone.now(),
            **form.facts,
        )
        messages.success(request, _("The question is saved."))
        return hx_redirect(request, "partners:course-manage", course_id=course.id)
    context = {
        "form": form,
        "course": course,
        "title": _speaker(request)(course.title),
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
    course = _course(course_id)
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
        "actor": _actor(request),
        "at": timezone.now(),
        **part,
    }
    if request.POST.get("do") == "remove":
        remove(**given)
    elif request.POST.get("do") in {"up", "down"}:
        move(up=request.POST["do"] == "up", **given)
    return hx_redirect(request, "partners:course-manage", course_id=course.id)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_learners(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show who takes a course."""
    course = _course(course_id)
    page = keyset_page(
        learners_of(course.id),
        params=request.GET,
        orders={"started": ("started_at",)},
        default="-started",
    )
    context = {
        **_head(request, course, "people"),
        "page": page,
        "learners": LearnerTable(learner_lines(course, page.rows), page=page),
    }
    return render_part(request, "partners/training/learners.html", context)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_learner(request: MemberRequest, course_id: UUID, taking_id: int) -> HttpResponse:
    """Show one person in a course: lessons, attempts, certificates."""
    course, taking = _taking(course_id, taking_id)
    names = applicant_names([taking.application_id] if taking.application_id else [])
    certificates = Certificate.objects.filter(taking=taking).order_by("-issued_at")
    at = timezone.now()
    context = {
        **_head(request, course, "people"),
        "taking": taking,
        "name": learner_name(taking, names.get(taking.application_id or course.id, "")),
        "line": learner_lines(course, [taking])[0],
        "attempts": Attempt.objects.filter(taking=taking).order_by("-number"),
        "certificates": [
            (row, CERTIFICATE_LABELS[state], CERTIFICATE_TONES[state])
            for row in certificates
            for state in [certificate_state(row, at)]
        ],
        "limit": course.max_attempts + taking.extra_attempts if course.max_attempts else 0,
        "may_help": request.member.may(Capability.EDIT_PARTNERS),
    }
    return render(request, "partners/training/learner.html", context)


@require_POST
@needs(Capability.EDIT_PARTNERS)
def learner_attempts(request: MemberRequest, course_id: UUID, taking_id: int) -> HttpResponse:
    """Give a person one more attempt."""
    course, taking = _taking(course_id, taking_id)
    if not taking.passed_at:
        add_attempts(taking_id=taking.id, count=1, actor=_actor(request), at=timezone.now())
        messages.success(request, _("The person has one more attempt."))
    return hx_redirect(request, "partners:course-learner", course_id=course.id, taking_id=taking.id)


def _taking(course_id: UUID, taking_id: int) -> tuple[Course, Taking]:
    course = _course(course_id)
    return course, get_object_or_404(learners_of(course.id), id=taking_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def certificate_revoke(request: MemberRequest, certificate_id: UUID) -> HttpResponse:
    """Take a certificate back, with a reason."""
    found = get_object_or_404(Certificate, id=certificate_id)
    form = RevokeForm(request.POST or None)
    back = {"course_id": found.course_id, "taking_id": found.taking_id}
    if form.is_bound and form.is_valid():
        try:
            revoke_certificate(
                certificate_id=found.id,
                reason=form.cleaned_data["reason"],
                actor=_actor(request),
                at=timezone.now(),
            )
        except AlreadyRevoked:
            messages.error(request, _("Somebody revoked this certificate before."))
        else:
            messages.success(request, _("The certificate is revoked; its public page says so."))
        return hx_redirect(request, "partners:course-learner", **back)
    context = {
        "form": form,
        "certificate": found,
        "back_url": reverse("partners:course-learner", kwargs=back),
    }
    return render(
        request, "partners/training/revoke.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_analytics(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show how a course does, so that somebody can shorten or mend it."""
    course, say = _course(course_id), _speaker(request)
    figures = course_figures(course)
    context = {
        **_head(request, course, "analytics"),
        "figures": figures,
        "stats": _stats(figures),
        "lessons": [(say(row.lesson.title), row) for row in figures.lessons],
        "questions": [(say(row.question.text), say(row.lure), row) for row in figures.questions],
    }
    return render(request, "partners/training/analytics.html", context)


def _stats(figures: Any) -> list[Stat]:
    def of(part: int, whole: int) -> str:
        return percent_text(part / whole) if whole else "–"

    median = figures.median_minutes
    return [
        Stat(_("Started"), number_text(figures.started), _("people")),
        Stat(
            _("All lessons done"),
            of(figures.lessons_done, figures.started),
            _("%(part)s of %(whole)s") % {"part": figures.lessons_done, "whole": figures.started},
        ),
        Stat(
            _("Passed"),
            of(figures.passed, figures.started),
            _("%(part)s of %(whole)s, %(once)s at the first attempt")
            % {
                "part": figures.passed,
                "whole": figures.started,
                "once": of(figures.passed_at_once, figures.tried),
            },
        ),
        Stat(
            _("Median time per attempt"),
            _("%(minutes)s min") % {"minutes": number_text(round(median))}
            if median is not None
            else "–",
            _("of %(count)s attempts") % {"count": figures.attempts},
        ),
    ]


def _course(course_id: UUID) -> Course:
    return get_object_or_404(Course.objects.select_related("program"), id=course_id)


def _speaker(request: MemberRequest) -> Speaker:
    return Speaker(get_language() or request.tenant.language, request.tenant.language)


def _actor(request: MemberRequest) -> Actor:
    return Actor(user_id=request.member.user_id, name=request.member.name)
