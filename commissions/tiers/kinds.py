"""What partners are told about their tier."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind("tier.reached", label=_("You reach a higher tier"), audience=PARTNER)
def reached(facts: dict[str, Any]) -> str:
    """Name the new tier."""
    return gettext("You are now %(tier)s in %(program)s") % facts


@kind("tier.lost", label=_("Your tier changes"), audience=PARTNER, mandatory=True)
def lost(facts: dict[str, Any]) -> str:
    """Name the tier that counts from now on."""
    return gettext("Your tier in %(program)s is now %(tier)s") % facts


@kind("tier.notice", label=_("Your tier is at risk"), audience=PARTNER, mandatory=True)
def notice(facts: dict[str, Any]) -> str:
    """Name the tier and the day, or say that the warning is gone."""
    if facts.get("withdrawn"):
        return gettext("You keep your tier %(tier)s in %(program)s") % facts
    return gettext("Keep your tier %(tier)s in %(program)s: it counts until %(day)s") % facts
