"""What people are told about agreements."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind(
    "agreement.published",
    label=_("An agreement waits to be signed"),
    audience=PARTNER,
    mandatory=True,
)
def published(facts: dict[str, Any]) -> str:
    """Return the title of a new agreement."""
    if facts.get("number", 1) > 1:
        return gettext("A new version of the agreement for %(program)s") % facts
    return gettext("Please sign the agreement for %(program)s") % facts


@kind("agreement.reminded", label=_("A reminder to sign an agreement"), audience=PARTNER)
def reminded(facts: dict[str, Any]) -> str:
    """Return the title of a reminder."""
    return gettext("The agreement for %(program)s waits for your signature") % facts


@kind(
    "agreement.copy", label=_("Your copy of a signed agreement"), audience=PARTNER, mandatory=True
)
def copy(facts: dict[str, Any]) -> str:
    """Return the title of a signed copy."""
    return gettext("Your copy of the agreement for %(program)s") % facts
