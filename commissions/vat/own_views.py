"""A partner's side of tax: its forms, what it is to the VAT office, self-billing, its invoices."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from commissions.vat.forms import InvoiceForm, StatusForm
from commissions.vat.gate import Proposal, proposals_for
from commissions.vat.invoicing import (
    AmountsDiffer,
    InvoiceDecided,
    InvoiceDraft,
    InvoiceExists,
    NothingToInvoice,
    send_invoice,
    withdraw_invoice,
)
from commissions.vat.pages import invoice_facts, own_page
from commissions.vat.selectors import self_billing_of, status_of, vat_settings, visible_invoices
from commissions.vat.services import (
    SelfBillingNotOffered,
    agree_self_billing,
    end_self_billing,
    number_of,
    say_status,
)
from commissions.vat.wording import INVOICE_TONES, consent_words, wanted_words
from partners.directory.models import Partner
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import fresh_unless_viewing
from prm.uploads.responses import is_ready, send
from prm.uploads.services import UploadRefused
from prm.web.htmx import hx_redirect


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS)
def own_tax(request: MemberRequest) -> HttpResponse:
    """Show a partner what the vendor needs of it, how its payments are taxed, and its papers."""
    return render(request, "commissions/vat/own.html", own_page(request.member, timezone.now()))


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
@fresh_unless_viewing
def own_status(request: MemberRequest) -> HttpResponse:
    """Say what the partner is to the VAT office, after a fresh sign-in."""
    partner = Partner.objects.get(id=request.member.own_partner_id)
    said = status_of(partner.id)
    # Who looks as a partner reads no number in full.
    number = "" if request.member.viewing else number_of(said)
    known = {"kind": said.kind, "number": number} if said else {}
    form = StatusForm(request.POST or None, initial=known, country=partner.country)
    if request.method == "POST" and form.is_valid():
        say_status(
            partner_id=partner.id,
            kind=form.cleaned_data["kind"],
            number=form.cleaned_data["number"],
            **acting(request),
        )
        messages.success(request, gettext("Saved. A VAT number counts once the vendor checked it."))
        return hx_redirect(request, "commissions:tax")
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/status.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
@fresh_unless_viewing
def own_self_billing(request: MemberRequest) -> HttpResponse:
    """Let the vendor write the partner's invoices, or no longer, after a fresh sign-in."""
    partner_id = request.member.own_partner_id
    words = consent_words(request.tenant.legal_name or request.tenant.name)
    if request.method == "POST" and request.POST.get("do") == "end":
        end_self_billing(partner_id=partner_id, **acting(request))
        messages.success(request, gettext("Ended. You write your own invoices from now on."))
        return hx_redirect(request, "commissions:tax")
    if request.method == "POST":
        try:
            agree_self_billing(partner_id=partner_id, text=words, **acting(request))
        except SelfBillingNotOffered:
            messages.warning(request, gettext("The vendor does not write invoices for partners"))
        else:
            messages.success(request, gettext("Agreed. The next payout comes with its invoice."))
        return hx_redirect(request, "commissions:tax")
    settings = vat_settings()
    context = {
        "words": words,
        "agreed": self_billing_of(partner_id),
        "is_offered": settings.starts_on is not None and settings.offers_self_billing,
    }
    return render(request, "commissions/vat/self_billing.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
def invoice_new(request: MemberRequest, currency: str) -> HttpResponse:
    """Send the invoice for what is ready to be paid in a currency."""
    found = proposals_for(request.member.own_partner_id, at=timezone.now())
    wanted = next((row for row in found if row.currency == currency), None)
    if wanted is None:
        return render(request, "commissions/vat/invoice_new.html", {"wanted": None})
    initial = {"upto": wanted.upto_id}
    form = InvoiceForm(currency=currency, initial=initial)
    if request.method == "POST":
        form = InvoiceForm(request.POST, request.FILES, currency=currency)
        if form.is_valid() and _sent(request, form, wanted):
            messages.success(request, gettext("Sent. A person of finance compares it."))
            return hx_redirect(request, "commissions:tax")
    context = {"form": form, "wanted": wanted, "words": wanted_words(wanted)}
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/invoice_new.html", context, status=status)


def _sent(request: MemberRequest, form: InvoiceForm, wanted: Proposal) -> bool:
    values = form.cleaned_data
    draft = InvoiceDraft(
        currency=wanted.currency,
        number=values["number"],
        invoiced_on=values["invoiced_on"],
        net_minor=values["net"].minor,
        vat_minor=values["vat"].minor,
        upto_id=values["upto"],
    )
    try:
        send_invoice(
            partner_id=request.member.own_partner_id,
            draft=draft,
            file=values["file"],
            **acting(request),
        )
    except AmountsDiffer as differs:
        form.add_error("net", wanted_words(differs.proposal))
    except NothingToInvoice:
        form.add_error("net", wanted_words(None))
    except InvoiceExists:
        form.add_error("number", gettext("You sent an invoice with this number before"))
    except UploadRefused as refused:
        form.add_error("file", refused.words)
    return not form.errors


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
def invoice_detail(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Show a partner its invoice, and take it back."""
    invoice = get_object_or_404(visible_invoices(request.member), id=invoice_id)
    if request.method == "POST":
        try:
            withdraw_invoice(invoice_id=invoice.id, **acting(request))
        except InvoiceDecided:
            messages.info(request, gettext("This invoice cannot be withdrawn any more"))
        else:
            messages.success(request, gettext("Withdrawn. You can send another one."))
        return hx_redirect(request, "commissions:tax")
    context = {
        "invoice": invoice,
        "facts": invoice_facts(invoice),
        "tone": INVOICE_TONES[invoice.state],
        "file_ready": is_ready(invoice.upload),
        "may_withdraw": invoice.state in {"received", "approved"} and not invoice.payout_id,
    }
    return render(request, "commissions/vat/invoice.html", context)


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SETTLE_PAYOUTS)
def invoice_file(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Give out the file of an invoice."""
    invoice = get_object_or_404(visible_invoices(request.member), id=invoice_id)
    return send(invoice.upload)
