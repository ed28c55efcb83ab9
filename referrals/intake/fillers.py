"""What the menu says of the queue."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.counts import Counted, MenuCount, counts_menu
from prm.web.paging import COUNT_BOUND
from referrals.pipeline.rules import working_days_later

# As ReferralQuerySet.waiting; a test holds the menu to the page.
_WAITING = """
select count(*) from (
  select 1 from referrals_referral where stage_kind = 'submitted' and queued_at is not null limit %(bound)s) x
"""
_LATE = """
select count(*) from (
  select 1 from referrals_referral r join partners_program g on g.id = r.program_id
   where r.stage_kind = 'submitted' and r.queued_at < %(latest)s
     and r.queued_at < (%(starts)s::timestamptz[])[least(g.answer_days, %(longest)s) + 1] limit 1) x
"""
# Working days that a program may promise to answer in; a longer promise counts as this.
LONGEST_PROMISE = 90


@counts_menu("referrals:queue")
def waiting(member: Member) -> MenuCount | None:
    """Count what waits for an answer, for those who may give one; hot when a promised day has passed."""
    if not member.may(Capability.DECIDE_REFERRALS):
        return None
    starts = _late_before(timezone.localdate(), timezone.get_current_timezone_name())
    late = {"latest": starts[0], "starts": list(starts), "longest": LONGEST_PROMISE}
    return MenuCount(Counted(_WAITING, {"bound": COUNT_BOUND + 1}), Counted(_LATE, late))


@lru_cache(maxsize=64)
def _late_before(today: date, zone: str) -> tuple[datetime, ...]:
    """Return for each promise of 0, 1, 2… working days the moment from which on what came in is not late today."""
    found, day = [], today
    for days in range(LONGEST_PROMISE + 1):
        while working_days_later(day - timedelta(days=1), days) >= today:
            day -= timedelta(days=1)
        found.append(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))
    return tuple(found)
