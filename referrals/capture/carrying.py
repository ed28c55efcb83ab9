"""What stands around referrals follows their partner through a merge."""

from partners.directory.merging import Merge, on_merge
from referrals.capture.models import (
    BulkSubmission,
    Draft,
    PrivacyEntry,
    PrivacyNotice,
    Question,
    Receipt,
    ReferralFile,
    SubmitLink,
)

CARRIED = (
    SubmitLink,
    Receipt,
    Draft,
    Question,
    ReferralFile,
    BulkSubmission,
    PrivacyNotice,
    PrivacyEntry,
)


@on_merge
def carry_captured(merge: Merge) -> None:
    """Give what the duplicate brought to the partner that stays; what was signed stays as it was."""
    for model in CARRIED:
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
