"""What stands around referrals follows their partner through a merge."""

from partners.directory.merging import Merge, on_merge
from referrals.capture.models import (
    BulkSubmission,
    Draft,
    MailAddress,
    MailReceived,
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
    MailAddress,
    MailReceived,
)


@on_merge
def carry_captured(merge: Merge) -> None:
    """Give what the duplicate brought to the partner that stays; what was signed stays as it was."""
    # A person of both has one address for mail; the staying partner's counts.
    own = MailAddress.objects.filter(partner_id=merge.into_id, revoked_at=None)
    MailAddress.objects.filter(
        partner_id=merge.from_id,
        revoked_at=None,
        owner_id__in=list(own.values_list("owner_id", flat=True)),
    ).update(revoked_at=merge.at)
    for model in CARRIED:
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
