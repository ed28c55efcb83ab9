"""Links, pages, codes, reviews and what they brought follow a partner through a merge."""

from django.db import transaction

from partners.directory.merging import Merge, on_merge
from referrals.sharing.models import (
    Click,
    ClickCount,
    ClickInbox,
    Coupon,
    LandingPage,
    Lead,
    Link,
    PageState,
    PartnerReview,
)
from referrals.sharing.targets import forget_targets

CARRIED = (Link, Coupon, PartnerReview, Lead, ClickInbox, Click, ClickCount)


@on_merge
def carry_shared(merge: Merge) -> None:
    """Give what the duplicate shared to the partner that stays, so that addresses and codes out there keep working.

    Where both have a page in one program, the staying partner's counts and the duplicate's is taken down.
    """
    for model in CARRIED:
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    pages = LandingPage.objects.filter(partner_id=merge.from_id)
    kept = LandingPage.objects.filter(partner_id=merge.into_id).values("program_id")
    pages.filter(program_id__in=list(kept.values_list("program_id", flat=True))).update(
        state=PageState.OFF
    )
    pages.exclude(program_id__in=list(kept.values_list("program_id", flat=True))).update(
        partner_id=merge.into_id
    )
    transaction.on_commit(forget_targets)
