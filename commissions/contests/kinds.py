"""What partners are told about contests."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind("contest.published", label=_("A contest begins"), audience=PARTNER)
def published(facts: dict[str, Any]) -> str:
    """Name the contest and its days."""
    return gettext("Contest: %(title)s, %(span)s") % facts


@kind("contest.changed", label=_("A contest changes or is called off"), audience=PARTNER)
def changed(facts: dict[str, Any]) -> str:
    """Name the contest and what happened to it."""
    if facts.get("cancelled"):
        return gettext("The contest %(title)s is called off") % facts
    return gettext("The conditions of the contest %(title)s have changed") % facts


@kind("contest.won", label=_("You win a prize"), audience=PARTNER, mandatory=True)
def won(facts: dict[str, Any]) -> str:
    """Name the contest and the prize, or what it is worth, and whose it is when it is a colleague's."""
    if facts.get("name") and facts.get("in_kind"):
        return gettext("%(name)s won a reward worth %(prize)s in the contest %(title)s") % facts
    if facts.get("name"):
        return gettext("%(name)s won %(prize)s in the contest %(title)s") % facts
    if facts.get("in_kind"):
        return gettext("You won a reward worth %(prize)s in the contest %(title)s") % facts
    return gettext("You won %(prize)s in the contest %(title)s") % facts
