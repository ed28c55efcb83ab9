"""Notices about invoices and self-billing notes."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.notices.kinds import PARTNER, STAFF, kind


@kind("tax.invoice_sent", label=_("A partner sent an invoice"), audience=STAFF)
def invoice_sent(facts: dict[str, Any]) -> str:
    """Title: an invoice waits to be checked."""
    return gettext("%(partner)s sent its invoice %(number)s") % facts


@kind("tax.invoice_decided", label=_("An invoice is checked"), audience=PARTNER)
def invoice_decided(facts: dict[str, Any]) -> str:
    """Title: what finance said."""
    if facts.get("approved"):
        return gettext("Your invoice %(number)s is approved") % facts
    return gettext("Your invoice %(number)s was refused") % facts


@kind("tax.vat_said", label=_("A partner said its VAT number"), audience=STAFF)
def vat_said(facts: dict[str, Any]) -> str:
    """Title: a number waits to be checked."""
    return gettext("%(partner)s said its VAT number: check it") % facts


@kind("tax.vat_decided", label=_("Your VAT number is checked"), audience=PARTNER)
def vat_decided(facts: dict[str, Any]) -> str:
    """Title: what finance said."""
    if facts.get("confirmed"):
        return gettext("Your VAT number is confirmed")
    return gettext("Your VAT number was refused: %(reason)s") % facts


@kind("tax.vat_again", label=_("A partner with a confirmed VAT number changed"), audience=STAFF)
def vat_again(facts: dict[str, Any]) -> str:
    """Title: a number waits to be checked again, and why."""
    if not facts["name"]:
        return gettext("%(partner)s is in another country now: check its VAT number again") % facts
    if not facts["country"]:
        return gettext("%(partner)s has another legal name: check its VAT number again") % facts
    return gettext("%(partner)s has another name and country: check its VAT number again") % facts


@kind("tax.vat_reopened", label=_("Your VAT number is checked again"), audience=PARTNER)
def vat_reopened(facts: dict[str, Any]) -> str:
    """Title: why payouts may wait."""
    if not facts["name"]:
        return gettext("Your country changed: your VAT number is checked again")
    if not facts["country"]:
        return gettext("Your legal name changed: your VAT number is checked again")
    return gettext("Your legal name and country changed: your VAT number is checked again")


@kind("tax.bill_issued", label=_("A self-billing note is ready"), audience=PARTNER)
def bill_issued(facts: dict[str, Any]) -> str:
    """Title: the number of the note."""
    return gettext("Self-billing note %(number)s is ready") % facts
