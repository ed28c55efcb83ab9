"""What people of a partner are told about its standing."""

from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind
from prm.web.formats import day_text


@kind(
    "partner.state",
    label=_("Your partnership is paused, ended or taken up again"),
    mandatory=True,
    audience=PARTNER,
)
def state(facts: dict[str, Any]) -> str:
    """Return the title of a change of state."""
    words = {
        "paused": gettext("The partnership of %(partner)s is paused"),
        "ended": gettext("The partnership of %(partner)s has ended"),
        "active": gettext("The partnership of %(partner)s goes on"),
    }
    return words[facts["state"]] % {"partner": facts.get("partner", "")}


@kind("partner.moved", label=_("You work in another program"), audience=PARTNER)
def moved(facts: dict[str, Any]) -> str:
    """Return the title of a move, which may lie ahead."""
    day = day_text(date.fromisoformat(facts["on"])) if facts.get("on") else ""
    return gettext("New program from %(day)s: %(program)s") % {
        "program": facts.get("program", ""),
        "day": day,
    }
