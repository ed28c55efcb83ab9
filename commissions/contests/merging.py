"""Places of contests follow a partner through a merge, unless the one that stays has the same place holder in it."""

from commissions.contests.models import ContestPlace
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_places(merge: Merge) -> None:
    """Give the duplicate's places to the partner that stays; who holds a place in both already keeps both."""
    own = set(
        ContestPlace.objects.filter(partner_id=merge.into_id).values_list("contest_id", "person_id")
    )
    coming = ContestPlace.objects.filter(partner_id=merge.from_id).values_list(
        "id", "contest_id", "person_id"
    )
    ids = [key for key, *whose in coming if tuple(whose) not in own]
    ContestPlace.objects.filter(id__in=ids).update(partner_id=merge.into_id)
