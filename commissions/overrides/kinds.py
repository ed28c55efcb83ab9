"""What people are told about exceptions."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("override.asked", label=_("An exception waits for approval"), audience=STAFF)
def asked(facts: dict[str, Any]) -> str:
    """Return the title for those who may approve."""
    return gettext("An exception for %(partner)s waits for approval") % facts


@kind("override.decided", label=_("Your exception is decided"), audience=STAFF)
def decided(facts: dict[str, Any]) -> str:
    """Return the title for who asked."""
    if facts.get("approved"):
        return gettext("The exception for %(partner)s is approved") % facts
    return gettext("The exception for %(partner)s is declined") % facts


@kind(
    "override.terms",
    label=_("Your own terms begin or end"),
    audience=PARTNER,
    mandatory=True,
)
def terms(facts: dict[str, Any]) -> str:
    """Return the title for the partner's people."""
    if facts.get("ended"):
        return gettext("Your own terms in %(program)s have ended") % facts
    return gettext("You have your own terms in %(program)s") % facts


@kind("override.expiring", label=_("An exception of a partner ends soon"), audience=STAFF)
def expiring(facts: dict[str, Any]) -> str:
    """Return the title for who asked and for the partner's manager."""
    return gettext("The exception for %(partner)s ends on %(last_day)s") % facts


@kind("override.expires", label=_("Your own terms end soon"), audience=PARTNER, mandatory=True)
def expires(facts: dict[str, Any]) -> str:
    """Return the title for the partner's people."""
    return gettext("Your own terms in %(program)s end on %(last_day)s") % facts
