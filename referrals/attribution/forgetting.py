"""What attribution holds of a person who is erased: company names in views, words of cases, keys made of a mailbox."""

from django.db.models import Q

from referrals.attribution.models import (
    CaseEntry,
    CaseParty,
    Credit,
    Decision,
    Hold,
    Reattribution,
    Touch,
)
from referrals.pipeline.erasing import Erasure, erases, rewrite
from referrals.pipeline.models import Referral


@erases("attribution")
def forget_in_attribution(erasure: Erasure) -> int:
    """Put the pseudonym into every text about the person's referrals; who is credited stays as it was."""
    count = 0
    for model, fields in (
        (Touch, ("account_key",)),
        (Credit, ("company", "reason")),
        (Reattribution, ("company", "reason")),
        (Decision, ("reason",)),
        (Hold, ("note", "reason")),
    ):
        rows = model.objects.filter(referral_id__in=erasure.referral_ids)
        count += sum(rewrite(row, fields, erasure) for row in rows)
    declined = Referral.objects.filter(id__in=erasure.referral_ids, declined_at__isnull=False)
    count += sum(rewrite(row, ("declined_reason",), erasure) for row in declined)
    # A case names the company to every party, also to one whose own referral is another person's.
    about = Q(case__referral_id__in=erasure.referral_ids)
    about |= Q(case__subject_id__in=erasure.referral_ids)
    parties = CaseParty.objects.filter(about)
    count += sum(rewrite(row, ("company", "words"), erasure) for row in parties)
    entries = CaseEntry.objects.filter(about)
    return count + sum(rewrite(row, ("text",), erasure) for row in entries)
