"""Courses and certificates follow a person whose two logins become one."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.directory.people_merging import Part, register_part
from partners.training.models import Certificate, Taking


def _takings(gone: int, stays: int) -> QuerySet[Taking]:
    """Return the courses that only the login that goes has taken; where both have, each keeps its own evidence."""
    own = Taking.objects.filter(user_id=stays).values("course_id")
    return Taking.objects.filter(user_id=gone).exclude(course_id__in=own)


def _count_passes(gone: int, stays: int) -> None:
    """Let the login that stays have passed what only the other had passed of the courses both took.

    The certificate goes over; lessons and attempts stay where they were made.
    """
    behind = {
        taking.course_id: taking
        for taking in Taking.objects.select_for_update(no_key=True)
        .filter(user_id=stays, passed_at=None)
        .order_by("id")
    }
    for passed in Taking.objects.filter(
        user_id=gone, course_id__in=behind, passed_at__isnull=False
    ).order_by("id"):
        taking = behind[passed.course_id]
        taking.passed_at = passed.passed_at
        taking.lessons_done_at = taking.lessons_done_at or passed.lessons_done_at
        taking.save(update_fields=["passed_at", "lessons_done_at"])
        Certificate.objects.filter(taking=passed).update(taking=taking)


register_part(Part(_("Courses taken"), _takings, "user_id", _count_passes))
