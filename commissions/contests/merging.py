"""Places of contests follow a partner through a merge, unless the partner that stays has its own in the contest."""

from commissions.contests.models import ContestPlace
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_places(merge: Merge) -> None:
    """Give the duplicate's places to the partner that stays; where both took part, both places stay in the record."""
    own = ContestPlace.objects.filter(partner_id=merge.into_id).values_list("contest_id", flat=True)
    ContestPlace.objects.filter(partner_id=merge.from_id).exclude(contest_id__in=list(own)).update(
        partner_id=merge.into_id
    )
