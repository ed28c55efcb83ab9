"""Links and receipts follow their partner through a merge."""

from partners.directory.merging import Merge, on_merge
from referrals.capture.models import Receipt, SubmitLink


@on_merge
def carry_links_and_receipts(merge: Merge) -> None:
    """Give the duplicate's links and receipts to the partner that stays; what was signed stays as it was."""
    for model in (SubmitLink, Receipt):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
