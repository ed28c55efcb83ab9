"""How a partner shares out follows it through a merge, where the other never said anything about the program."""

from commissions.teams.models import TeamShare, TeamSplit
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_splits(merge: Merge) -> None:
    """Give the duplicate's word to the partner that stays; where that one has its own, its own counts."""
    own = TeamSplit.objects.filter(partner_id=merge.into_id).values("program_id")
    moved = TeamSplit.objects.filter(partner_id=merge.from_id).exclude(program_id__in=own)
    TeamShare.objects.filter(split_id__in=moved.values("id")).update(partner_id=merge.into_id)
    moved.update(partner_id=merge.into_id)
