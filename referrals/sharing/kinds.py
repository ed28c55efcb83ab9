"""What people are told about pages and requests."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("sharing.direct_lead", label=_("A visitor asks for a call without a partner"), audience=STAFF)
def direct_lead(facts: dict[str, Any]) -> str:
    """Return the title of a request that is no partner's."""
    return gettext("%(company)s asks for a call: %(contact)s, %(email)s") % facts


@kind("sharing.page_sent", label=_("A partner's page waits for approval"), audience=STAFF)
def page_sent(facts: dict[str, Any]) -> str:
    """Return the title of a page to look at."""
    return gettext("%(partner)s wants to publish a page") % facts


@kind("sharing.review_sent", label=_("A review waits for approval"), audience=STAFF)
def review_sent(facts: dict[str, Any]) -> str:
    """Return the title of a review to look at."""
    return gettext("%(partner)s sent a customer's review") % facts


@kind("sharing.page_decided", label=_("Your page is answered"), audience=PARTNER)
def page_decided(facts: dict[str, Any]) -> str:
    """Return the title of the vendor's answer about a page."""
    if facts.get("approved"):
        return gettext("Your page is public")
    return gettext("Your page needs changes: %(reason)s") % facts
