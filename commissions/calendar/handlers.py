"""Addresses of the money calendar follow their person through a merge."""

from commissions.calendar.models import CalendarFeed
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_feeds(merge: Merge) -> None:
    """Let the duplicate's addresses read the calendar of the partner that stays.

    Who has one of each keeps that of the staying partner; the other is dead.
    """
    moving = CalendarFeed.objects.filter(partner_id=merge.from_id)
    taken = CalendarFeed.objects.filter(partner_id=merge.into_id, revoked_at=None)
    moving.filter(
        revoked_at=None, user_id__in=list(taken.values_list("user_id", flat=True))
    ).update(revoked_at=merge.at)
    moving.update(partner_id=merge.into_id)
