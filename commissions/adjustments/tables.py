"""Lists of debts, write-offs, rates and conversions."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commissions.adjustments.models import Conversion, WriteOff, WriteOffState
from commissions.adjustments.selectors import Debt
from prm.web.formats import day_text, money_text
from prm.web.tables import BadgeColumn, Column, DayColumn, MoneyColumn, Table, ident, two_lines

WRITE_OFF_TONES: dict[str, str] = {
    WriteOffState.ASKED: "warn",
    WriteOffState.APPROVED: "ok",
    WriteOffState.REFUSED: "",
}


def rate_text(rate: Any) -> str:
    """Return a rate without needless noughts."""
    plain = f"{rate.normalize():f}"
    return plain if "." in plain else f"{plain}.0"


def _button(label: Any, url: str, about: str) -> SafeString:
    """Return a small link that looks like a button; `about` tells it from those of the other rows."""
    return format_html(
        '<a class="btn btn--sm" href="{}">{}<span class="vh"> {}</span></a>', url, label, about
    )


class DebtTable(Table):
    """Partners below zero, largest first."""

    caption = _("Partners below zero, largest first")
    name = Column(_("Partner"), row_header=True)
    since = DayColumn(_("Since"), priority=3)
    coming_minor = MoneyColumn(_("On hold"), priority=2)
    debt_minor = MoneyColumn(_("Owes"), css="strong")
    action = Column(_("Action"), empty_values=())

    def __init__(self, rows: Any, *, asked: set[Any], **options: Any) -> None:
        self.asked = asked
        super().__init__(rows, **options)

    def render_name(self, record: Debt) -> SafeString:
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.name, url, sub=record.currency, mark=False)

    def render_action(self, record: Debt) -> SafeString | str:
        if (record.partner_id, record.currency) in self.asked:
            return ""
        where = {"partner_id": record.partner_id, "currency": record.currency}
        return _button(
            _("Ask to write off"), reverse("commissions:write-off-new", kwargs=where), record.name
        )


class WriteOffTable(Table):
    """Write-offs that were decided, newest first."""

    caption = _("Write-offs, newest first")
    partner = Column(_("Partner"), row_header=True)
    asked_by = Column(_("Asked by"), priority=3)
    decided_by = Column(_("Decided by"), priority=3, empty_values=())
    decided_at = DayColumn(_("On"), priority=2)
    amount_minor = MoneyColumn(_("Amount"))
    state = BadgeColumn(_("State"), tones=WRITE_OFF_TONES, labels=dict(WriteOffState.choices))

    def render_partner(self, record: WriteOff) -> SafeString:
        return two_lines(record.partner.name, record.answer or record.reason)

    def render_asked_by(self, record: WriteOff) -> str:
        return record.asked_by.get_full_name() if record.asked_by else ""

    def render_decided_by(self, record: WriteOff) -> str:
        return record.decided_by.get_full_name() if record.decided_by else ""


class RateTable(Table):
    """Exchange rates, newest day first."""

    caption = _("Exchange rates, newest day first")
    pair = Column(_("Currencies"), row_header=True, empty_values=())
    rated_on = DayColumn(_("Day"))
    rate = Column(_("Rate"), end=True)
    source = Column(_("Source"), priority=2)
    entered_by = Column(_("Entered by"), priority=3)

    def render_pair(self, record: Any) -> str:
        return f"{record.from_currency} → {record.to_currency}"

    def render_rate(self, record: Any) -> str:
        return rate_text(record.rate)

    def render_entered_by(self, record: Any) -> str:
        return record.entered_by.get_full_name() if record.entered_by else ""


class PayableTable(Table):
    """What could be converted: payable to a partner in another currency than the vendor's."""

    caption = _("Payable to partners who are paid in several currencies, largest first")
    name = Column(_("Partner"), row_header=True)
    payable_minor = MoneyColumn(_("Payable"), css="strong")
    action = Column(_("Action"), empty_values=())

    def render_name(self, record: Any) -> SafeString:
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.partner_id})
        return ident(record.name, url, sub=record.currency, mark=False)

    def render_action(self, record: Any) -> SafeString:
        where = {"partner_id": record.partner_id, "currency": record.currency}
        return _button(
            _("Convert"), reverse("commissions:conversion-new", kwargs=where), record.name
        )


class ConversionTable(Table):
    """Conversions, newest first."""

    caption = _("Conversions, newest first")
    partner = Column(_("Partner"), row_header=True)
    booked_at = DayColumn(_("On"), priority=2)
    rate = Column(_("Rate"), end=True, priority=2)
    amounts = Column(_("Converted"), end=True, empty_values=())

    def render_partner(self, record: Conversion) -> SafeString:
        return two_lines(record.partner.name, record.reason)

    def render_rate(self, record: Conversion) -> SafeString:
        day = day_text(record.rated_on, "medium")
        return two_lines(rate_text(record.rate), f"{record.source}, {day}")

    def render_amounts(self, record: Conversion) -> str:
        before = money_text(record.from_minor, record.from_currency, sign="code")
        return f"{before} → {money_text(record.to_minor, record.to_currency, sign='code')}"
