"""What people are told about questions."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("referral.question", label=_("The vendor asks about a referral of yours"), audience=PARTNER)
def question(facts: dict[str, Any]) -> str:
    """Return the title of a question."""
    return gettext("A question about %(company)s") % {"company": facts.get("company", "")}


@kind("referral.answered", label=_("A partner answers your question"), audience=STAFF)
def answered(facts: dict[str, Any]) -> str:
    """Return the title of an answer."""
    return gettext("The answer about %(company)s is there") % {"company": facts.get("company", "")}


@kind("referral.mail_draft", label=_("Your email became a draft"), audience=PARTNER)
def mail_draft(facts: dict[str, Any]) -> str:
    """Return the title of a draft that came by mail, or of why there is none."""
    if facts.get("is_full"):
        return gettext(
            "Your email is no draft: you keep as many as you may. Send one, then mail it again"
        )
    if not facts.get("company"):
        return gettext("Your email is a draft now: check it and send it")
    return gettext("Your email about %(company)s is a draft now: check it and send it") % facts
