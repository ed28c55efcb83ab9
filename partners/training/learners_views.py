"""The vendor's pages about who takes a course: people, their certificates, how the course does."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.training.analytics import course_figures
from partners.training.certificates import AlreadyRevoked, revoke_certificate
from partners.training.course_head import course_head, course_of, speaker_of
from partners.training.forms import RevokeForm
from partners.training.listings import learner_lines, learner_name, learners_of
from partners.training.models import Attempt, Certificate, Course, Taking
from partners.training.panels import applicant_names
from partners.training.selectors import certificate_state
from partners.training.tables import CERTIFICATE_LABELS, CERTIFICATE_TONES, LearnerTable
from partners.training.taking import add_attempts
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.formats import number_text, percent_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Stat


@require_safe
@needs(Capability.SEE_PROGRAMS)
def course_learners(request: MemberRequest, course_id: UUID) -> HttpResponse:
    """Show who takes a course."""
    course = course_of(course_id)
    page = keyset_page(
        learners_of(course.id),
        params=request.GET,
        orders={"started": ("started_at",)},
        default="-started",
    )
    context = {
        **course_head(request, course, "people"),
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
        **course_head(request, course, "people"),
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
        add_attempts(taking_id=taking.id, count=1, actor=request.member.actor, at=timezone.now())
        messages.success(request, _("The person has one more attempt."))
    return hx_redirect(request, "partners:course-learner", course_id=course.id, taking_id=taking.id)


def _taking(course_id: UUID, taking_id: int) -> tuple[Course, Taking]:
    course = course_of(course_id)
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
                actor=request.member.actor,
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
    course, say = course_of(course_id), speaker_of(request)
    figures = course_figures(course)
    context = {
        **course_head(request, course, "analytics"),
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
