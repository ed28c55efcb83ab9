"""Lists of what was lost."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.tables import Column, DayColumn, Table, ident


class LostTable(Table):
    """Deals that were lost, the latest first, with the reason counted and what the partner read."""

    caption = _("Lost deals, latest first")
    company = Column(_("Company"), row_header=True)
    partner = Column(_("Partner"), priority=2, accessor="partner__name")
    reason = Column(_("Reason"), accessor="loss")
    told = Column(_("The partner read"), priority=3, css="muted")
    lost = DayColumn(_("Lost"), sort="lost", accessor="closed_at")

    def render_company(self, record: Any) -> SafeString:
        return ident(
            record.company,
            reverse("referrals:manage-referral-detail", kwargs={"referral_id": record.id}),
            sub=record.number,
            hue=record.id,
            narrow=record.partner.name,
        )

    def render_reason(self, record: Any) -> str:
        return record.loss or gettext("Without a reason")
