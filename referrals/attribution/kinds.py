"""What people are told about credit, holds and cases."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("referral.held", label=_("A referral is under review"), audience=PARTNER, mandatory=True)
def held(facts: dict[str, Any]) -> str:
    """Name the company."""
    return gettext("%(company)s is under review") % facts


@kind("referral.hold_decided", label=_("A review has ended"), audience=PARTNER, mandatory=True)
def hold_decided(facts: dict[str, Any]) -> str:
    """Name the company and how it ended."""
    if facts.get("lifted"):
        return gettext("The review of %(company)s is over") % facts
    return gettext("%(company)s was declined after the review") % facts


@kind("referral.credit_left", label=_("A credit of yours moves"), audience=PARTNER, mandatory=True)
def credit_left(facts: dict[str, Any]) -> str:
    """Name the company."""
    return gettext("The credit for %(company)s was given to another partner") % facts


@kind("referral.credit_gained", label=_("A credit comes to you"), audience=PARTNER, mandatory=True)
def credit_gained(facts: dict[str, Any]) -> str:
    """Name the company."""
    return gettext("The credit for %(company)s is yours now") % facts


@kind("referral.credit_split", label=_("A credit is split"), audience=PARTNER, mandatory=True)
def credit_split(facts: dict[str, Any]) -> str:
    """Name the company."""
    return gettext("Your part of the credit for %(company)s has changed") % facts


@kind("case.partner", label=_("A case about a referral"), audience=PARTNER, mandatory=True)
def case_partner(facts: dict[str, Any]) -> str:
    """Say what happened in the case."""
    return {
        "party_added": gettext("Another partner has a claim to %(company)s: case %(number)s"),
        "entry": gettext("There is an answer in case %(number)s about %(company)s"),
        "decided": gettext("Case %(number)s about %(company)s is decided"),
        "appealed": gettext("Case %(number)s about %(company)s is looked at again"),
        "closed": gettext("Case %(number)s about %(company)s is closed"),
    }[facts["what"]] % facts


@kind("case.staff", label=_("A case to decide"), audience=STAFF)
def case_staff(facts: dict[str, Any]) -> str:
    """Say what happened in the case."""
    return {
        "opened": gettext("%(partner)s objects: case %(number)s about %(company)s"),
        "entry": gettext("%(partner)s wrote in case %(number)s about %(company)s"),
        "appealed": gettext("%(partner)s appeals in case %(number)s about %(company)s"),
        "escalated": gettext("Case %(number)s about %(company)s is overdue and yours now"),
        "assigned": gettext("Case %(number)s about %(company)s is yours now"),
    }[facts["what"]] % facts
