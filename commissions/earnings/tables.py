"""Lists of rewards."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.earnings.lines import READY, RETURNED, Line
from commissions.plans.wording import reward_name
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident


class EarningsTable(Table):
    """What a partner sees of its rewards."""

    caption = _("Commissions, newest first")
    company = Column(_("For"), row_header=True)
    calculation = Column(_("Calculation"), priority=3, css="muted")
    earned_on = DayColumn(_("Earned"), priority=2, form="short", css="muted nowrap", sort="earned")
    state = Column(_("Status"), priority=2)
    when = Column(_("Expected"), priority=3, css="nowrap")
    amount_minor = MoneyColumn(_("Amount"), css="strong")

    def render_company(self, record: Line) -> SafeString:
        url = reverse("commissions:earning-detail", kwargs={"accrual_id": record.id})
        return ident(record.company, url, sub=record.name, narrow=_narrow(record), mark=False)

    def render_state(self, record: Line) -> SafeString:
        return badge(record.label, record.tone, record.icon)


class OwnRewardsTable(Table):
    """What a partner's person sees of their own rewards; a line leads to the referral, which they sent."""

    caption = _("Your rewards, newest first")
    company = Column(_("For"), row_header=True)
    explanation = Column(_("Calculation"), priority=3, css="muted")
    earned_on = DayColumn(_("Earned"), priority=2, form="short", css="muted nowrap", sort="earned")
    state = Column(_("Status"), priority=2)
    amount_minor = MoneyColumn(_("Amount"), css="strong")

    def render_company(self, record: Line) -> SafeString:
        url = (
            reverse("referrals:referral-detail", kwargs={"referral_id": record.referral_id})
            if record.referral_id
            else ""
        )
        return ident(
            record.company, url, sub=reward_name(record.trace), narrow=_narrow(record), mark=False
        )

    def render_state(self, record: Line) -> SafeString:
        return badge(record.label, record.tone, record.icon)


class AccrualTable(Table):
    """What finance sees of all rewards."""

    caption = _("Commissions of all partners, newest first")
    partner_name = Column(_("Partner"), row_header=True)
    company = Column(_("For"), priority=2)
    calculation = Column(_("Calculation"), priority=3, css="muted")
    earned_on = DayColumn(_("Earned"), priority=2, css="nowrap", sort="earned")
    state = Column(_("Status"), priority=2)
    when = Column(_("Expected"), priority=3, css="nowrap")
    amount_minor = MoneyColumn(_("Amount"), css="strong", sort="amount")

    def render_partner_name(self, record: Line) -> SafeString:
        url = reverse("commissions:accrual-detail", kwargs={"accrual_id": record.id})
        return ident(
            record.partner_name,
            url,
            sub=record.name,
            hue=record.accrual.partner_id,
            narrow=_narrow(record),
        )

    def render_state(self, record: Line) -> SafeString:
        return badge(record.label, record.tone, record.icon)


def _narrow(record: Line) -> str:
    """What phones show instead of the hidden columns."""
    if not record.when:
        return record.label
    if record.state in {READY, RETURNED}:
        return gettext("%(state)s for the next payout") % {"state": record.label}
    return gettext("%(state)s, %(day)s") % {"state": record.label, "day": record.when}
