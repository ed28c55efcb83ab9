"""Builders of VAT: a vendor that deals with it, partners that said what they are, invoices."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from commissions.tax.certificate_paper import certificate_sheet
from commissions.tax.certificates import issue_certificate
from commissions.tax.paper import Sheet, stored_name
from commissions.vat.billing import issue_bills
from commissions.vat.checking import confirm_status
from commissions.vat.gate import proposals_for
from commissions.vat.invoicing import InvoiceDraft, send_invoice
from commissions.vat.models import PartnerInvoice, SelfBill, VatRate, VatStatus
from commissions.vat.paper import bill_sheet
from commissions.vat.services import (
    SettingsDraft,
    agree_self_billing,
    save_settings,
    say_status,
    set_rate,
)
from partners.directory.models import Partner
from prm.events.services import SYSTEM, Actor
from prm.jobs.files import private_root
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from tests.builders.objects import Cast, builds
from tests.builders.payouts import NOON, bank_details, exported_run, payable
from tests.builders.uploads import PDF, brought

# Valid numbers of nobody's.
VAT_IT, VAT_IE = "IT00743110157", "IE6433435F"


def a_vat_vendor(country: str = "IT", *, at: datetime, **fields: Any) -> None:
    """Let the open tenant, in a country, deal with VAT from long ago: 22 % in Italy, 23 % in Ireland."""
    Tenant.objects.filter(id=current_scope().tenant_id).update(country=country)
    began = at.date() - timedelta(days=400)
    for code, rate in (("IT", "0.22"), ("IE", "0.23")):
        set_rate(country=code, rate=Decimal(rate), from_on=began, source="Law", actor=SYSTEM, at=at)
    words = {"reverse": {"en": "Reverse charge, Article 196", "it": "Inversione contabile"}}
    known = {"vat_id": VAT_IT if country == "IT" else VAT_IE, "words": words}
    save_settings(draft=SettingsDraft(starts_on=began, **{**known, **fields}), actor=SYSTEM, at=at)


def a_vat_partner(
    partner: Partner,
    country: str = "IT",
    *,
    at: datetime,
    kind: str = "registered",
    bills: bool = False,
    confirmed: bool = True,
) -> VatStatus:
    """Let a partner of a country say what it is, finance confirm it, and agree to self-billing when asked to."""
    Partner.objects.filter(id=partner.id).update(country=country)
    number = {"IT": VAT_IT, "IE": VAT_IE}.get(country, "")
    number = number if kind in {"registered", "small"} else ""
    said = say_status(partner_id=partner.id, kind=kind, number=number, actor=Actor(None), at=at)
    if confirmed:
        confirm_status(status_id=said.id, actor=SYSTEM, at=at)
    if bills:
        agree_self_billing(partner_id=partner.id, text="You write it.", actor=Actor(None), at=at)
    return said


def an_invoice(partner_id: UUID, *, at: datetime, **fields: Any) -> PartnerInvoice:
    """Send the invoice that is wanted of a partner now."""
    (wanted,) = proposals_for(partner_id, at=at)
    known: dict[str, Any] = {
        "currency": wanted.currency,
        "number": "2026/41",
        "invoiced_on": at.date(),
        "net_minor": wanted.net_minor,
        "vat_minor": wanted.vat_minor,
        "upto_id": wanted.upto_id,
    }
    draft = InvoiceDraft(**{**known, **fields})
    file = brought(PDF, "invoice.pdf")
    return send_invoice(partner_id=partner_id, draft=draft, file=file, actor=Actor(None), at=at)


def _dealing(cast: Cast) -> None:
    if not VatRate.objects.exists():
        a_vat_vendor(at=NOON)


@builds("partner_invoice")
def _partner_invoice(cast: Cast) -> UUID:
    _dealing(cast)
    payable(cast.partner.id, 100_000, at=NOON)
    a_vat_partner(cast.partner, at=NOON)
    return an_invoice(cast.partner.id, at=NOON).id


@builds("vat_status")
def _vat_status(cast: Cast) -> int:
    return a_vat_partner(cast.partner, at=NOON, confirmed=False).id


@builds("self_bill")
def _self_bill(cast: Cast) -> UUID:
    _dealing(cast)
    bank_details(cast.partner.id, at=NOON)
    payable(cast.partner.id, 100_000, at=NOON)
    a_vat_partner(cast.partner, at=NOON, bills=True)
    run = exported_run(at=NOON, approver_id=cast.second_finance.id)
    issue_bills(run_id=run.id, at=NOON)
    bill = SelfBill.objects.get(partner=cast.partner)
    _printed(bill_sheet(bill, "en"))
    return bill.id


@builds("year_certificate")
def _year_certificate(cast: Cast) -> UUID:
    _self_bill(cast)
    row = issue_certificate(
        partner_id=cast.partner.id, year=NOON.year, actor=Actor(cast.finance.id), at=NOON
    )
    _printed(certificate_sheet(row, "en"))
    return row.id


def _printed(sheet: Sheet) -> None:
    """Let the PDF of a paper be there."""
    target = private_root() / stored_name(sheet)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"%PDF-")
