"""Referrals, customers and payments follow a partner through a merge, and payments through a move of credit."""

from django.db import connection

from partners.directory.merging import Merge, before_merge, on_merge
from referrals.attribution.crediting import Carried, carries, lock_credits
from referrals.pipeline.models import Follower, Referral, ReferralNote, StageChange
from referrals.revenue.models import Customer, RevenueEvent


@before_merge
def hold_referrals(merge: Merge) -> None:
    """Let nobody book or move the duplicate's deals until the merge is through; what is under way comes first.

    The order is everybody's: credits, referral, customer, payment.
    """
    lock_credits(shared=False)
    with connection.cursor() as cursor:
        for model in (Referral, Customer, RevenueEvent):
            cursor.execute(_HOLD.format(table=model._meta.db_table), [merge.from_id])


_HOLD = """
with held as (select id from {table} where partner_id = %s order by id for no key update) select count(*) from held
"""


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
