"""What people are told about referrals: their own milestones, and new ones that wait for an answer."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind
from referrals.pipeline.models import StageKind

_TITLES = {
    StageKind.SUBMITTED: _("%(company)s is on its way"),
    StageKind.ACCEPTED: _("%(company)s is accepted"),
    StageKind.QUALIFIED: _("%(company)s is qualified"),
    StageKind.WON: _("%(company)s signed"),
    StageKind.LOST: _("%(company)s did not sign"),
    StageKind.REJECTED: _("%(company)s was declined"),
    StageKind.EXPIRED: _("%(company)s has expired"),
}


@kind("referral.milestone", label=_("A referral of yours moves"), audience=PARTNER)
def milestone(facts: dict[str, Any]) -> str:
    """Return the title of a step; a stage the program has named itself is named."""
    if facts.get("taken_back"):
        return gettext("%(company)s was taken back") % {"company": facts.get("company", "")}
    kind_, own_name = facts.get("kind", ""), facts.get("stage", "")
    if not own_name and kind_ in _TITLES:
        return str(_TITLES[kind_] % {"company": facts.get("company", "")})
    stage = own_name or (str(StageKind(kind_).label) if kind_ in StageKind.values else kind_)
    return gettext("%(company)s is now in %(stage)s") % {
        "company": facts.get("company", ""),
        "stage": stage,
    }


@kind("referral.late", label=_("A promised answer is late"))
def late_answer(facts: dict[str, Any]) -> str:
    """Return the title of a late answer; the partner's people and the vendor's read it alike."""
    return gettext("The answer on %(company)s is late") % {"company": facts.get("company", "")}


@kind("referral.stalled", label=_("A referral stands still"))
def stands_still(facts: dict[str, Any]) -> str:
    """Return the title of a referral on which nothing happens."""
    return gettext("Nothing has happened with %(company)s lately") % {
        "company": facts.get("company", "")
    }


@kind("referral.approval", label=_("A referral needs your approval"), audience=STAFF)
def needs_approval(facts: dict[str, Any]) -> str:
    """Return the title of a referral that waits for one person."""
    return gettext("%(partner)s sent %(company)s, which you have to approve") % {
        "partner": facts.get("partner", ""),
        "company": facts.get("company", ""),
    }


@kind(
    "referral.new", label=_("A referral waits for an answer"), default_email=False, audience=STAFF
)
def new_referral(facts: dict[str, Any]) -> str:
    """Return the title of a new referral."""
    return gettext("%(partner)s sent %(company)s") % {
        "partner": facts.get("partner", ""),
        "company": facts.get("company", ""),
    }
