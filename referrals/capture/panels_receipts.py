"""The receipt on a referral's page, and what receipts and links are called in the audit trail."""

from collections.abc import Sequence

from django.urls import reverse

from prm.accounts.members import Member
from prm.audit.subjects import Named, names
from referrals.capture.models import MailAddress, Receipt, SubmitLink
from referrals.pipeline.models import Referral
from referrals.pipeline.panels import Panel, adds, fills


@adds("referral.aside", order=80)
def receipt_section(referral: Referral, _member: Member) -> Panel | None:
    """Lead to the receipt; what an import brought has none."""
    receipt = Receipt.objects.filter(referral_id=referral.id).first()
    if receipt is None:
        return None
    url = reverse("referrals:receipt", kwargs={"referral_id": referral.id})
    return Panel("referrals/capture/receipt_section.html", {"receipt": receipt, "url": url})


@fills("referral.proof")
def receipt_number(referral: Referral) -> str:
    """Return the number that the mail of a submission names."""
    found = Receipt.objects.filter(referral_id=referral.id).values_list("number", flat=True)
    return found.first() or ""


@names("receipt")
def receipt_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return the receipts' numbers."""
    rows = Receipt.objects.filter(id__in=ids).values_list("id", "number", "referral_id")
    return {
        str(key): Named(number, reverse("referrals:receipt", kwargs={"referral_id": referral_id}))
        for key, number, referral_id in rows
    }


@names("submit_link")
def submit_link_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return for whom the links were made."""
    rows = SubmitLink.objects.filter(id__in=ids).values_list("id", "person_name", "partner_id")
    return {
        str(key): Named(
            name, reverse("referrals:manage-submit-links", kwargs={"partner_id": partner_id})
        )
        for key, name, partner_id in rows
    }


@names("mail_address")
def mail_address_names(ids: Sequence[str]) -> dict[str, Named]:
    """Return whose the addresses are; never an address itself."""
    rows = MailAddress.objects.filter(id__in=ids).select_related("owner")
    return {str(row.id): Named(str(row.owner)) for row in rows}
