"""The application form and the admission in a program's publish checklist."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.applications.models import Admission, AdmissionMode
from partners.applications.rules import MAX_QUESTIONS
from partners.applications.services import edit_admission
from partners.programs.checklist import Finding, checks, tells_published
from partners.programs.models import Program
from partners.programs.templates import (
    Reading,
    Writing,
    part,
    rows,
    table,
    texts,
    whole,
    whole_or_none,
    words,
)
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


@part("admission", order=50, title=gettext_lazy("Admission and application form"))
class AdmissionPart:
    """How partners are let in, and what the form asks; never published by being written."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the admission; None before anybody set it."""
        admission = _admission(reading.program)
        if admission is None:
            return None
        own = (
            admission.course_id is not None
            and Course.objects.filter(
                id=admission.course_id, program_id=reading.program.id
            ).exists()
        )
        named = admission.course_id and (reading.copying or own)
        return {
            "mode": admission.mode,
            "questions": admission.questions,
            "rules": admission.rules,
            "course": _course_name(admission, reading, own) if named else "",
            "reapply_days": admission.reapply_days,
            "decide_days": admission.decide_days,
            "probation_days": admission.probation_days,
            "probation_referrals": admission.probation_referrals,
            "page_text": admission.page_text,
        }

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Set the admission of the fresh program."""
        given = table(data)
        mode = AdmissionMode(words(given.get("mode"), 10))
        course_id = course_of(given.get("course"), writing)
        if mode == AdmissionMode.COURSE and course_id is None:
            writing.leave_out(_("The course that lets partners in is not in here; choose one"))
        days = whole_or_none(given.get("probation_days"), 1, 3650)
        referrals = whole_or_none(given.get("probation_referrals"), 1, 10_000)
        if (days is None) != (referrals is None):
            # Half a trial would limit nothing, as the form says too.
            days = referrals = None
            writing.leave_out(
                _("The trial of new partners needs both days and referrals; set both")
            )
        admission = edit_admission(
            program_id=writing.program.id,
            mode=mode.value,
            questions=[dict(row) for row in rows(given.get("questions") or [], MAX_QUESTIONS)],
            rules=_rules(table(given.get("rules") or {})),
            course_id=course_id,
            reapply_days=whole(given.get("reapply_days"), 0, 3650),
            decide_days=whole(given.get("decide_days"), 1, 365),
            probation_days=days,
            probation_referrals=referrals,
            page_text=texts(given.get("page_text")),
            actor=writing.actor,
            at=writing.at,
        )
        return str(admission.get_mode_display())


def _course_name(admission: Admission, reading: Reading, own: bool) -> str:  # noqa: FBT001
    return reading.named("course", admission.course_id) if own else f"id:{admission.course_id}"


def course_of(name: Any, writing: Writing) -> UUID | None:
    """Return the course that a name of the file means: one made from it, or, in a copy, one of every program."""
    text = str(name or "")
    if writing.copying and text.startswith("id:"):
        return Course.objects.filter(id=text[3:]).values_list("id", flat=True).first()
    return writing.id_of(text)


def _rules(given: Any) -> dict[str, Any]:
    """Return the rules that this portal knows."""
    found: dict[str, Any] = {}
    if "min_score" in given:
        found["min_score"] = whole_or_none(given["min_score"], -2000, 2000)
    if "countries" in given:
        found["countries"] = [str(code)[:2] for code in given["countries"]][:250]
    if "own_domain" in given:
        found["own_domain"] = bool(given["own_domain"])
    return found
