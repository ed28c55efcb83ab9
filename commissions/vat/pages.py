"""What pages about VAT show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django_countries import countries

from commissions.ledger.selectors import tenant_zone
from commissions.tax.certificates import visible_certificates
from commissions.tax.pages import TONES, state_words, wanted_words
from commissions.tax.selectors import wanted_forms
from commissions.vat.gate import Proposal, proposals_for
from commissions.vat.models import PartnerInvoice, SelfBilling, VatRate, VatStatus
from commissions.vat.rules import UNKNOWN, Treatment
from commissions.vat.selectors import (
    Office,
    open_office,
    self_billing_of,
    status_of,
    vat_counts_on,
    vat_settings,
    visible_bills,
    visible_invoices,
)
from commissions.vat.wording import INVOICE_TONES, changed_words, own_words, status_words
from prm.accounts.members import Member
from prm.web.formats import day_text, moment_text, money_text, percent_text

# Papers on the partner's page; the rest is in their lists.
SHOWN = 5


@dataclass(frozen=True)
class Row:
    """A line of a list on the partner's page."""

    title: str
    below: str
    amount: str
    url: str
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True)
class OwnVat:
    """How a partner stands to VAT."""

    words: str
    status: VatStatus | None
    status_words: str
    self_billing: SelfBilling | None
    may_agree: bool
    needs_word: bool
    refused_for: str
    # Why a number that was confirmed is checked again.
    again_for: str


def own_page(member: Member, at: datetime) -> dict[str, Any]:
    """Return what a partner's page of tax shows. at: aware UTC."""
    partner_id = member.own_partner_id
    office = open_office({partner_id}, at=at)
    wanted = proposals_for(partner_id, at=at) if office else []
    return {
        "rows": [
            (row, state_words(row.state), TONES[row.state], wanted_words(row))
            for row in wanted_forms(partner_id, at)
        ],
        "vat": _own_vat(member, office) if office else None,
        "begins": _begins(at),
        "wanted": [_proposal(row, office) for row in wanted] if office else [],
        "invoices": [
            _invoice(row) for row in visible_invoices(member).order_by("-sent_at")[:SHOWN]
        ],
        "bills": [
            Row(
                row.number,
                day_text(row.issued_on, "medium"),
                money_text(row.gross_minor, row.currency),
                reverse("commissions:self-bill", kwargs={"bill_id": row.id}),
            )
            for row in visible_bills(member).order_by("-issued_at", "-id")[:SHOWN]
        ],
        "certificates": [
            Row(
                gettext("Year %(year)s") % {"year": row.year},
                row.number,
                "",
                reverse("commissions:year-certificate", kwargs={"certificate_id": row.id}),
            )
            for row in visible_certificates(member)[:SHOWN]
        ],
    }


def _begins(at: datetime) -> str:
    """Return the day from which VAT is dealt with, while it lies ahead."""
    settings = vat_settings()
    today = at.astimezone(tenant_zone()).date()
    if settings.starts_on is None or vat_counts_on(settings, today):
        return ""
    return day_text(settings.starts_on)


def _own_vat(member: Member, office: Office) -> OwnVat:
    partner_id = member.own_partner_id
    vat, said = office.vat_of(partner_id), status_of(partner_id)
    is_checked = vat.treatment == Treatment.UNCHECKED
    return OwnVat(
        own_words(vat),
        said,
        status_words(said.kind, said.masked) if said else "",
        self_billing_of(partner_id),
        office.settings.offers_self_billing
        and (bool(office.paper_for(partner_id, vat.treatment)) or is_checked),
        vat.treatment in UNKNOWN and not is_checked,
        said.note if said and vat.treatment == Treatment.REFUSED else "",
        changed_words(said, said.partner) if said else "",
    )


def _proposal(row: Proposal, office: Office) -> dict[str, Any]:
    sent = next(
        (one for (_partner, currency), one in office.invoices.items() if currency == row.currency),
        None,
    )
    return {
        "currency": row.currency,
        "net": money_text(row.net_minor, row.currency),
        "vat": money_text(row.vat_minor, row.currency),
        "gross": money_text(row.gross_minor, row.currency),
        "covers": sent is not None and sent.net_minor == row.net_minor,
        "was_sent": sent is not None,
        "holds": office.settings.wants_invoice,
    }


def _invoice(row: PartnerInvoice) -> Row:
    return Row(
        row.number,
        day_text(row.invoiced_on, "medium"),
        money_text(row.gross_minor, row.currency),
        reverse("commissions:invoice", kwargs={"invoice_id": row.id}),
        str(row.get_state_display()),
        INVOICE_TONES[row.state],
    )


def invoice_facts(invoice: PartnerInvoice, *, for_staff: bool = False) -> list[tuple[str, Any]]:
    """Return what an invoice says, who sent it and what was decided."""
    currency = invoice.currency
    facts = [
        (gettext("Invoice date"), day_text(invoice.invoiced_on)),
        (gettext("Net"), money_text(invoice.net_minor, currency)),
        (gettext("VAT"), money_text(invoice.vat_minor, currency)),
        (gettext("Gross"), money_text(invoice.gross_minor, currency)),
        (gettext("Sent"), _by(invoice.sent_at, invoice.sent_by)),
    ]
    if for_staff:
        partner = invoice.partner
        facts = [
            (gettext("Partner"), partner.name),
            (gettext("Legal name"), partner.legal_name),
            (gettext("Country"), str(countries.name(partner.country) or "")),
            *facts,
        ]
    if invoice.decided_at:
        facts.append((gettext("Decided"), _by(invoice.decided_at, invoice.decided_by)))
    facts.append((gettext("What is wrong"), invoice.note))
    return [(term, value) for term, value in facts if value]


def status_facts(said: VatStatus, number: str) -> list[tuple[str, Any]]:
    """Return what a partner said with its number in full, for the person of finance who looks it up."""
    partner = said.partner
    facts = [
        (gettext("Partner"), partner.name),
        (gettext("Legal name"), partner.legal_name),
        (gettext("Country"), str(countries.name(partner.country) or "")),
        (gettext("Tax number on file"), partner.tax_number),
        (gettext("VAT number"), number),
        (gettext("Checked again because"), changed_words(said, partner)),
        (gettext("Said"), _by(said.said_at, said.said_by)),
        (gettext("Decided"), _by(said.decided_at, said.decided_by) if said.decided_at else ""),
        (gettext("What is wrong"), said.note),
    ]
    return [(term, value) for term, value in facts if value]


def rate_rows(rates: Sequence[VatRate]) -> list[tuple[VatRate, str, str]]:
    """Return each rate with its country and percentage in words."""
    return [
        (row, str(countries.name(row.country)), percent_text(row.rate, digits=2)) for row in rates
    ]


def _by(at: datetime, person: Any) -> str:
    if person is None:
        return moment_text(at)
    return gettext("%(moment)s by %(name)s") % {
        "moment": moment_text(at),
        "name": person.get_full_name(),
    }
