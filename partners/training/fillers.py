"""What training says in places of the ground: names of courses and certificates in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import get_language

from partners.training import people_merging  # noqa: F401  its part of a merge
from partners.training.models import Certificate, Course, CourseState, Taking
from partners.training.rules import in_language
from prm.audit.subjects import Named, names
from prm.audit.values import choices_of

choices_of("course", "state", CourseState)


@names("course")
def course_names(ids: Sequence[str]) -> dict[str, Named]:
    """Name courses in the reader's language and lead to their pages."""
    language = get_language() or "en"
    return {
        str(course.id): Named(
            in_language(course.title, language)[0],
            reverse("partners:course-manage", kwargs={"course_id": course.id}),
        )
        for course in Course.objects.filter(id__in=ids)
    }


@names("taking", numbered=True)
def taking_names(ids: Sequence[str]) -> dict[str, Named]:
    """Name somebody's way through a course by the course, and lead to it."""
    language = get_language() or "en"
    return {
        str(taking.id): Named(
            in_language(taking.course.title, language)[0],
            reverse(
                "partners:course-learner",
                kwargs={"course_id": taking.course_id, "taking_id": taking.id},
            ),
        )
        for taking in Taking.objects.filter(id__in=ids).select_related("course")
    }


@names("certificate")
def certificate_names(ids: Sequence[str]) -> dict[str, Named]:
    """Name certificates by their number and lead to their public pages."""
    return {
        str(row.id): Named(
            row.number, reverse("partners:certificate-verify", kwargs={"code": row.code})
        )
        for row in Certificate.objects.filter(id__in=ids)
    }
