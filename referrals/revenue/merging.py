"""Referrals, customers and payments follow a partner through a merge, and payments through a move of credit."""

from partners.directory.merging import Merge, on_merge
from referrals.attribution.crediting import Carried, carries
from referrals.pipeline.models import Follower, Referral, ReferralNote, StageChange
from referrals.revenue.models import Customer, RevenueEvent


@on_merge
def carry_referrals(merge: Merge) -> None:
    """Give everything that the duplicate brought to the partner that stays; ids and addresses stay as they are."""
    for model in (Referral, StageChange, ReferralNote, Follower, Customer, RevenueEvent):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)


@carries
def carry_to_another(carried: Carried) -> None:
    """Give a moved referral's customer and payments to its new partner; the move that is recorded allows it."""
    for model in (Customer, RevenueEvent):
        model.objects.filter(
            referral_id=carried.referral_id, partner_id=carried.from_partner_id
        ).update(partner_id=carried.to_partner_id)
