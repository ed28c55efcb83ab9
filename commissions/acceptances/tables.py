"""Who accepted a plan version."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import day_text
from prm.web.tables import Column, Html, Table, badge, ident, two_lines


class AcceptanceTable(Table):
    """Partners of a program and whether each accepted a version."""

    caption = _("Partners and their answers, by name")
    partner = Column(_("Partner"), row_header=True)
    accepted = Column(_("Accepted by"), priority=2, accessor="id")
    state = Column(_("State"), accessor="id")

    def render_partner(self, record: Any) -> Html:
        """Name the partner; lead to what it accepted, or to its page."""
        url = (
            reverse("commissions:terms-accepted", args=[record.accepted.id])
            if record.accepted
            else reverse("partners:partner-detail", args=[record.partner_id])
        )
        narrow = record.accepted.signer_name if record.accepted else ""
        return ident(record.partner.name, url, hue=record.partner_id, narrow=narrow)

    def render_accepted(self, record: Any) -> Html:
        """Tell who accepted, and when."""
        if record.accepted is None:
            return "–"
        return two_lines(
            record.accepted.signer_name, day_text(record.accepted.accepted_at, "medium")
        )

    def render_state(self, record: Any) -> Html:
        """Tell whether there is an answer."""
        if record.accepted is None:
            return badge(gettext("Not answered"), "warn")
        return badge(gettext("Accepted"), "ok")
