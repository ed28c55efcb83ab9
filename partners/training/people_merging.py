"""Courses and certificates follow a person whose two logins become one."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.directory.people_merging import Part, register_part
from partners.training.models import Taking


def _takings(gone: int, stays: int) -> QuerySet[Taking]:
    """Return the courses that only the login that goes has taken; where both have, each keeps its own evidence."""
    own = Taking.objects.filter(user_id=stays).values("course_id")
    return Taking.objects.filter(user_id=gone).exclude(course_id__in=own)


register_part(Part(_("Courses taken"), _takings, "user_id"))
