"""Notices about payouts."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.payouts.models import ExclusionReason
from prm.notices.kinds import PARTNER, STAFF, kind
from prm.web.formats import money_text


def _amount(facts: dict[str, Any]) -> dict[str, str]:
    return {"amount": money_text(facts["amount_minor"], facts["currency"])}


@kind("run.waiting", label=_("A payout run waits for approval"), audience=STAFF)
def run_waiting(facts: dict[str, Any]) -> str:
    """Title: a run waits."""
    return gettext("Payout run %(number)s waits for approval") % facts


@kind("run.cancelled", label=_("A payout run was sent back"), audience=STAFF)
def run_cancelled(facts: dict[str, Any]) -> str:
    """Title: a run was sent back."""
    return gettext("Payout run %(number)s was sent back") % facts


@kind("payout.exported", label=_("A payout is on its way"), audience=PARTNER)
def payout_exported(facts: dict[str, Any]) -> str:
    """Title: money is on its way."""
    return gettext("%(amount)s is on its way to you") % _amount(facts)


@kind("payout.settled", label=_("A payout was paid"), audience=PARTNER, default_email=False)
def payout_settled(facts: dict[str, Any]) -> str:
    """Title: money was paid."""
    return gettext("%(amount)s was paid") % _amount(facts)


@kind("payout.returned", label=_("A payout came back"), audience=PARTNER, mandatory=True)
def payout_returned(facts: dict[str, Any]) -> str:
    """Title: the bank sent money back."""
    return gettext("The bank sent back your payout of %(amount)s") % _amount(facts)


@kind(
    "payout.details_changed",
    label=_("Your payout details were changed"),
    audience=PARTNER,
    mandatory=True,
)
def details_changed(facts: dict[str, Any]) -> str:
    """Title: the account is another one."""
    return (
        gettext("Payout details were changed")
        if facts.get("before")
        else gettext("Payout details were entered")
    )


@kind("payout.left_out", label=_("A payout waits for something"), audience=PARTNER)
def left_out(facts: dict[str, Any]) -> str:
    """Title: a balance is not in the run."""
    if facts["reason"] == ExclusionReason.BELOW_MINIMUM:
        missing = money_text(facts["minimum_minor"] - facts["amount_minor"], facts["currency"])
        return gettext("%(missing)s to go until the next payout") % {"missing": missing}
    return gettext("%(amount)s is not in the next payout yet") % _amount(facts)
