"""The receipt on a referral's page."""

from django.urls import reverse

from prm.accounts.members import Member
from referrals.capture.models import Receipt
from referrals.pipeline.models import Referral
from referrals.pipeline.panels import Panel, adds


@adds("referral.aside", order=80)
def receipt_section(referral: Referral, _member: Member) -> Panel | None:
    """Lead to the receipt; what an import brought has none."""
    receipt = Receipt.objects.filter(referral_id=referral.id).first()
    if receipt is None:
        return None
    url = reverse("referrals:receipt", kwargs={"referral_id": referral.id})
    return Panel("referrals/capture/receipt_section.html", {"receipt": receipt, "url": url})
