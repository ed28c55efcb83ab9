"""The application form and the admission in a program's publish checklist."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.applications.models import Admission, AdmissionMode
from partners.programs.checklist import Finding, checks, tells_published
from partners.programs.models import Program
from partners.training.models import Course, CourseState


@checks("form", order=50, title=gettext_lazy("Application form"), page="partners:admission-edit")
def form_check(program: Program, _at: datetime) -> Finding:
    """The form asks at least one question of the program's own."""
    admission = _admission(program)
    count = len(admission.questions) if admission else 0
    if not count:
        return Finding(_("Ask at least one question of your own"))
    return Finding(
        note=ngettext("%(count)s question", "%(count)s questions", count) % {"count": count}
    )


@checks("admission", order=51, title=gettext_lazy("Admission"), page="partners:admission-edit")
def admission_check(program: Program, _at: datetime) -> Finding:
    """The way partners are let in has all that it needs."""
    admission = _admission(program)
    if admission is None:
        return Finding(_("Choose who lets partners in"))
    if admission.mode == AdmissionMode.RULES and not admission.rules:
        return Finding(_("Set the rules that let partners in"))
    if admission.mode == AdmissionMode.COURSE and (problem := _course_problem(admission)):
        return Finding(problem)
    return Finding(note=str(admission.get_mode_display()))


def _course_problem(admission: Admission) -> str:
    course = Course.objects.filter(id=admission.course_id).first() if admission.course_id else None
    if course is None:
        return _("Choose the course that lets partners in")
    if course.state != CourseState.PUBLISHED:
        return _("Publish the course that lets partners in")
    if not course.open_to_applicants:
        return _("Open the course that lets partners in to applicants")
    return ""


def _admission(program: Program) -> Admission | None:
    return Admission.objects.filter(program_id=program.id).first()


@tells_published
def published_at(program_id: UUID) -> datetime | None:
    """Return since when the public page is up."""
    return (
        Admission.objects.filter(program_id=program_id)
        .values_list("published_at", flat=True)
        .first()
    )
