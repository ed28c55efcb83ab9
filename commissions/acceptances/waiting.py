"""What waits for a partner's person: new terms to read and accept."""

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from commissions.acceptances.selectors import all_terms_due
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.formats import day_text
from prm.web.parts import Task


def terms_tasks(partner_id: UUID, member: Member, *, at: datetime) -> list[Task]:
    """Return one task a program whose new terms the partner has not answered, for those who may."""
    if not member.may(Capability.SIGN_AGREEMENT):
        return []
    return [
        Task(
            _("New terms for %(program)s from %(day)s")
            % {"program": due.version.program.name, "day": day_text(due.version.starts_at)},
            _("Read what changes, and accept it."),
            reverse("commissions:terms", args=[due.version.program_id]),
            _("Read changes"),
            "file",
            "warn",
        )
        for due in all_terms_due(partner_id, at)
    ]
