"""What attribution holds of a person who is erased: company names in views, words of cases, keys made of a mailbox."""

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
        (CaseParty, ("company", "words")),
    ):
        rows = model.objects.filter(referral_id__in=erasure.referral_ids)
        count += sum(rewrite(row, fields, erasure) for row in rows)
    entries = CaseEntry.objects.filter(case__referral_id__in=erasure.referral_ids)
    return count + sum(rewrite(row, ("text",), erasure) for row in entries)
