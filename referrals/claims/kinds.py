"""What people are told about claims: warnings, ends, and requests for more time."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.notices.kinds import STAFF, kind


@kind("claim.warned", label=gettext_lazy("A protected company of yours is about to be released"))
def warned(facts: dict[str, Any]) -> str:
    """Return the title of a warning: the end is near, or nothing has happened for long."""
    words = {"company": facts.get("company", ""), "days": facts.get("days", 0)}
    if facts.get("why") == "idle":
        return _("Are you still working on %(company)s?") % words
    return (
        ngettext(
            "The protection of %(company)s ends in %(days)s day",
            "The protection of %(company)s ends in %(days)s days",
            int(words["days"]),
        )
        % words
    )


@kind("claim.ended", label=gettext_lazy("The protection of a company has ended"))
def ended(facts: dict[str, Any]) -> str:
    """Return the title of an end."""
    return _("%(company)s is no longer protected") % {"company": facts.get("company", "")}


@kind(
    "claim.extension_asked",
    label=gettext_lazy("A partner asks to protect a company for longer"),
    audience=STAFF,
)
def extension_asked(facts: dict[str, Any]) -> str:
    """Return the title of a request for more time."""
    return _("%(partner)s asks for more time for %(company)s") % {
        "partner": facts.get("partner", ""),
        "company": facts.get("company", ""),
    }


@kind("claim.extended", label=gettext_lazy("Your request for more time is answered"))
def extended(facts: dict[str, Any]) -> str:
    """Return the title of an answer."""
    words = {"company": facts.get("company", "")}
    if facts.get("granted"):
        return _("You have more time for %(company)s") % words
    return _("No more time for %(company)s") % words


@kind(
    "referral.duplicate_decided",
    label=gettext_lazy("A possible duplicate of your referral is decided"),
)
def duplicate_decided(facts: dict[str, Any]) -> str:
    """Return the title for the partner whose referral goes on."""
    return _("%(company)s goes on with you") % {"company": facts.get("company", "")}
