"""What partner people see of courses and certificates, and what anybody may verify."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.training import pages
from partners.training.learners import Learner, learner_of
from partners.training.models import Certificate, Course
from partners.training.pages import Links
from partners.training.rules import plain_code, printed_code
from partners.training.selectors import (
    certificate_state,
    certificates_of_partner,
    course_for,
    course_rows,
)
from partners.training.tables import CertificateTable
from partners.training.words import Speaker, learning_time
from prm.accounts.capabilities import Capability
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.web.htmx import render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.PARTNER_HOME)
@unlocked("courses")
def course_list(request: MemberRequest) -> HttpResponse:
    """Show the courses that the person may take, with how far they are."""
    learner = _learner(request)
    say = Speaker(learner.language, request.tenant.language)
    rows = [
        {
            "id": f"course-{number}",
            "title": say(row.course.title),
            "summary": say(row.course.summary),
            "url": reverse("partners:course", kwargs={"course_id": row.course.id}),
            "minutes": learning_time(row.course.minutes),
            "row": row,
        }
        for number, row in enumerate(course_rows(learner))
    ]
    context = {"rows": rows, "certificates_url": reverse("partners:certificate-list")}
    return render(request, "partners/training/list.html", context)


@require_safe
@needs(Capability.PARTNER_HOME)
@unlocked("courses")
def course(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show one course."""
    found, learner, links = _opened(request, course_id)
    return pages.course_page(request, learner=learner, course=found, links=links)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.PARTNER_HOME)
@unlocked("courses")
def lesson(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Show a lesson; POST marks it done."""
    found, learner, links = _opened(request, course_id)
    return pages.lesson_page(
        request,
        learner=learner,
        course=found,
        lesson_id=lesson_id,
        links=links,
        # Staff who look at the pages as a partner leave no trace of learning.
        reading_only=request.member.viewing is not None,
    )


@require_safe
@needs(Capability.PARTNER_HOME)
@unlocked("courses")
def lesson_file(request: MemberRequest, course_id: UUID, lesson_id: int) -> HttpResponse:
    """Hand out a lesson's video or document."""
    found = _opened(request, course_id)[0]
    return pages.lesson_file(request, course=found, lesson_id=lesson_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.PARTNER_HOME)
@unlocked("courses")
def quiz(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Answer the quiz."""
    found, learner, links = _opened(request, course_id)
    return pages.quiz_page(request, learner=learner, course=found, links=links)


@require_safe
@needs(Capability.PARTNER_HOME)
def quiz_result(request: MemberRequest, course_id: UUID, number: int) -> HttpResponse:
    """Show how an attempt went."""
    found, learner, links = _opened(request, course_id)
    return pages.result_page(request, learner=learner, course=found, number=number, links=links)


@require_safe
@needs(Capability.PARTNER_HOME)
def certificate(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Hand out the person's own certificate."""
    found, learner, links = _opened(request, course_id)
    return pages.certificate_page(request, learner=learner, course=found, links=links)


def _learner(request: MemberRequest) -> Learner:
    return learner_of(request.member, get_language() or request.tenant.language)


def _opened(request: MemberRequest, course_id: UUID) -> tuple[Course, Learner, Links]:
    """Return the course when the person may open it. Raises Http404."""
    learner = _learner(request)
    found = course_for(learner, course_id)
    if found is None:
        raise Http404
    crumbs = [(_("Courses"), reverse("partners:course-list"))]
    return found, learner, Links("partners:", {"course_id": course_id}, crumbs=crumbs)


@dataclass(frozen=True)
class CertificateLine:
    """A certificate in its partner's list."""

    holder: str
    number: str
    course_title: str
    code: str
    taking_id: int
    issued_at: datetime
    expires_on: date | None
    state: str


@require_safe
@needs(Capability.PARTNER_HOME)
def certificate_list(request: MemberRequest) -> HttpResponse:
    """Show the certificates of the partner's people."""
    page = keyset_page(
        certificates_of_partner(request.member.own_partner_id).order_by(),
        params=request.GET,
        orders={"issued": ("issued_at",)},
        default="-issued",
    )
    at = timezone.now()
    rows = [
        CertificateLine(
            row.holder,
            row.number,
            row.course_title,
            row.code,
            row.taking_id,
            row.issued_at,
            row.expires_on,
            certificate_state(row, at),
        )
        for row in page.rows
    ]
    context = {"page": page, "certificates": CertificateTable(rows, page=page)}
    return render_part(request, "partners/training/certificates.html", context)


@require_safe
@public("anybody may verify a certificate by the code printed on it")
def certificate_verify(request: HttpRequest, code: str) -> HttpResponse:
    """Say of a certificate whose it is and whether it counts; one frame for every answer."""
    tenant = request.tenant  # type: ignore[attr-defined]
    found = Certificate.objects.filter(code=plain_code(code)).first()
    with timezone.override(ZoneInfo(tenant.time_zone)):
        context = {
            "certificate": found,
            "state": certificate_state(found, timezone.now()) if found else "unknown",
            "learning_time": learning_time(found.minutes) if found else "",
            "code": printed_code(found.code) if found else "",
            "vendor": tenant.name,
        }
        response = render(
            request, "partners/training/verify.html", context, status=200 if found else 404
        )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@needs(Capability.SEE_PROGRAMS, Capability.PARTNER_HOME)
def certificate_pdf(request: MemberRequest, certificate_id: UUID) -> HttpResponse:
    """Hand out any certificate of the own partner, for staff of every partner."""
    rows = Certificate.objects.all()
    if not request.member.is_staff:
        rows = rows.filter(partner_id=request.member.own_partner_id)
    found = get_object_or_404(rows, id=certificate_id, revoked_at=None)
    back = (
        reverse(
            "partners:course-learner",
            kwargs={"course_id": found.course_id, "taking_id": found.taking_id},
        )
        if request.member.is_staff
        else reverse("partners:certificate-list")
    )
    return pages.pdf_of(request, found, layout="layouts/app.html", back_url=back)
