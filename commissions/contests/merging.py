"""Places of contests follow a partner through a merge, unless the one that stays has the same place holder in it."""

from django.db.models import Exists, OuterRef

from commissions.contests.models import WON_BY, ContestPlace
from commissions.ledger.models import Transfer
from commissions.payouts.merging import payable_key
from commissions.payouts.models import PayoutLine
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_places(merge: Merge) -> None:
    """Give the duplicate's places to the partner that stays; who holds a place in both already keeps both.

    Prizes that no payment claims are led to the transfer of the merge, whose payment will pay them. The books have
    moved before: payouts.merging registers first.
    """
    own = set(
        ContestPlace.objects.filter(partner_id=merge.into_id).values_list("contest_id", "person_id")
    )
    places = ContestPlace.objects.filter(partner_id=merge.from_id)
    claimed = PayoutLine.objects.filter(transfer_id=OuterRef("won_by"), released_at=None)
    waiting = places.alias(won_by=WON_BY).filter(~Exists(claimed), transfer__isnull=False)
    for currency in list(waiting.values_list("contest__currency", flat=True).distinct()):
        moved = Transfer.objects.filter(key=payable_key(merge, currency)).first()
        if moved:
            waiting.filter(contest__currency=currency).update(carried_id=moved.id)
    coming = places.values_list("id", "contest_id", "person_id")
    ids = [key for key, *whose in coming if tuple(whose) not in own]
    ContestPlace.objects.filter(id__in=ids).update(partner_id=merge.into_id)
