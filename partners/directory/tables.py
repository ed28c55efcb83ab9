"""Lists of partners."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from partners.directory.models import PartnerState, PartnerType
from prm.web.choices import country_name
from prm.web.tables import BadgeColumn, Column, Html, NumberColumn, Table, ident

STATE_TONES: dict[str, str] = {
    PartnerState.ACTIVE: "ok",
    PartnerState.PAUSED: "warn",
    PartnerState.ENDED: "",
}


class PartnerTable(Table):
    """Partners of the tenant."""

    caption = _("Partners")
    name = Column(_("Partner"), row_header=True, sort="name")
    state = BadgeColumn(_("State"), tones=STATE_TONES, labels=dict(PartnerState.choices))
    people_count = NumberColumn(_("People"), priority=3)
    open_count = NumberColumn(_("Open referrals"), priority=2)
    won_count = NumberColumn(pgettext_lazy("several referrals", "Won"), priority=2)
    manager = Column(_("Manager"), priority=3)

    def render_name(self, record: Any) -> Html:
        """Name the partner, its type and country, and lead to its page."""
        kind = str(PartnerType(record.type).label)
        sub = f"{kind} · {country_name(record.country)}" if record.country else kind
        narrow = gettext("%(open)s open, %(won)s won") % {
            "open": record.open_count,
            "won": record.won_count,
        }
        url = reverse("partners:partner-detail", kwargs={"partner_id": record.id})
        return ident(record.name, url, sub=sub, hue=record.id, narrow=narrow)
