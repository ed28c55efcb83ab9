"""Tax: a partner's forms, finance's queue, and what is wanted from whom."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.tax.forms import DecideForm, RequirementForm, SendForm
from commissions.tax.lacking import lacking_forms
from commissions.tax.models import FormKind, FormState, TaxForm
from commissions.tax.pages import TONES, form_facts, requirement_words, state_words
from commissions.tax.reminding import TO_REMIND, remind_now
from commissions.tax.selectors import listed_forms, requirements
from commissions.tax.services import (
    AlreadyDecided,
    add_requirement,
    approve_form,
    end_requirement,
    number_of,
    refuse_form,
    send_form,
)
from commissions.tax.tables import LackingTable, TaxFormTable
from commissions.tax.tabs import tax_tabs
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import ask_again, fresh_unless_viewing, recently_authenticated
from prm.uploads.responses import is_ready, send
from prm.uploads.services import UploadRefused
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

# Most rows of missing forms on the page.
SHOWN = 200


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
@fresh_unless_viewing
def own_form(request: MemberRequest, kind: str) -> HttpResponse:
    """Send one form or number, after a fresh sign-in."""
    if kind not in FormKind.values:
        raise Http404
    form = SendForm(request.POST or None, request.FILES or None, kind=kind)
    if request.method == "POST":
        form = SendForm(request.POST, request.FILES, kind=kind)
        if form.is_valid():
            try:
                send_form(
                    partner_id=request.member.own_partner_id,
                    form=kind,
                    number=form.cleaned_data.get("number", ""),
                    file=form.cleaned_data.get("file"),
                    **acting(request),
                )
            except UploadRefused as refused:
                form.add_error("file", refused.words)
            else:
                messages.success(request, gettext("Sent. A person of finance checks it."))
                return hx_redirect(request, "commissions:tax")
    context = {"form": form, "label": FormKind(kind).label}
    status = 422 if form.errors else 200
    return render(request, "commissions/tax/send.html", context, status=status)


@require_GET
@needs(Capability.SEE_MONEY)
def form_list(request: MemberRequest) -> HttpResponse:
    """Show the forms that wait, the oldest first, or those that are decided."""
    view = "decided" if request.GET.get("view") == "decided" else "waiting"
    waiting = listed_forms().filter(state=FormState.RECEIVED)
    rows = waiting if view == "waiting" else listed_forms().exclude(state=FormState.RECEIVED)
    page = keyset_page(
        rows,
        params=request.GET,
        orders={"sent": ("sent_at",)},
        default="sent" if view == "waiting" else "-sent",
    )
    url = reverse("commissions:tax-form-list")
    context = {
        "view": view,
        "tabs": tax_tabs("forms"),
        "views": [
            Tab(gettext("Waiting"), url, current=view == "waiting"),
            Tab(gettext("Decided"), f"{url}?view=decided", current=view == "decided"),
        ],
        "page": page,
        "table": TaxFormTable(page.rows, page=page),
        "may_set": request.member.may(Capability.KEEP_BOOKS),
    }
    return render_part(request, "commissions/tax/list.html", context)


@require_GET
@needs(Capability.SEE_MONEY)
def missing_list(request: MemberRequest) -> HttpResponse:
    """Show whose forms are missing, refused, over or end soon."""
    rows = lacking_forms(at=timezone.now(), limit=SHOWN + 1)
    context = {
        "tabs": tax_tabs("missing"),
        "table": LackingTable(rows[:SHOWN]),
        "has_rows": bool(rows),
        "is_wanted": bool(rows) or requirements().exists(),
        "has_more": len(rows) > SHOWN,
        "shown": SHOWN,
        "may_remind": request.member.may(Capability.SETTLE_PAYOUTS)
        and any(row.state in TO_REMIND for row in rows),
        "may_set": request.member.may(Capability.KEEP_BOOKS),
    }
    return render(request, "commissions/tax/missing.html", context)


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def remind_all(request: MemberRequest) -> HttpResponse:
    """Remind everybody whose form is missing or ends soon."""
    count = remind_now(at=timezone.now())
    messages.success(
        request,
        ngettext("Reminded of %(count)s form", "Reminded of %(count)s forms", count)
        % {"count": count},
    )
    return hx_redirect(request, "commissions:tax-missing")


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def form_detail(request: MemberRequest, form_id: UUID) -> HttpResponse:
    """Show one form with its number in full, and decide about it, after a fresh sign-in."""
    row = get_object_or_404(listed_forms(), id=form_id)
    if not recently_authenticated(request):
        return ask_again(request)
    refuses = request.POST.get("do") == "refuse"
    # Of what is checked again the last day is known.
    form = DecideForm(
        request.POST or None, refuses=refuses, initial={"valid_until": row.valid_until}
    )
    if request.method == "POST" and form.is_valid():
        _decide(request, row, form, refuses=refuses)
        return hx_redirect(request, "commissions:tax-form-list")
    context = {
        "row": row,
        "facts": form_facts(row, number_of(row)),
        "label": state_words(row.state),
        "tone": TONES[row.state],
        "title": FormKind(row.form).label,
        "form": form,
        "waits": row.state == FormState.RECEIVED,
        "file_ready": row.upload is not None and is_ready(row.upload),
    }
    status = 422 if form.errors else 200
    return render(request, "commissions/tax/detail.html", context, status=status)


def _decide(request: MemberRequest, row: TaxForm, form: DecideForm, *, refuses: bool) -> None:
    try:
        if refuses:
            refuse_form(form_id=row.id, note=form.cleaned_data["note"], **acting(request))
        else:
            valid_until = form.cleaned_data["valid_until"]
            approve_form(form_id=row.id, valid_until=valid_until, **acting(request))
    except AlreadyDecided:
        messages.info(request, gettext("Somebody decided about it before"))
    else:
        messages.success(request, gettext("The partner is told"))


@require_GET
@needs(Capability.SETTLE_PAYOUTS)
def form_file(request: MemberRequest, form_id: UUID) -> HttpResponse:
    """Give out the signed form, which names tax numbers too, after a fresh sign-in."""
    row = get_object_or_404(listed_forms(), id=form_id)
    if not recently_authenticated(request):
        return ask_again(request, back=reverse("commissions:tax-form", args=[row.id]))
    return send(row.upload) if row.upload else HttpResponse(status=404)


@require_http_methods(["GET", "POST"])
@needs(Capability.KEEP_BOOKS)
def requirement_list(request: MemberRequest) -> HttpResponse:
    """Say which forms are wanted from whom."""
    form = RequirementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        add_requirement(**form.cleaned_data, **acting(request))
        messages.success(request, gettext("From now on payouts wait for this form"))
        return hx_redirect(request, "commissions:tax-requirements")
    rows = [(row, requirement_words(row)) for row in requirements()]
    return render(
        request,
        "commissions/tax/requirements.html",
        {"form": form, "rows": rows},
        status=422 if form.errors else 200,
    )


@require_POST
@needs(Capability.KEEP_BOOKS)
def requirement_end(request: MemberRequest, requirement_id: int) -> HttpResponse:
    """Want a form no longer."""
    row = get_object_or_404(requirements(), id=requirement_id)
    end_requirement(requirement_id=row.id, **acting(request))
    messages.success(request, gettext("Payouts no longer wait for this form"))
    return hx_redirect(request, "commissions:tax-requirements")
