"""Notices about statements."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, kind


@kind("statement.ready", label=_("A statement is ready"), audience=PARTNER)
def statement_ready(facts: dict[str, Any]) -> str:
    """Title: a statement was issued."""
    return gettext("Statement %(number)s is ready") % facts
