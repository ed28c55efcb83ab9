"""Onboarding in words: features, conditions, rewards."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.onboarding import rules
from partners.onboarding.models import Fact, RewardKind, StepKind
from partners.programs.texts import said
from prm.web.formats import money_text

FEATURES = {
    rules.SUBMIT: _("Submit referrals"),
    rules.EARNINGS: _("See earnings"),
    rules.COURSES: _("Take courses"),
    rules.TEAM: _("Invite people"),
    rules.LINKS: _("Use own links"),
}
# What to do so that the fact comes true.
TO_DO = {
    Fact.PROFILE: _("Complete your company's profile"),
    Fact.AGREEMENT: _("Sign the agreement"),
    Fact.PAYOUT_DETAILS: _("Enter your payout details"),
    Fact.TEAM: _("Bring in a second person"),
    Fact.REFERRAL: _("Submit your first referral"),
    Fact.ACCEPTED: _("Have a referral accepted"),
    Fact.WON: _("Have a referral won"),
}
STEP_ICONS = {
    StepKind.FACT: "check",
    StepKind.READ: "book",
    StepKind.UPLOAD: "upload",
    StepKind.COURSE: "cap",
    StepKind.APPROVAL: "person",
}
# Where a fact is made true; pages of packages above by their names.
FACT_PAGES = {
    Fact.PROFILE: "partners:profile",
    Fact.AGREEMENT: "partners:agreement",
    Fact.PAYOUT_DETAILS: "commissions:payout-details",
    Fact.TEAM: "team-list",
    Fact.REFERRAL: "referrals:referral-new",
    Fact.ACCEPTED: "referrals:referral-list",
    Fact.WON: "referrals:referral-list",
}


def reward_words(
    kind: str, minor: int | None, currency: str, text: dict[str, str], language: str
) -> str:
    """Say what a milestone gives: "Gift card, €50.00: for your team"; empty without a reward."""
    if not kind:
        return ""
    label = str(RewardKind(kind).label)
    if minor is not None and currency:
        label = gettext("%(reward)s, %(amount)s") % {
            "reward": label,
            "amount": money_text(minor, currency),
        }
    more = said(text, language) if text else ""
    return f"{label}: {more}" if more else label
