"""Lists of agreements."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.formats import day_text
from prm.web.tables import Column, Html, Table, badge, ident, two_lines


class SignatureTable(Table):
    """Partners of a program and what each has signed."""

    caption = _("Partners and what they have signed, by name")
    partner = Column(_("Partner"), row_header=True)
    signed = Column(_("Signed"), priority=2)
    state = Column(_("State"))

    def __init__(self, *args: Any, newest: int, **kwargs: Any) -> None:
        self.newest = newest
        super().__init__(*args, **kwargs)

    def render_partner(self, record: Any) -> Html:
        """Name the partner; lead to what it signed, or to its page."""
        url = (
            reverse("partners:agreement-signed", args=[record.accepted.id])
            if record.accepted
            else reverse("partners:partner-detail", args=[record.partner_id])
        )
        narrow = self._who(record)
        return ident(record.partner.name, url, hue=record.partner_id, narrow=narrow)

    def render_signed(self, record: Any) -> Html:
        """Tell who signed which version and when."""
        if record.accepted is None:
            return "–"
        return two_lines(self._who(record), day_text(record.accepted.accepted_at, "medium"))

    def render_state(self, record: Any) -> Html:
        """Tell whether the newest version is signed."""
        if record.accepted is None:
            return badge(gettext("Not signed"), "bad")
        if record.accepted.version.number < self.newest:
            return badge(
                gettext("Version %(number)s") % {"number": record.accepted.version.number}, "warn"
            )
        return badge(gettext("Signed"), "ok")

    def _who(self, record: Any) -> str:
        if record.accepted is None:
            return gettext("Nobody has signed")
        return gettext("%(person)s, version %(number)s") % {
            "person": record.accepted.signer_name,
            "number": record.accepted.version.number,
        }
