"""The table of a team's people."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import PARTNER_ROLES, Role
from prm.accounts.selectors import TeamMember
from prm.web.tables import AgoColumn, Column, Table, ident, two_lines


def role_words(roles: Any) -> str:
    """Return the roles' names in the reader's language."""
    return ", ".join(str(Role(role).label) for role in roles)


class PeopleTable(Table):
    """People of one team; the name leads to the page that changes them."""

    caption = _("People by name")
    name = Column(_("Person"), row_header=True)
    roles = Column(_("Role"), priority=2)
    last_seen_at = AgoColumn(_("Last seen"), priority=2)

    def __init__(self, rows: Any, *, edit_url: str, **options: Any) -> None:
        super().__init__(rows, **options)
        self.edit_url = edit_url

    def render_name(self, record: TeamMember) -> Any:
        """Name, address, and what hidden columns say."""
        name = gettext("%(name)s (you)") % {"name": record.name} if record.is_self else record.name
        url = reverse(self.edit_url, kwargs={"membership_id": record.membership_id})
        sub = " · ".join(
            filter(None, [record.email if record.email != record.name else "", record.title])
        )
        return ident(
            name, url, sub=sub, hue=record.user_id, narrow=role_words(record.roles), person=True
        )

    def render_roles(self, record: TeamMember) -> Any:
        """Roles, and below them what a partner's person sees."""
        if not set(record.roles) <= set(PARTNER_ROLES):
            return role_words(record.roles)
        seen = [
            gettext("all referrals") if record.sees_all_referrals else gettext("own referrals"),
            gettext("earnings") if record.sees_earnings else "",
        ]
        return two_lines(
            role_words(record.roles),
            gettext("Sees %(what)s") % {"what": ", ".join(filter(None, seen))},
        )
