"""Requests to end a hold follow their reward through a merge."""

from commissions.holds.models import EarlyRelease
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_requests(merge: Merge) -> None:
    """Let the duplicate's requests, waiting and decided, be those of the partner that stays."""
    EarlyRelease.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
