"""The rows behind a figure."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.web.tables import BadgeColumn, Column, DayColumn, MoneyColumn, Table, ident
from referrals.pipeline.models import StageKind
from referrals.revenue.models import REVERSAL_KINDS, RevenueEvent, RevenueKind

STAGE_TONES = {"won": "ok", "lost": "", "rejected": "", "expired": "", "submitted": "info"}


class ReferralRows(Table):
    """Referrals that a figure counts."""

    caption = _("Referrals behind this figure, newest first")
    company = Column(_("Company"), row_header=True)
    partner = Column(_("Partner"), accessor="partner__name", priority=2)
    stage_kind = BadgeColumn(
        _("Stage"), tones=STAGE_TONES, labels=dict(StageKind.choices), priority=2
    )
    registered_at = DayColumn(_("Registered"), priority=3)
    closed_at = DayColumn(_("Closed"), priority=3)
    deal_minor = MoneyColumn(_("Value"))

    def render_company(self, record: Any) -> Any:
        url = reverse("referrals:manage-referral-detail", kwargs={"referral_id": record.id})
        return ident(
            record.company,
            url,
            sub=record.number,
            hue=record.id,
            narrow=f"{record.partner.name}, {record.stage.label}",
        )


class RevenueRows(Table):
    """Revenue events that a figure sums."""

    caption = _("Revenue behind this figure, newest first")
    customer = Column(_("Customer"), row_header=True)
    kind = BadgeColumn(
        _("Kind"),
        tones={"refund": "warn", "chargeback": "bad"},
        labels=dict(RevenueKind.choices),
        priority=2,
    )
    reference = Column(_("Reference"), priority=3)
    booked_on = DayColumn(_("Booked"), priority=2)
    amount_minor = MoneyColumn(_("Amount"), accessor="signed_minor")

    def render_customer(self, record: Any) -> Any:
        url = reverse(
            "referrals:manage-referral-detail", kwargs={"referral_id": record.referral_id}
        )
        return ident(record.customer.name, url, hue=record.customer_id)


class PartnerRows(Table):
    """Partners that a figure counts."""

    caption = _("Partners behind this figure, newest first")
    name = Column(_("Partner"), row_header=True)
    country = Column(_("Country"), priority=2)
    created_at = DayColumn(_("Partner since"))

    def render_name(self, record: Any) -> Any:
        return ident(
            record.name,
            reverse("partners:partner-detail", kwargs={"partner_id": record.id}),
            hue=record.id,
        )


def signed(event: RevenueEvent) -> int:
    """Return the event's amount as it enters the sum: refunds and chargebacks count against."""
    return -event.amount_minor if event.kind in REVERSAL_KINDS else event.amount_minor
