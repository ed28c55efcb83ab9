"""Why a referral cannot be sent yet, in words for whoever sends it: a page, a file's row."""

from django.utils.translation import gettext, ngettext

from partners.onboarding.unlocks import FeatureLocked
from prm.web.formats import day_text, number_text
from referrals.intake.services import ProbationFull
from referrals.pipeline.hooks import MoveRefused


def refusal_words(closed: FeatureLocked | ProbationFull | MoveRefused) -> str:
    """Say why a referral cannot be sent yet, and what has to be done first."""
    if isinstance(closed, MoveRefused):
        return str(closed)
    if isinstance(closed, ProbationFull):
        return ngettext(
            "Until %(day)s this partner can have %(limit)s open referral at a time.",
            "Until %(day)s this partner can have %(limit)s open referrals at a time.",
            closed.limit,
        ) % {"day": day_text(closed.until), "limit": number_text(closed.limit)}
    return gettext("Not open yet. First: %(conditions)s") % {
        "conditions": "; ".join(lack.words for lack in closed.missing)
    }
