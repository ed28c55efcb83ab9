"""Lists of statements."""

from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from commissions.statements.models import Statement
from prm.web.formats import day_text, money_text
from prm.web.tables import Column, DayColumn, MoneyColumn, Table, ident


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
        return ident(
            record.number, _address(record), sub=record.currency, narrow=narrow, mark=False
        )


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

    def render_partner(self, record: Any) -> SafeString:
        narrow = f"{record.number}, {money_text(record.earned_minor, record.currency)}"
        return ident(
            record.partner.name,
            _address(record),
            hue=record.partner_id,
            sub=record.currency,
            narrow=narrow,
        )
