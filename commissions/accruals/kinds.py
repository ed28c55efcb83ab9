"""What partners are told about their rewards."""

from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind
from prm.web.formats import day_text, money_text


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


@kind(
    "activity.ending", label=_("You are about to become inactive"), audience=PARTNER, mandatory=True
)
def activity_ending(facts: dict[str, Any]) -> str:
    """Name the day and what to do."""
    return gettext(
        "Without a new win, commissions on your customers in %(program)s end on %(day)s"
    ) % _dated(facts)


@kind("activity.lapsed", label=_("You have become inactive"), audience=PARTNER, mandatory=True)
def activity_lapsed(facts: dict[str, Any]) -> str:
    """Name the day and the way back."""
    return gettext(
        "Commissions on your customers in %(program)s ended on %(day)s; your next win brings them back"
    ) % _dated(facts)


@kind("activity.returned", label=_("You are active again"), audience=PARTNER)
def activity_returned(facts: dict[str, Any]) -> str:
    """Name until when."""
    return gettext("You are active again in %(program)s, until %(day)s") % _dated(facts)


@kind("terms.standard", label=_("Your preferred terms end"), audience=PARTNER, mandatory=True)
def terms_standard(facts: dict[str, Any]) -> str:
    """Name the day from which standard terms count."""
    return gettext(
        "From %(day)s on, new referrals in %(program)s are under standard terms; those you sent keep theirs"
    ) % _dated(facts)


def _dated(facts: dict[str, Any]) -> dict[str, str]:
    return {**facts, "day": day_text(date.fromisoformat(facts["day"]))}


def _words(facts: dict[str, Any]) -> dict[str, str]:
    return {
        "amount": money_text(facts["amount_minor"], facts["currency"]),
        "company": facts["company"],
    }
