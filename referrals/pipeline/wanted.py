"""Which referrals a list, or a file of the same rows, is asked for."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from referrals.pipeline.models import Referral
from referrals.pipeline.selectors import VIEWS, matching


@dataclass(frozen=True)
class Wanted:
    """What of all referrals is asked for; plain values, so that a job can carry them."""

    view: str = ""
    words: str = ""
    kind: str = ""
    days: int = 0
    program_id: str = ""
    partner_id: str = ""
    owner_id: str = ""
    still: bool = False
    role: str = ""
    source: str = ""

    def rows(self, referrals: QuerySet[Referral], *, staff: bool) -> QuerySet[Referral]:
        """Return those of the referrals, in no order."""
        found = matching(referrals, self.words, partners=staff)
        if self.view in VIEWS:
            found = found.filter(stage_kind__in=VIEWS[self.view])
        if self.kind:
            found = found.filter(stage_kind=self.kind)
        if self.days:
            found = found.filter(registered_at__gte=timezone.now() - timedelta(days=self.days))
        if not staff:
            return found
        if self.program_id:
            found = found.filter(program_id=self.program_id)
        if self.partner_id:
            found = found.filter(partner_id=self.partner_id)
        if self.owner_id:
            found = found.filter(owner_id=int(self.owner_id))
        if self.role:
            found = found.filter(role=self.role)
        if self.source:
            found = found.filter(source=self.source)
        if self.still:
            found = found.filter(stalled_at__isnull=False, closed_at=None)
        return found

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the view is asked for."""
        return replace(self, view="") != Wanted()
