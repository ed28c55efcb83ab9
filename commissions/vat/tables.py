"""Lists of invoices and self-billing notes."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commissions.vat.models import InvoiceState, PartnerInvoice, SelfBill, StatusState, VatStatus
from commissions.vat.wording import INVOICE_TONES, STATUS_TONES, vat_words
from prm.web.formats import money_text
from prm.web.tables import BadgeColumn, Column, DayColumn, MoneyColumn, Table, ident


class InvoiceTable(Table):
    """Invoices that partners sent, for finance."""

    caption = _("Invoices that partners sent")
    partner = Column(_("Partner"), row_header=True)
    number = Column(_("Invoice"), priority=3)
    sent_at = DayColumn(_("Sent"), priority=3, form="short", sort="sent")
    net_minor = MoneyColumn(_("Net"), priority=2)
    vat_minor = MoneyColumn(_("VAT"), priority=2)
    gross_minor = MoneyColumn(_("Gross"), css="strong")
    state = BadgeColumn(
        _("State"), tones=INVOICE_TONES, labels=dict(InvoiceState.choices), priority=2
    )

    def render_partner(self, record: PartnerInvoice) -> SafeString:
        url = reverse("commissions:invoice-check", kwargs={"invoice_id": record.id})
        return ident(record.partner.name, url, narrow=record.number, hue=record.partner_id)


class NumberTable(Table):
    """VAT numbers that partners said, for finance."""

    caption = _("VAT numbers that partners said")
    partner = Column(_("Partner"), row_header=True)
    masked = Column(_("VAT number"), priority=3)
    said_at = DayColumn(_("Said"), priority=3, form="short", sort="sent")
    state = BadgeColumn(_("State"), tones=STATUS_TONES, labels=dict(StatusState.choices))

    def render_partner(self, record: VatStatus) -> SafeString:
        url = reverse("commissions:vat-number", kwargs={"status_id": record.id})
        return ident(record.partner.name, url, narrow=record.masked, hue=record.partner_id)


class BillTable(Table):
    """Self-billing notes; a partner sees its own."""

    caption = _("Self-billing notes, newest first")
    number = Column(_("Note"), row_header=True)
    issued_on = DayColumn(_("Issued"), priority=3, form="medium")
    net_minor = MoneyColumn(_("Net"), priority=2)
    vat_minor = Column(_("VAT"), end=True, priority=2)
    gross_minor = MoneyColumn(_("Gross"), css="strong")

    def __init__(self, *args: object, with_partner: bool, **options: object) -> None:
        self.with_partner = with_partner
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def render_number(self, record: SelfBill) -> SafeString:
        url = reverse("commissions:self-bill", kwargs={"bill_id": record.id})
        sub = record.partner.name if self.with_partner else ""
        return ident(record.number, url, sub=sub, mark=False)

    def render_vat_minor(self, record: SelfBill) -> str:
        if record.vat_minor:
            return money_text(record.vat_minor, record.currency)
        return vat_words(record.treatment, record.rate)
