"""Notices about statements."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("statement.ready", label=_("A statement is ready"), audience=PARTNER)
def statement_ready(facts: dict[str, Any]) -> str:
    """Title: a statement was issued."""
    return gettext("Statement %(number)s is ready") % facts


@kind("statement.disputed", label=_("A partner disputes a line"), audience=STAFF)
def disputed(facts: dict[str, Any]) -> str:
    """Title: a dispute waits for an answer."""
    return gettext("%(partner)s disputes a line of statement %(number)s") % facts


@kind("statement.dispute_answered", label=_("A dispute is answered"), audience=PARTNER)
def dispute_answered(facts: dict[str, Any]) -> str:
    """Title: what came of the dispute."""
    if facts.get("correction_minor"):
        return gettext("The line of statement %(number)s is corrected") % facts
    return gettext("The disputed line of statement %(number)s stands") % facts
