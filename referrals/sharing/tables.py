"""Lists of links."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from prm.web.tables import BadgeColumn, Column, NumberColumn, Table, ident
from referrals.sharing.selectors import LinkLine


class LinkTable(Table):
    """A partner's links, newest first, with what they brought in the period."""

    caption = _("Links, newest first")
    name = Column(_("Link"), row_header=True)
    channel = Column(_("Channel"), priority=2)
    campaign = Column(_("Campaign"), priority=3)
    state = BadgeColumn(
        _("State"),
        priority=2,
        tones={"live": "ok"},
        labels={"ended": _("Ended"), "live": _("Live")},
    )
    clicks = NumberColumn(_("Clicks"))
    leads = NumberColumn(_("Leads"))
    won = NumberColumn(_("Won"))

    def render_name(self, record: LinkLine) -> SafeString:
        return ident(
            record.name,
            reverse("referrals:link-edit", kwargs={"link_id": record.id}),
            sub=f"/r/{record.slug}/",
            narrow=record.channel,
            mark=False,
        )
