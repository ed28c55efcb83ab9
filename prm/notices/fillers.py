"""What the bell counts."""

from prm.accounts.members import Member
from prm.notices.selectors import UNREAD_SHOWN
from prm.web.counts import Counted, MenuCount, counts_menu

_UNREAD = """
select count(*) from (select 1 from prm_notice where user_id = %(user)s and read_at is null {own} limit %(bound)s) x
"""
_OWN = "and (partner_id is null or partner_id = %(partner)s)"


@counts_menu("notice-list")
def unread(member: Member) -> MenuCount:
    """Count what the person has not read, at most 99; for partner people that of their partner."""
    values = {"user": member.user_id, "partner": member.partner_id, "bound": UNREAD_SHOWN}
    return MenuCount(Counted(_UNREAD.format(own=_OWN if member.partner_id else ""), values))
