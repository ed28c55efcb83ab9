"""What claims hold of a person who is erased: evidence, company names typed, keys made of a mailbox."""

from django.db.models import Q

from prm.uploads.services import remove_upload
from referrals.claims.models import (
    AvailabilityCheck,
    Claim,
    ClaimExtension,
    ClaimKey,
    SameCompany,
    SoftHold,
)
from referrals.pipeline.erasing import Erasure, erases, rewrite


@erases("claims")
def forget_in_claims(erasure: Erasure) -> int:
    """Put the pseudonym into texts; a key made of the mailbox becomes one of the pseudonym, so the claim stays one.

    Files that show the work go whole.
    """
    claims = list(Claim.objects.filter(referral_id__in=erasure.referral_ids))
    count = sum(rewrite(row, ("account_key",), erasure) for row in claims)
    for model, fields in (
        (ClaimKey, ("key",)),
        (ClaimExtension, ("evidence", "answer")),
    ):
        rows = model.objects.filter(claim_id__in=[row.id for row in claims])
        count += sum(rewrite(row, fields, erasure) for row in rows)
    ids = erasure.referral_ids
    files = ClaimExtension.objects.filter(
        claim_id__in=[row.id for row in claims], upload_id__isnull=False
    )
    for upload_id in files.values_list("upload_id", flat=True):
        if upload_id:
            remove_upload(upload_id=upload_id, actor=erasure.actor, at=erasure.at)
    count += files.update(upload_id=None)
    pairs = SameCompany.objects.filter(Q(referral_id__in=ids) | Q(other_id__in=ids))
    count += sum(rewrite(pair, ("reason",), erasure) for pair in pairs)
    key = f"email:{erasure.email}"
    asked = AvailabilityCheck.objects.filter(account_key=key)
    held = SoftHold.objects.filter(account_key=key)
    return count + asked.delete()[0] + held.delete()[0]
