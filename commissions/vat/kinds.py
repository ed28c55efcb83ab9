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


@kind("tax.bill_issued", label=_("A self-billing note is ready"), audience=PARTNER)
def bill_issued(facts: dict[str, Any]) -> str:
    """Title: the number of the note."""
    return gettext("Self-billing note %(number)s is ready") % facts
