"""What a partner said about VAT, and its invoices, follow it through a merge."""

from commissions.vat.invoicing import OPEN
from commissions.vat.models import InvoiceState, PartnerInvoice, SelfBilling, VatStatus
from partners.directory.merging import Merge, on_merge


@on_merge
def carry_vat(merge: Merge) -> None:
    """Give what the duplicate said, agreed to and sent to the partner that stays, whose own word counts.

    An invoice that waits is withdrawn: the balance that it was for has become part of another. One with a number that
    the staying partner used too stays where it is.
    """
    said = VatStatus.objects.filter(partner_id=merge.from_id, replaced_at=None)
    agreed = SelfBilling.objects.filter(partner_id=merge.from_id, ended_at=None)
    has_said = VatStatus.objects.filter(partner_id=merge.into_id, replaced_at=None).exists()
    has_agreed = SelfBilling.objects.filter(partner_id=merge.into_id, ended_at=None).exists()
    if has_said:
        said.update(replaced_at=merge.at)
    if has_said or has_agreed:
        # Agreed for the number that goes on the notes, and that is the other's.
        agreed.update(ended_at=merge.at)
    for model in (VatStatus, SelfBilling):
        model.objects.filter(partner_id=merge.from_id).update(partner_id=merge.into_id)
    invoices = PartnerInvoice.objects.filter(partner_id=merge.from_id)
    invoices.filter(state__in=OPEN, payout_id=None).update(state=InvoiceState.WITHDRAWN)
    used = PartnerInvoice.objects.filter(partner_id=merge.into_id, state__in=OPEN)
    invoices.exclude(state__in=OPEN, number__in=used.values("number")).update(
        partner_id=merge.into_id
    )
