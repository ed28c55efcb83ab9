"""The page a partner gets for a referral that it had and that was moved away: a slice above fills it."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse

from prm.accounts.members import MemberRequest

MovedPage = Callable[[MemberRequest, UUID], HttpResponse | None]
_pages: list[MovedPage] = []


def fills_moved(page: MovedPage) -> MovedPage:
    """Register what answers for a moved referral; it returns None for one that this partner never had."""
    if _pages and _pages != [page]:
        raise ValueError("the page of moved referrals is filled already")
    _pages[:] = [page]
    return page


def moved_page(request: MemberRequest, referral_id: UUID) -> HttpResponse | None:
    """Return the page that says where a referral went, None when there is nothing to say."""
    return _pages[0](request, referral_id) if _pages else None
