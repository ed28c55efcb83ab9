"""Notices about holds that end early."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import STAFF, kind
from prm.web.formats import money_text


@kind("hold.asked", label=_("Somebody asks for an early release"), audience=STAFF)
def hold_asked(facts: dict[str, Any]) -> str:
    """Title: a request waits."""
    amount = money_text(facts["amount_minor"], facts["currency"])
    return gettext("%(amount)s for %(partner)s waits for your decision") % {
        "amount": amount,
        "partner": facts["partner"],
    }
