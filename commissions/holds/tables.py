"""Lists of holds: rewards that may be asked for, and requests."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import Accrual
from commissions.holds.models import EarlyRelease, RequestState
from prm.web.formats import day_text
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident, two_lines

STATE_WORDS = {
    RequestState.WAITING: _("Waiting"),
    RequestState.APPROVED: _("Released"),
    RequestState.REFUSED: _("Refused"),
}
STATE_TONES = {
    RequestState.WAITING: "warn",
    RequestState.APPROVED: "ok",
    RequestState.REFUSED: "",
}


class HoldTable(Table):
    """Rewards on hold, those that end last first."""

    caption = _("Commissions on hold, the next to end first")
    partner = Column(_("Partner"), row_header=True)
    earned_on = DayColumn(_("Earned"), priority=3, form="short")
    payable_at = DayColumn(_("Hold ends"), priority=2, form="short", sort="ends")
    left_minor = MoneyColumn(_("Amount"), css="strong", sort="amount")

    def __init__(self, rows: Any, *, titles: Mapping[int, str], **options: Any) -> None:
        self.titles = titles
        super().__init__(rows, **options)

    def render_partner(self, record: Accrual) -> SafeString:
        url = reverse("commissions:accrual-detail", kwargs={"accrual_id": record.id})
        ends = gettext("Hold ends %(day)s") % {"day": day_text(record.payable_at, "medium")}
        what = self.titles.get(record.id, "")
        return ident(record.partner.name, url, sub=what, narrow=ends, hue=record.partner_id)

    def pick_label(self, record: Accrual) -> str:
        return gettext("Select the commission of %(name)s") % {"name": record.partner.name}


class RequestTable(Table):
    """Requests to end a hold early."""

    caption = _("Requests to end a hold early")
    partner = Column(_("Partner"), row_header=True)
    asked_by = Column(_("Asked by"), priority=3, empty_values=())
    payable_at = DayColumn(_("Hold ends"), accessor="accrual.payable_at", priority=3, form="short")
    state = Column(_("State"), priority=2)
    amount_minor = MoneyColumn(_("Amount"), css="strong")

    def __init__(
        self, rows: Any, *, own: int | None, titles: Mapping[int, str], **options: Any
    ) -> None:
        self.own, self.titles = own, titles
        super().__init__(rows, **options)

    def _pick_cell(self, record: Any) -> str:
        """Offer only what this person may decide."""
        return "<td></td>" if record.asked_by_id == self.own else super()._pick_cell(record)

    def pick_label(self, record: EarlyRelease) -> str:
        return gettext("Select the request for %(name)s") % {"name": record.partner.name}

    def render_partner(self, record: EarlyRelease) -> SafeString:
        url = reverse("commissions:accrual-detail", kwargs={"accrual_id": record.accrual_id})
        return ident(
            record.partner.name,
            url,
            sub=": ".join(filter(None, [self.titles.get(record.accrual_id, ""), record.reason])),
            narrow=self._asked(record),
            hue=record.partner_id,
        )

    def render_asked_by(self, record: EarlyRelease) -> str:
        return self._asked(record)

    def render_state(self, record: EarlyRelease) -> SafeString:
        state = RequestState(record.state)
        who = record.decided_by.get_full_name() if record.decided_by else ""
        words = who
        if state == RequestState.WAITING and record.asked_by_id == self.own:
            words = gettext("Another person decides")
        elif state == RequestState.APPROVED and not who:
            words = gettext("Below the limit")
        return two_lines(badge(str(STATE_WORDS[state]), STATE_TONES[state]), words)

    def _asked(self, record: EarlyRelease) -> str:
        who = record.asked_by.get_full_name() if record.asked_by else gettext("The system")
        return gettext("%(name)s, %(day)s") % {
            "name": who,
            "day": day_text(record.asked_at, "short"),
        }
