"""Notices about tax forms."""

from datetime import date
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.tax.models import FormKind
from prm.notices.kinds import PARTNER, STAFF, kind
from prm.web.formats import day_text


def _named(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "form": FormKind(facts["form"]).label}


@kind("tax.form_sent", label=_("A partner sent a tax form"), audience=STAFF)
def form_sent(facts: dict[str, Any]) -> str:
    """Title: a form waits to be checked."""
    return gettext("%(partner)s sent its tax form: %(form)s") % _named(facts)


@kind("tax.form_again", label=_("A partner with an approved VAT number moved"), audience=STAFF)
def form_again(facts: dict[str, Any]) -> str:
    """Title: a number waits to be checked again, and why."""
    named = _named(facts)
    return gettext("%(partner)s is in another country now: check its tax form: %(form)s") % named


@kind("tax.form_reopened", label=_("Your tax form is checked again"), audience=PARTNER)
def form_reopened(facts: dict[str, Any]) -> str:
    """Title: why payouts wait."""
    return gettext("Your country changed: your tax form is checked again: %(form)s") % _named(facts)


@kind("tax.form_decided", label=_("A tax form is checked"), audience=PARTNER)
def form_decided(facts: dict[str, Any]) -> str:
    """Title: what finance said."""
    if facts.get("approved"):
        return gettext("Your tax form is approved: %(form)s") % _named(facts)
    return gettext("Your tax form was refused: %(form)s") % _named(facts)


@kind("tax.form_wanted", label=_("A tax form is missing or ends soon"), audience=PARTNER)
def form_wanted(facts: dict[str, Any]) -> str:
    """Title: what is missing, or when it ends."""
    named = _named(facts)
    if facts.get("valid_until"):
        named["day"] = day_text(date.fromisoformat(facts["valid_until"]))
    if facts["state"] == "expiring":
        return gettext("Your tax form ends on %(day)s: %(form)s") % named
    if facts["state"] == "expired":
        return (
            gettext("Your tax form ended on %(day)s, payouts wait for a new one: %(form)s") % named
        )
    return gettext("Payouts wait for your tax form: %(form)s") % named


@kind("tax.certificate_issued", label=_("A certificate of a year is ready"), audience=PARTNER)
def certificate_issued(facts: dict[str, Any]) -> str:
    """Title: which year."""
    return gettext("Your certificate of %(year)s is ready: %(number)s") % facts
