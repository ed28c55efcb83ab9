"""Lists of rewards that wait for a budget."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commissions.accruals.waiting import Waiting
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident


class WaitingTable(Table):
    """What waits, in the order in which it will be booked; staff see whose it is."""

    caption = _("Rewards that wait for the budget, first come first")
    company = Column(_("For"), row_header=True)
    calculation = Column(_("Calculation"), priority=3, css="muted")
    earned_at = DayColumn(_("Earned"), priority=2, form="short", css="nowrap")
    state = Column(_("Status"), priority=2, empty_values=())
    amount_minor = MoneyColumn(_("Amount"), css="strong")

    def __init__(self, rows: Any, *, staff: bool = False, **options: Any) -> None:
        self.staff = staff
        super().__init__(rows, **options)

    def render_company(self, record: Waiting) -> SafeString:
        url = reverse("referrals:referral-detail", kwargs={"referral_id": record.referral_id})
        words = _("Waiting for budget")
        if not self.staff:
            return ident(record.company, url, narrow=words, mark=False)
        sub = f"{record.partner}, {record.program}"
        return ident(record.company, url, sub=sub, narrow=words, mark=False)

    def render_state(self, record: Waiting) -> SafeString:
        return badge(_("Waiting for budget"), "warn", "clock")
