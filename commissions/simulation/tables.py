"""Winners and losers of a simulation."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.web.formats import money_text
from prm.web.tables import Column, Html, NumberColumn, Table, ident


class SimulatedPartnerTable(Table):
    """Partners with what they got and would have got."""

    caption = _("Partners by difference")
    partner = Column(_("Partner"), row_header=True)
    old_minor = NumberColumn(_("In force"), priority=2)
    new_minor = NumberColumn(_("As tried"), priority=2)
    difference_minor = NumberColumn(_("Difference"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(*args, **kwargs)

    def render_partner(self, record: Any) -> Html:
        """Name the partner and lead to its page."""
        return ident(
            record.partner.name,
            reverse("partners:partner-detail", args=[record.partner_id]),
            hue=record.partner_id,
        )

    def render_old_minor(self, value: int) -> Html:
        """Show what the partner got."""
        return money_text(value, self.currency)

    def render_new_minor(self, value: int) -> Html:
        """Show what it would have got."""
        return money_text(value, self.currency)

    def render_difference_minor(self, value: int) -> Html:
        """Show the difference with its sign."""
        return money_text(value, self.currency, plus=True)
