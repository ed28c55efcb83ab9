"""What a partner chose and took follows it through a merge; in programs where the other chose, its own counts."""

from commissions.choices.models import RewardChoice, TakenReward
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_choices(merge: Merge) -> None:
    """Give what was taken, and choices in programs in which the staying partner has none, to that partner."""
    own = RewardChoice.objects.filter(partner_id=merge.into_id).values("program_id")
    RewardChoice.objects.filter(partner_id=merge.from_id).exclude(program_id__in=own).update(
        partner_id=merge.into_id
    )
    TakenReward.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
