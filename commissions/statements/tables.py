"""Lists of statements."""

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from commissions.statements.dispute_pages import TONES, LineRow, state_words
from commissions.statements.models import Dispute, DisputeState, Statement
from commissions.statements.papers import title_of
from prm.web.formats import day_text, money_text
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, badge, ident, two_lines


def _address(statement: Statement) -> str:
    return reverse("commissions:statement-detail", kwargs={"statement_id": statement.id})


class PartnerStatementTable(Table):
    """What a partner's people see."""

    caption = _("Statements, newest first")
    number = Column(_("Statement"), row_header=True)
    period_end = DayColumn(_("Up to"), priority=2)
    earned_minor = MoneyColumn(_("Earned"), priority=2)
    paid_minor = MoneyColumn(_("Paid"), priority=2)
    closing_minor = MoneyColumn(_("Closing balance"))

    def render_number(self, record: Any) -> SafeString:
        narrow = day_text(record.period_end, "medium")
        named = ident(
            record.number, _address(record), sub=record.currency, narrow=narrow, mark=False
        )
        if record.first_seen_at:
            return named
        return format_html("{} {}", named, badge(pgettext("statement", "New"), "info"))


class StatementTable(Table):
    """What finance sees."""

    caption = _("Statements, newest first")
    partner = Column(_("Partner"), row_header=True)
    number = Column(_("Statement"), priority=2)
    period_end = DayColumn(_("Up to"), priority=3)
    line_count = Column(_("Lines"), end=True, priority=3)
    earned_minor = MoneyColumn(_("Earned"), priority=2)
    paid_minor = MoneyColumn(_("Paid"), priority=3)
    closing_minor = MoneyColumn(_("Closing balance"))
    first_seen_at = Column(_("Seen by partner"), empty_values=(), priority=2)

    def render_first_seen_at(self, record: Any) -> SafeString:
        """Say what is known: not yet, seen on a day, or confirmed on a day."""
        if record.confirmed_at:
            return two_lines(gettext("Confirmed"), day_text(record.confirmed_at, "medium"))
        if record.first_seen_at:
            return two_lines(gettext("Seen"), day_text(record.first_seen_at, "medium"))
        return badge(gettext("Not yet seen"))

    def render_partner(self, record: Any) -> SafeString:
        return ident(
            record.partner.name,
            _address(record),
            hue=record.partner_id,
            sub=record.currency,
            narrow=_on_phones(record),
        )


def _on_phones(record: Any) -> str:
    """Return what finance sees of a statement where its columns have no room."""
    facts = {
        "number": record.number,
        "amount": money_text(record.earned_minor, record.currency),
        "day": day_text(record.confirmed_at or record.first_seen_at, "medium")
        if record.first_seen_at
        else "",
    }
    if record.confirmed_at:
        return gettext("%(number)s, %(amount)s earned, confirmed on %(day)s") % facts
    if record.first_seen_at:
        return gettext("%(number)s, %(amount)s earned, seen on %(day)s") % facts
    return gettext("%(number)s, %(amount)s earned, not yet seen") % facts


class LineTable(Table):
    """A statement's lines; a partner may disagree with each."""

    caption = _("Lines of the statement")
    title = Column(_("Line"), row_header=True)
    booked_on = DayColumn(_("Date"), priority=2, form="short")
    amount_minor = MoneyColumn(_("Amount"))
    dispute = Column(_("Dispute"), empty_values=())

    def render_title(self, record: LineRow) -> SafeString:
        return two_lines(record.title, record.below)

    def render_dispute(self, record: LineRow) -> SafeString:
        if record.dispute:
            url = reverse("commissions:dispute-detail", kwargs={"dispute_id": record.dispute.id})
            state = record.dispute.state
            shown = badge(state_words(state), TONES[DisputeState(state)])
            return format_html('<a href="{}">{}</a>', url, shown)
        if not record.may_dispute:
            return SafeString("")
        url = reverse("commissions:line-dispute", kwargs={"line_id": record.id})
        about = gettext("Dispute %(line)s") % {"line": record.title}
        return format_html('<a href="{}" aria-label="{}">{}</a>', url, about, gettext("Dispute"))


class DisputeTable(Table):
    """Disputes of all partners."""

    caption = _("Disputed lines")
    partner = Column(_("Partner"), row_header=True)
    line = Column(_("Line"), priority=2)
    opened_at = DayColumn(_("Disputed"), priority=3, form="short", sort="opened")
    state = Column(_("State"))
    amount = MoneyColumn(_("Amount"), accessor="line.amount_minor", priority=2)

    def render_partner(self, record: Dispute) -> SafeString:
        url = reverse("commissions:dispute-detail", kwargs={"dispute_id": record.id})
        narrow = f"{title_of(record.line)}, {money_text(record.line.amount_minor, record.currency)}"
        return ident(
            record.partner.name,
            url,
            sub=record.line.statement.number,
            narrow=narrow,
            hue=record.partner_id,
        )

    def render_line(self, record: Dispute) -> SafeString:
        return two_lines(title_of(record.line), record.reason[:80])

    def render_state(self, record: Dispute) -> SafeString:
        return badge(state_words(record.state), TONES[DisputeState(record.state)])
