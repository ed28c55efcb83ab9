"""What people are told about rewards that are not money."""

from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("gift.awarded", label=_("You get a reward that is not money"), audience=PARTNER)
def awarded(facts: dict[str, Any]) -> str:
    """Name the reward."""
    return gettext("You get a reward: %(title)s") % facts


@kind("gift.sent", label=_("A reward is on its way, or its code is ready"), audience=PARTNER)
def sent(facts: dict[str, Any]) -> str:
    """Name the reward and what the partner does next."""
    if facts.get("code"):
        return gettext("The code of your reward is ready: %(title)s") % facts
    return gettext("Your reward is on its way: %(title)s") % facts


@kind("gift.failed", label=_("A reward could not be delivered"), audience=PARTNER)
def failed(facts: dict[str, Any]) -> str:
    """Name the reward."""
    return gettext("Your reward could not be delivered: %(title)s") % facts


@kind("gift.codes_empty", label=_("Rewards wait for codes"), audience=STAFF)
def codes_empty(facts: dict[str, Any]) -> str:
    """Say how many wait, and for which codes."""
    return (
        ngettext(
            "%(n)s reward waits for codes: %(title)s",
            "%(n)s rewards wait for codes: %(title)s",
            facts["n"],
        )
        % facts
    )
