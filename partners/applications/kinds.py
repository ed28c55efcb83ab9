"""What people are told about applications."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import STAFF, kind


@kind("application.new", label=_("A new application waits for a decision"), audience=STAFF)
def new(facts: dict[str, Any]) -> str:
    """Return the title of an application to review."""
    return gettext("%(company)s applies to %(program)s") % _named(facts)


@kind("application.replied", label=_("An applicant answered your question"), audience=STAFF)
def replied(facts: dict[str, Any]) -> str:
    """Return the title of an answer to read."""
    return gettext("%(company)s answered your question") % _named(facts)


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    return {"company": facts.get("company", ""), "program": facts.get("program", "")}
