"""What partners are told about their rewards."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind
from prm.web.formats import money_text


@kind("commission.earned", label=_("A commission is earned"), audience=PARTNER)
def commission_earned(facts: dict[str, Any]) -> str:
    """Name the amount and the company."""
    return gettext("You earned %(amount)s for %(company)s") % _words(facts)


@kind(
    "commission.reversed", label=_("A commission is taken back"), audience=PARTNER, mandatory=True
)
def commission_reversed(facts: dict[str, Any]) -> str:
    """Name the amount and the company."""
    return gettext("%(amount)s of your commission for %(company)s was taken back") % _words(facts)


@kind("plan.budget_reached", label=_("A plan's budget is used up"), audience=STAFF)
def budget_reached(facts: dict[str, Any]) -> str:
    """Name the program."""
    return gettext("Rewards of %(program)s wait for the budget") % facts


def _words(facts: dict[str, Any]) -> dict[str, str]:
    return {
        "amount": money_text(facts["amount_minor"], facts["currency"]),
        "company": facts["company"],
    }
