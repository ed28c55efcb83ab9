"""What people are told about choices."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind(
    "reward.chosen",
    label=_("Your company takes its rewards in another way"),
    audience=PARTNER,
    mandatory=True,
)
def chosen(facts: dict[str, Any]) -> str:
    """Name the program and what is taken from when on."""
    if facts.get("by_vendor"):
        return gettext("%(program)s pays you money again from %(day)s") % facts
    if facts.get("kind") == "cash":
        return gettext("You take money in %(program)s from %(day)s") % facts
    return gettext("You take something else than money in %(program)s from %(day)s") % facts
