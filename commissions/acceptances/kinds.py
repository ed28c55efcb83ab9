"""What partners are told about new terms."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind("plan.published", label=_("New terms of a commission plan"), audience=PARTNER, mandatory=True)
def published(facts: dict[str, Any]) -> str:
    """Return the title of new terms."""
    return gettext("New terms for %(program)s: read what changes") % facts


@kind("plan.reminded", label=_("A reminder of new terms"), audience=PARTNER)
def reminded(facts: dict[str, Any]) -> str:
    """Return the title of a reminder."""
    return gettext("The new terms for %(program)s wait for your answer") % facts
