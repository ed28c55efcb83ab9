"""Referrals, customers and payments follow a partner through a merge."""

from partners.directory.merging import Merge, on_merge
from referrals.pipeline.models import Referral, ReferralNote, StageChange
from referrals.revenue.models import Customer, RevenueEvent


@on_merge
def carry_referrals(merge: Merge) -> None:
    """Give everything that the duplicate brought to the partner that stays; ids and addresses stay as they are."""
    for model in (Referral, StageChange, ReferralNote, Customer, RevenueEvent):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
