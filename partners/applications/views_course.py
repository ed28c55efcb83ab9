"""The course that admits an applicant, under the applicant's own link: partners' pages without a login."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.applications.models import Application, ApplicationState
from partners.applications.selectors import admission_of, application_of
from partners.training import pages
from partners.training.learners import Learner
from partners.training.models import Course
from partners.training.pages import Links
from partners.training.selectors import course_for
from prm.accounts.guards import public

REASON = "the secret in the address is the applicant's own, sent by mail"
# Who passed may read on and fetch the certificate.
OPEN = {ApplicationState.COURSE, ApplicationState.SUBMITTED, ApplicationState.APPROVED}


@dataclass(frozen=True)
class Opened:
    """A course, who takes it, and where its pages lie."""

    course: Course
    learner: Learner
    links: Links


@require_safe
@public(REASON)
def application_course(request: HttpRequest, token: str) -> HttpResponse:
    """Show the course."""
    found = _opened(token)
    return _private(
        pages.course_page(request, learner=found.learner, course=found.course, links=found.links)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@public(REASON)
def application_lesson(request: HttpRequest, token: str, lesson_id: int) -> HttpResponse:
    """Show a lesson; POST marks it done."""
    found = _opened(token)
    return _private(
        pages.lesson_page(
            request,
            learner=found.learner,
            course=found.course,
            lesson_id=lesson_id,
            links=found.links,
        )
    )


@require_safe
@public(REASON)
def application_lesson_file(request: HttpRequest, token: str, lesson_id: int) -> HttpResponse:
    """Hand out a lesson's video or document."""
    return pages.lesson_file(request, course=_opened(token).course, lesson_id=lesson_id)


@require_http_methods(["GET", "HEAD", "POST"])
@public(REASON)
def application_quiz(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the quiz."""
    found = _opened(token)
    return _private(
        pages.quiz_page(request, learner=found.learner, course=found.course, links=found.links)
    )


@require_safe
@public(REASON)
def application_quiz_result(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Show how an attempt went."""
    found = _opened(token)
    return _private(
        pages.result_page(
            request,
            learner=found.learner,
            course=found.course,
            number=number,
            links=found.links,
        )
    )


@require_safe
@public(REASON)
def application_certificate(request: HttpRequest, token: str) -> HttpResponse:
    """Hand out the applicant's certificate."""
    found = _opened(token)
    return _private(
        pages.certificate_page(
            request, learner=found.learner, course=found.course, links=found.links
        )
    )


def learner_of_application(application: Application, language: str) -> Learner:
    """Return the learner that an applicant is."""
    return Learner(
        user_id=None,
        application_id=application.id,
        partner_id=None,
        name=application.name,
        language=language,
        program_id=application.program_id,
    )


def _opened(token: str) -> Opened:
    application = application_of(token)
    if application is None or application.state not in OPEN:
        raise Http404
    admission = admission_of(application.program_id)
    learner = learner_of_application(application, get_language() or application.language)
    course = course_for(learner, admission.course_id) if admission.course_id else None
    if course is None:
        raise Http404
    back = reverse("partners:application-status", kwargs={"token": token})
    links = Links(
        "partners:application-",
        {"token": token},
        layout="layouts/public_page.html",
        crumbs=[(_("Your application"), back)],
    )
    return Opened(course, learner, links)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response
