"""A merge waits until somebody decided about what the duplicate may be forgiven."""

from django.utils.translation import gettext

from commissions.adjustments.models import WriteOff, WriteOffState
from partners.directory.merging import Merge, MergeRefused, on_merge


@on_merge
def refuse_while_undecided(merge: Merge) -> None:
    """Let no wish to write off outlive the debt it was asked for; what was booked stays with the duplicate.

    Raises MergeRefused while one of the duplicate waits for its second person.
    """
    if WriteOff.objects.filter(partner_id=merge.from_id, state=WriteOffState.ASKED).exists():
        raise MergeRefused(
            gettext("A write-off for the duplicate waits for approval. Decide on it first.")
        )
