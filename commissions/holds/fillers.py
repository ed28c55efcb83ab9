"""What the menu says of holds that somebody wants to end early."""

from commissions.holds import merging  # noqa: F401  its part of a merge
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.web.counts import Counted, MenuCount, counts_menu

_TO_DECIDE = """
select count(*) from commissions_early_release r
 where r.state = 'waiting' and r.asked_by_id is distinct from %(user)s
"""


@counts_menu("commissions:accrual-list")
def to_decide(member: Member) -> MenuCount | None:
    """Count the requests that wait for this person's word."""
    if not member.may(Capability.APPROVE_PAYOUTS):
        return None
    return MenuCount(Counted(_TO_DECIDE, {"user": member.user_id}))
