"""The register of exceptions."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commissions.overrides.wording import override_words, span_words, state_badge
from prm.web.tables import Column, Html, Table, badge, ident, two_lines


class OverrideTable(Table):
    """Exceptions, newest first."""

    caption = _("Exceptions, newest first")
    partner = Column(_("Partner"), row_header=True)
    terms = Column(_("Instead of the plan"), priority=2, accessor="id")
    asked = Column(_("Asked by"), priority=3, accessor="asked_by")
    state = Column(_("State"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    def render_partner(self, record: Any) -> Html:
        """Name the partner and its program; lead to the exception."""
        return ident(
            record.partner.name,
            reverse("commissions:override-detail", args=[record.id]),
            sub=record.program.name,
            hue=record.partner_id,
            narrow=override_words(record),
        )

    def render_terms(self, record: Any) -> Html:
        """Tell what is different, and when."""
        return two_lines(override_words(record), span_words(record))

    def render_asked(self, record: Any) -> Html:
        """Name who asked."""
        return str(record.asked_by)

    def render_state(self, record: Any) -> Html:
        """Tell where it stands now."""
        return badge(*state_badge(record, self.now))
