"""What the portal knows about a company that somebody is about to send."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from partners.directory.models import Enrollment, PartnerState
from partners.programs.models import Program
from prm.accounts.models import Membership
from prm.tenancy.scope import current_scope
from referrals.claims.selectors import Found
from referrals.pipeline.models import Referral


def programs_open_to(partner_id: UUID, *, day: date) -> list[Program]:
    """Return the open programs in which an active partner takes part on a day of the tenant's zone, by name."""
    enrolled = Enrollment.objects.open_on(day).filter(
        partner_id=partner_id, partner__state=PartnerState.ACTIVE
    )
    return list(
        Program.objects.filter(id__in=enrolled.values("program_id"), closed_at=None).order_by(
            "name", "id"
        )
    )


def people_of_partner(partner_id: UUID) -> list[tuple[str, str]]:
    """Return the partner's people as (user id, name)."""
    here = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, partner_id=partner_id, ended_at=None
    )
    return [
        (str(row.user_id), str(row.user))
        for row in here.select_related("user").order_by("user__name", "user_id")
    ]


@dataclass(frozen=True)
class Waiting:
    """A referral in the queue: whether its promised moment has passed, and what looks like the same company."""

    referral: Referral
    is_late: bool
    # Who has to approve it next, when somebody in particular has to.
    approver: str
    matches: list[Found]

    @property
    def strong(self) -> list[Found]:
        """Those that share domain or email."""
        return [found for found in self.matches if found.is_strong]
