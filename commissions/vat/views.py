"""Finance's side of VAT: settings, rates, the law's words, partners' invoices, self-billing notes."""

from uuid import UUID

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from commissions.tax.letterheads import logo_address
from commissions.tax.paper_responses import asked_language, sheet_response
from commissions.tax.tabs import tax_tabs
from commissions.vat.forms import RateForm, RefuseForm, SettingsForm, WordsForm
from commissions.vat.invoicing import (
    AmountsDiffer,
    InvoiceDecided,
    approve_invoice,
    expected_of,
    refuse_invoice,
)
from commissions.vat.models import InvoiceState, PartnerInvoice
from commissions.vat.pages import invoice_facts, rate_rows
from commissions.vat.paper import bill_context, bill_sheet
from commissions.vat.selectors import (
    rates_by_country,
    vat_settings,
    visible_bills,
    visible_invoices,
)
from commissions.vat.services import RateMissing, SettingsDraft, save_settings, set_rate
from commissions.vat.tables import BillTable, InvoiceTable
from commissions.vat.tasks import make_bill_pdf
from commissions.vat.wording import INVOICE_TONES, wanted_words
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.uploads.responses import is_ready
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def settings_page(request: MemberRequest) -> HttpResponse:
    """Say how the vendor deals with VAT."""
    kept = vat_settings()
    initial = {
        "starts_on": kept.starts_on,
        "vat_id": kept.vat_id or request.tenant.tax_number,
        "offers_self_billing": kept.offers_self_billing,
        "begins": kept.prefix,
        "wants_status": kept.wants_status,
        "wants_invoice": kept.wants_invoice,
    }
    form = SettingsForm(request.POST or None, initial=initial, country=request.tenant.country)
    if request.method == "POST" and form.is_valid():
        try:
            save_settings(draft=form.draft(kept.words), **acting(request))
        except RateMissing:
            form.add_error(
                "starts_on", gettext("Add the rate of your own country on that day first")
            )
        else:
            messages.success(
                request, gettext("Saved. Runs that are prepared already stay as they are.")
            )
            return hx_redirect(request, "commissions:vat-settings")
    context = {"form": form, "rates": rate_rows(rates_by_country()), "has_words": bool(kept.words)}
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/settings.html", context, status=status)


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def rate_new(request: MemberRequest) -> HttpResponse:
    """Enter a country's rate from a day on."""
    form = RateForm(request.POST or None, initial={"country": request.tenant.country})
    if request.method == "POST" and form.is_valid():
        set_rate(**form.cleaned_data, **acting(request))
        messages.success(request, gettext("The rate counts for payout runs from that day on"))
        return hx_redirect(request, "commissions:vat-settings")
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/rate_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def words_page(request: MemberRequest) -> HttpResponse:
    """Choose the law's words for notes and statements."""
    kept = vat_settings()
    form = WordsForm(request.POST or None, words=kept.words)
    if request.method == "POST" and form.is_valid():
        draft = SettingsDraft(
            starts_on=kept.starts_on,
            vat_id=kept.vat_id,
            offers_self_billing=kept.offers_self_billing,
            wants_status=kept.wants_status,
            wants_invoice=kept.wants_invoice,
            prefix=kept.prefix,
            words=form.words(),
        )
        save_settings(draft=draft, **acting(request))
        messages.success(request, gettext("New papers say it like this; issued ones stay"))
        return hx_redirect(request, "commissions:vat-settings")
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/words.html", {"form": form}, status=status)


@require_GET
@needs(Capability.SEE_MONEY)
def invoice_list(request: MemberRequest) -> HttpResponse:
    """Show the invoices that wait, the oldest first, or those that are decided."""
    view = "decided" if request.GET.get("view") == "decided" else "waiting"
    rows = visible_invoices(request.member)
    waiting = InvoiceState.RECEIVED
    rows = rows.filter(state=waiting) if view == "waiting" else rows.exclude(state=waiting)
    page = keyset_page(
        rows,
        params=request.GET,
        orders={"sent": ("sent_at",)},
        default="sent" if view == "waiting" else "-sent",
    )
    url = reverse("commissions:invoice-list")
    context = {
        "view": view,
        "tabs": tax_tabs("invoices"),
        "views": [
            Tab(gettext("Waiting"), url, current=view == "waiting"),
            Tab(gettext("Decided"), f"{url}?view=decided", current=view == "decided"),
        ],
        "page": page,
        "table": InvoiceTable(page.rows, page=page),
    }
    return render_part(request, "commissions/vat/invoices.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def invoice_check(request: MemberRequest, invoice_id: UUID) -> HttpResponse:
    """Compare an invoice with what is ready to be paid, to the cent, and decide about it."""
    invoice = get_object_or_404(visible_invoices(request.member), id=invoice_id)
    refuses = request.POST.get("do") == "refuse"
    form = RefuseForm(request.POST if refuses else None)
    problem = ""
    if request.method == "POST" and (not refuses or form.is_valid()):
        problem = _decide(request, invoice, form, refuses=refuses)
        if not problem:
            return hx_redirect(request, "commissions:invoice-list")
    wanted = expected_of(invoice, at=timezone.now())
    is_open = invoice.state == InvoiceState.RECEIVED
    differs = wanted is None or (wanted.net_minor, wanted.vat_minor) != (
        invoice.net_minor,
        invoice.vat_minor,
    )
    context = {
        "invoice": invoice,
        "facts": invoice_facts(invoice, for_staff=True),
        "tone": INVOICE_TONES[invoice.state],
        "waits": is_open,
        "may_refuse": invoice.state in {"received", "approved"} and not invoice.payout_id,
        "differs": is_open and differs,
        "words": wanted_words(wanted),
        "form": form,
        "file_ready": is_ready(invoice.upload),
    }
    status = 422 if form.errors or problem else 200
    return render(request, "commissions/vat/invoice_check.html", context, status=status)


def _decide(
    request: MemberRequest, invoice: PartnerInvoice, form: RefuseForm, *, refuses: bool
) -> str:
    """Decide, and return what kept the invoice from being approved."""
    try:
        if refuses:
            refuse_invoice(invoice_id=invoice.id, note=form.cleaned_data["note"], **acting(request))
        else:
            approve_invoice(invoice_id=invoice.id, **acting(request))
    except AmountsDiffer as differs:
        return wanted_words(differs.proposal)
    except InvoiceDecided:
        messages.info(request, gettext("Somebody decided about it before"))
    else:
        messages.success(request, gettext("The partner is told"))
    return ""


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def bill_list(request: MemberRequest) -> HttpResponse:
    """List the self-billing notes that the person may see."""
    page = keyset_page(
        visible_bills(request.member),
        params=request.GET,
        orders={"issued": ("issued_at",)},
        default="-issued",
    )
    staff = request.member.is_staff
    context = {
        "staff": staff,
        "tabs": tax_tabs("notes") if staff else [],
        "page": page,
        "table": BillTable(page.rows, page=page, with_partner=staff),
    }
    return render_part(request, "commissions/vat/bills.html", context)


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def bill_detail(request: MemberRequest, bill_id: UUID) -> HttpResponse:
    """Show a note as it is printed, in the reader's language."""
    bill = get_object_or_404(visible_bills(request.member), id=bill_id)
    context = {
        **bill_context(bill),
        "languages": django_settings.LANGUAGES,
        "logo": logo_address(bill.facts["vendor"]),
    }
    return render(request, "commissions/vat/bill.html", context)


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def bill_pdf(request: MemberRequest, bill_id: UUID) -> HttpResponse:
    """Hand out the PDF of a note in a language; say when it is still being made."""
    bill = get_object_or_404(visible_bills(request.member), id=bill_id)
    sheet = bill_sheet(bill, asked_language(request))
    return sheet_response(
        request,
        sheet,
        back=reverse("commissions:self-bill", kwargs={"bill_id": bill.id}),
        ask=lambda: make_bill_pdf.delay(
            tenant_id=bill.tenant_id, bill_id=str(bill.id), language=sheet.language
        ),
    )
