"""The register of rewards that are not money, and the catalogue."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from commissions.gifts.rules import CODED
from commissions.gifts.selectors import Stock
from commissions.gifts.wording import TONES, kind_text, state_text
from prm.web.formats import day_text, number_text
from prm.web.tables import (
    Column,
    DayColumn,
    Html,
    MoneyColumn,
    NumberColumn,
    Table,
    badge,
    ident,
    two_lines,
)


class AwardTable(Table):
    """Rewards given, newest first."""

    caption = _("Rewards, newest first")
    partner = Column(_("Partner"), row_header=True)
    title = Column(_("Reward"), priority=2)
    awarded_on = DayColumn(_("Given"), priority=2)
    cost_minor = MoneyColumn(_("Cost"), priority=2)
    state = Column(_("State"))

    def render_partner(self, record: Any) -> Html:
        """Name the partner; lead to the reward."""
        return ident(
            record.partner.name,
            reverse("commissions:gift-award", args=[record.id]),
            sub=record.person.name if record.person else record.program.name,
            hue=record.partner_id,
            narrow=record.title,
        )

    def render_title(self, record: Any) -> Html:
        """Name the reward and its kind."""
        return two_lines(record.title, kind_text(record.kind))

    def render_state(self, record: Any) -> Html:
        """Tell where it stands."""
        return badge(state_text(record), TONES[record.state])


class GiftTable(Table):
    """What programs offer."""

    caption = _("Catalogue, newest first")
    title = Column(_("Reward"), row_header=True)
    days = Column(_("Offered"), priority=2, accessor="starts_on")
    cost_minor = MoneyColumn(_("Cost of one"), priority=2)
    codes = Column(_("Codes left"), accessor="id", end=True)

    def __init__(self, *args: Any, stocks: Mapping[UUID, Stock], **kwargs: Any) -> None:
        self.stocks = stocks
        super().__init__(*args, **kwargs)

    def render_title(self, record: Any) -> Html:
        """Name the reward; lead to its page."""
        return ident(
            record.title,
            reverse("commissions:gift-detail", args=[record.id]),
            sub=f"{kind_text(record.kind)} · {record.program.name}",
            mark=False,
        )

    def render_days(self, record: Any) -> Html:
        """Tell since when and until when."""
        last = (
            _t("until %(day)s") % {"day": day_text(record.ends_on, "medium")}
            if record.ends_on
            else ""
        )
        return two_lines(_t("since %(day)s") % {"day": day_text(record.starts_on, "medium")}, last)

    def render_codes(self, record: Any) -> Html:
        """Tell how many codes are left, and who waits."""
        if record.kind not in CODED:
            return "–"
        stock = self.stocks[record.id]
        waits = _t("%(n)s waiting") % {"n": number_text(stock.waiting)} if stock.waiting else ""
        return two_lines(number_text(stock.free), waits)


class CostTable(Table):
    """Costs by month, program and kind."""

    caption = _("Costs by month, program and kind")
    month = Column(_("Month"), row_header=True)
    program = Column(_("Program"), priority=2)
    kind = Column(_("What it is"), priority=2)
    count = NumberColumn(_("Given"))
    cost_minor = MoneyColumn(_("Cost"))

    def render_month(self, record: Any) -> Html:
        """Name the month."""
        return ident(
            day_text(record.month, "month"),
            mark=False,
            narrow=f"{record.program} · {kind_text(record.kind)}",
        )

    def render_kind(self, record: Any) -> Html:
        """Name the kind."""
        return kind_text(record.kind)
