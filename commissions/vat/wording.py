"""How VAT, invoices and notes are said to people."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext
from django_countries import countries

from commissions.vat.gate import OUTDATED, Proposal
from commissions.vat.models import (
    InvoiceState,
    PartnerInvoice,
    StatusState,
    VatCharge,
    VatKind,
    VatRate,
    VatStatus,
)
from commissions.vat.rules import Treatment, Vat
from commissions.vat.selectors import called
from partners.directory.models import Partner
from prm.web.formats import day_text, money_text, percent_text

INVOICE_TONES: dict[str, str] = {
    InvoiceState.RECEIVED: "info",
    InvoiceState.APPROVED: "ok",
    InvoiceState.REFUSED: "bad",
    InvoiceState.WITHDRAWN: "",
}
STATUS_TONES: dict[str, str] = {
    StatusState.RECEIVED: "info",
    StatusState.CONFIRMED: "ok",
    StatusState.REFUSED: "bad",
}


def vat_words(treatment: str, rate: Decimal) -> str:
    """Return how VAT stands in a few words: "VAT 22%", "VAT, reverse charge"."""
    if treatment == Treatment.CHARGED:
        return gettext("VAT %(rate)s") % {"rate": percent_text(rate, digits=2)}
    return {
        Treatment.REVERSE: gettext("VAT, reverse charge"),
        Treatment.IMPORT: gettext("VAT, owed by the customer"),
        Treatment.EXPORT: gettext("VAT, outside its scope"),
        Treatment.SMALL: gettext("VAT, small business"),
        Treatment.UNREGISTERED: gettext("VAT, not registered"),
    }.get(Treatment(treatment), gettext("VAT"))


def treatment_name(treatment: str) -> str:
    """Return a treatment in a column."""
    return {
        Treatment.CHARGED: gettext("VAT is charged"),
        Treatment.REVERSE: gettext("Reverse charge"),
        Treatment.IMPORT: gettext("From outside the EU"),
        Treatment.EXPORT: gettext("To outside the EU"),
        Treatment.SMALL: gettext("Small business"),
        Treatment.UNREGISTERED: gettext("Not registered"),
        Treatment.PERSON: gettext("Private person"),
        Treatment.NO_STATUS: gettext("Nothing said yet"),
        Treatment.NO_NUMBER: gettext("VAT number missing"),
        Treatment.NO_RATE: gettext("Rate of the country missing"),
        Treatment.UNCHECKED: gettext("VAT number being checked"),
        Treatment.REFUSED: gettext("VAT number refused"),
    }[Treatment(treatment)]


def own_words(vat: Vat) -> str:
    """Return what VAT means for a partner's payments."""
    return {
        Treatment.CHARGED: gettext("VAT of %(rate)s is paid on top of your commissions.")
        % {"rate": percent_text(vat.rate, digits=2)},
        Treatment.REVERSE: gettext(
            "No VAT is added: the vendor owes it in its own country (reverse charge)."
        ),
        Treatment.IMPORT: gettext("No VAT is added: the vendor owes it in its own country."),
        Treatment.EXPORT: gettext("No VAT is added: your service goes to another country."),
        Treatment.SMALL: gettext("No VAT is added: you are a small business without VAT."),
        Treatment.UNREGISTERED: gettext("No VAT is added: you are not registered for it."),
        Treatment.PERSON: gettext("No VAT is added: you are paid as a private person."),
        Treatment.NO_STATUS: gettext("Tell the vendor how you are taxed."),
        Treatment.NO_NUMBER: gettext("Your VAT number is missing."),
        Treatment.NO_RATE: gettext("The vendor has to enter the rate of your country first."),
        Treatment.UNCHECKED: gettext(
            "The vendor's finance checks your VAT number. Payouts wait until it is confirmed."
        ),
        Treatment.REFUSED: gettext(
            "The vendor refused your VAT number. Payouts wait until you say how you are taxed anew."
        ),
    }[vat.treatment]


def consent_words(vendor: str) -> str:
    """Return the sentence that a partner agrees to."""
    return gettext(
        "%(vendor)s writes, numbers and sends the invoices for the commissions it pays us, in our name. We write"
        " none for the same payments, and tell %(vendor)s at once when our VAT number changes or ends. We can end"
        " this at any time."
    ) % {"vendor": vendor}


def wanted_words(wanted: Proposal | None) -> str:
    """Return what an invoice has to say."""
    if wanted is None:
        return gettext("Nothing of what it covers is ready to be paid any more.")
    return gettext("It has to say %(net)s net, %(vat)s VAT and %(gross)s in all.") % {
        "net": money_text(wanted.net_minor, wanted.currency),
        "vat": money_text(wanted.vat_minor, wanted.currency),
        "gross": money_text(wanted.gross_minor, wanted.currency),
    }


def charge_words(charge: VatCharge) -> str:
    """Return how VAT stood on a payment."""
    return gettext("%(amount)s, %(vat)s of %(base)s") % {
        "amount": money_text(charge.amount_minor, charge.currency),
        "vat": vat_words(charge.treatment, charge.rate),
        "base": money_text(charge.base_minor, charge.currency),
    }


def status_words(kind: str, masked: str) -> str:
    """Return what a partner said of itself."""
    label = str(VatKind(kind).label)
    return f"{label}, {masked}" if masked else label


def changed_words(said: VatStatus, partner: Partner) -> str:
    """Return why a number that was confirmed is checked again, in whole sentences; empty when it is not."""
    name, country = called(partner)
    if said.state != StatusState.RECEIVED or not said.checked_name:
        return ""
    found = []
    if said.checked_country != country:
        found.append(
            gettext("The country changed from %(before)s to %(after)s.")
            % {"before": _country(said.checked_country), "after": _country(country)}
        )
    if said.checked_name != name:
        found.append(
            gettext("The legal name changed from “%(before)s” to “%(after)s”.")
            % {"before": said.checked_name, "after": name}
        )
    # It was changed back meanwhile.
    return " ".join(found) or gettext("The name or country was changed and changed back.")


def _country(code: str) -> str:
    return str(countries.name(code) or gettext("no country"))


def rate_words(row: VatRate) -> str:
    """Return a rate with its country: "Italy, 22%"."""
    return f"{countries.name(row.country)}, {percent_text(row.rate, digits=2)}"


def missing_words(state: str) -> str:
    """Return what a payment waits for, to the partner; state: of vat.gate."""
    return {
        "missing": gettext("Send your invoice for it."),
        InvoiceState.RECEIVED: gettext("Your invoice is being checked."),
        OUTDATED: gettext("Your invoice no longer says what is ready; send a new one."),
    }.get(state, gettext("Send your invoice for it."))


def invoice_line(invoice: PartnerInvoice) -> str:
    """Return an invoice in a line."""
    return gettext("%(number)s of %(day)s") % {
        "number": invoice.number,
        "day": _day(invoice.invoiced_on),
    }


def _day(day: date) -> str:
    return day_text(day, "medium")
