"""Lists of what came in."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from prm.web.tables import Column, DayColumn, Table, ident
from referrals.pipeline.models import Referral
from referrals.pipeline.tables import sender_name


class HistoryTable(Table):
    """What an import took in as history and nobody answered."""

    caption = _("Imported history that nobody answered, newest first")
    company = Column(_("Company"), row_header=True)
    partner = Column(_("Partner"), priority=2, accessor="partner__name")
    sender = Column(_("Sent by"), priority=3, css="muted", accessor="number")
    sent = DayColumn(_("Sent"), sort="sent", accessor="registered_at")

    def pick_label(self, record: Referral) -> str:
        return record.company

    def render_company(self, record: Referral) -> SafeString:
        return ident(
            record.company,
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": record.id}),
            sub=record.number,
            hue=record.id,
            narrow=record.partner.name,
        )

    def render_sender(self, record: Referral) -> str:
        return sender_name(record)
