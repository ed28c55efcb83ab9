"""What people are told about onboarding."""

from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from partners.programs.texts import said
from prm.notices.kinds import PARTNER, STAFF, kind


def _said(texts: Any) -> str:
    return said(texts, get_language() or "en") if texts else ""


@kind(
    "onboarding.started",
    label=_("Your onboarding begins"),
    default_email=False,
    audience=PARTNER,
)
def started(facts: dict[str, Any]) -> str:
    """Return the title of a new track."""
    return gettext("Your first steps in %(program)s") % {"program": facts.get("program", "")}


@kind("onboarding.returned", label=_("A step has to be done again"), audience=PARTNER)
def returned(facts: dict[str, Any]) -> str:
    """Return the title of a step that came back."""
    return gettext("Please do “%(step)s” again") % {"step": _said(facts.get("step"))}


@kind("onboarding.approved", label=_("A step is approved"), default_email=False, audience=PARTNER)
def approved(facts: dict[str, Any]) -> str:
    """Return the title of an approved step."""
    return gettext("“%(step)s” is approved") % {"step": _said(facts.get("step"))}


@kind("onboarding.nudge", label=_("A reminder of your next step"), audience=PARTNER)
def nudge(facts: dict[str, Any]) -> str:
    """Return the title of a reminder."""
    return gettext("Your next step: %(step)s") % {"step": _said(facts.get("step"))}


@kind("entitlement.earned", label=_("You have earned something"), audience=PARTNER)
def earned(facts: dict[str, Any]) -> str:
    """Return the title of a reward."""
    from partners.onboarding.words import reward_words  # noqa: PLC0415  titles are read by every page

    return gettext("You earned: %(reward)s") % {
        "reward": reward_words(
            facts.get("kind", ""),
            facts.get("amount_minor"),
            facts.get("currency", ""),
            facts.get("text") or {},
            get_language() or "en",
        )
    }


@kind(
    "onboarding.waiting",
    label=_("A partner's step waits for approval"),
    default_email=False,
    audience=STAFF,
)
def waiting(facts: dict[str, Any]) -> str:
    """Return the title of something to look at."""
    return gettext("%(partner)s handed in “%(step)s”") % {
        "partner": facts.get("partner", ""),
        "step": _said(facts.get("step")),
    }
