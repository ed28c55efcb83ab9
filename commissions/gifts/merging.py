"""Rewards and their codes follow a partner through a merge: both entries' are what the organisation got."""

from commissions.gifts.models import GiftAward, GiftCode
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_gifts(merge: Merge) -> None:
    """Give the duplicate's rewards, with their codes, to the partner that stays."""
    for model in (GiftAward, GiftCode):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
