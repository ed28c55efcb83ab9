"""What the menu says of the queue."""

from django.utils import timezone

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.counts import Counted, MenuCount, counts_menu
from prm.web.paging import COUNT_BOUND

# As ReferralQuerySet.waiting; a test holds the menu to the page.
_WAITING = """
select count(*) from (
  select 1 from referrals_referral
   where stage_kind = 'submitted' and queued_at is not null and answer_due_at is not null limit %(bound)s) x
"""
_LATE = """
select count(*) from (
  select 1 from referrals_referral
   where stage_kind = 'submitted' and queued_at is not null and answer_due_at < %(now)s limit 1) x
"""


@counts_menu("referrals:queue")
def waiting(member: Member) -> MenuCount | None:
    """Count what waits for an answer, for those who may give one; hot when a promised moment has passed."""
    if not member.may(Capability.DECIDE_REFERRALS):
        return None
    late = Counted(_LATE, {"now": timezone.now()})
    return MenuCount(Counted(_WAITING, {"bound": COUNT_BOUND + 1}), late)
