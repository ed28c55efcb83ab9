"""What the vendor's pages of a course share: the course asked for, its head with tabs, who asks."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from partners.training.models import Course
from partners.training.tables import COURSE_TONES
from partners.training.words import Speaker
from prm.accounts.capabilities import Capability
from prm.accounts.members import MemberRequest
from prm.web.parts import Tab


def course_head(request: MemberRequest, course: Course, here: str) -> dict[str, Any]:
    """Return what every page of a course shows above: title, state, tabs. here: the key of its own tab."""
    labels = {
        "content": (_("Content"), "partners:course-manage"),
        "people": (_("People"), "partners:course-learners"),
        "analytics": (_("Analytics"), "partners:course-analytics"),
    }
    kwargs = {"course_id": course.id}
    return {
        "course": course,
        "title": speaker_of(request)(course.title),
        "state_tone": COURSE_TONES[course.state],
        "tabs": [
            Tab(label, reverse(name, kwargs=kwargs), key == here)
            for key, (label, name) in labels.items()
        ],
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }


def course_of(course_id: UUID) -> Course:
    """Return the course with its program, or answer 404."""
    return get_object_or_404(Course.objects.select_related("program"), id=course_id)


def speaker_of(request: MemberRequest) -> Speaker:
    """Return who says texts in the reader's language."""
    return Speaker(get_language() or request.tenant.language, request.tenant.language)
