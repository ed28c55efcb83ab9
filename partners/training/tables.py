"""Lists of courses, learners and certificates."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from partners.training.models import CourseState
from prm.web.tables import (
    BadgeColumn,
    Column,
    DayColumn,
    Html,
    NumberColumn,
    Table,
    ident,
)

COURSE_TONES: dict[str, str] = {
    CourseState.DRAFT: "warn",
    CourseState.PUBLISHED: "ok",
    CourseState.ARCHIVED: "",
}
CERTIFICATE_TONES = {"valid": "ok", "expired": "warn", "revoked": "bad"}
CERTIFICATE_LABELS = {
    "valid": pgettext_lazy("a certificate", "Valid"),
    "expired": pgettext_lazy("a certificate", "Expired"),
    "revoked": pgettext_lazy("a certificate", "Revoked"),
}


class CourseTable(Table):
    """Courses of the tenant."""

    caption = _("Courses, newest first")
    title = Column(_("Course"), row_header=True)
    state = BadgeColumn(_("State"), tones=COURSE_TONES, labels=dict(CourseState.choices))
    lesson_count = NumberColumn(_("Lessons"), priority=3)
    question_count = NumberColumn(_("Questions"), priority=3)
    started = NumberColumn(_("Started"), priority=2)
    passed = NumberColumn(pgettext_lazy("people, a course", "Passed"), priority=2)

    def render_title(self, record: Any) -> Html:
        """Name the course, whom it is for, and lead to its page."""
        url = reverse("partners:course-manage", kwargs={"course_id": record.id})
        narrow = gettext("%(passed)s of %(started)s passed") % {
            "passed": record.passed,
            "started": record.started,
        }
        return ident(record.title, url, sub=record.audience, hue=record.id, narrow=narrow)


class LearnerTable(Table):
    """People who take a course."""

    caption = _("People who take the course, latest start first")
    name = Column(_("Person"), row_header=True)
    lessons = Column(_("Lessons"), priority=2, end=True)
    attempts = Column(_("Attempts"), priority=2, end=True)
    best = Column(_("Best result"), priority=3, end=True)
    started_at = DayColumn(_("Started"), priority=3, sort="started")
    passed_at = DayColumn(pgettext_lazy("a person, a course", "Passed"))
    certificate = Column(_("Certificate"), priority=3)

    def render_name(self, record: Any) -> Html:
        """Name the person and the partner."""
        narrow = gettext("Lessons %(lessons)s, attempts %(attempts)s") % {
            "lessons": record.lessons,
            "attempts": record.attempts,
        }
        return ident(
            record.name, record.url, sub=record.company, hue=record.id, person=True, narrow=narrow
        )


class CertificateTable(Table):
    """A partner's certificates."""

    caption = _("Certificates, newest first")
    holder = Column(_("Person"), row_header=True)
    number = Column(_("Number"), priority=2)
    issued_at = DayColumn(pgettext_lazy("a certificate", "Issued"), priority=2, sort="issued")
    expires_on = DayColumn(_("Valid until"), priority=3)
    state = BadgeColumn(_("State"), tones=CERTIFICATE_TONES, labels=CERTIFICATE_LABELS)

    def render_holder(self, record: Any) -> Html:
        """Name the person and the course, and lead to the public page."""
        url = reverse("partners:certificate-verify", kwargs={"code": record.code})
        return ident(
            record.holder,
            url,
            sub=record.course_title,
            hue=record.taking_id,
            person=True,
            narrow=record.number,
        )
