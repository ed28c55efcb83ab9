"""Claims follow a partner through a merge; two open claims of the two partners stay two claims of the one."""

from partners.directory.merging import Merge, on_merge
from referrals.claims.models import AvailabilityCheck, Claim, ClaimExtension, ClaimKey, SoftHold


@on_merge
def carry_claims(merge: Merge) -> None:
    """Give everything that the duplicate claimed to the partner that stays."""
    for model in (Claim, ClaimKey, ClaimExtension, AvailabilityCheck):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    kept = SoftHold.objects.filter(partner_id=merge.into_id).values_list("account_key", flat=True)
    SoftHold.objects.filter(partner_id=merge.from_id, account_key__in=list(kept)).delete()
    SoftHold.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
