"""What the engine keeps about a partner follows it through a merge; its history is one from then on."""

from commissions.accruals.models import (
    PricedEvent,
    RepPolicy,
    RewardInKind,
    TaxMark,
    WaitingReward,
)
from commissions.accruals.points import forget_points
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_waiting(merge: Merge) -> None:
    """What waits for a budget, what was known when events were priced, and what people got is the staying partner's.

    What that partner said about rewards for its own people counts; where it never said anything, what the duplicate
    said does. Both histories are priced whole next time.
    """
    forget_points([merge.from_id, merge.into_id])
    for model in (WaitingReward, PricedEvent, RewardInKind, TaxMark):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    if not RepPolicy.objects.filter(partner_id=merge.into_id).exists():
        RepPolicy.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
