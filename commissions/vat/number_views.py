"""Finance's check of the VAT numbers that partners said."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from commissions.tax.tabs import tax_tabs
from commissions.vat.checking import StatusDecided, confirm_status, refuse_status
from commissions.vat.forms import RefuseForm
from commissions.vat.models import StatusState
from commissions.vat.pages import status_facts
from commissions.vat.selectors import listed_statuses
from commissions.vat.services import number_of
from commissions.vat.tables import NumberTable
from commissions.vat.wording import STATUS_TONES
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import ask_again, recently_authenticated
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab


@require_GET
@needs(Capability.SEE_MONEY)
def number_list(request: MemberRequest) -> HttpResponse:
    """Show the VAT numbers that wait to be checked, the oldest first, or those that are decided."""
    view = "decided" if request.GET.get("view") == "decided" else "waiting"
    rows, waiting = listed_statuses(), StatusState.RECEIVED
    rows = rows.filter(state=waiting) if view == "waiting" else rows.exclude(state=waiting)
    page = keyset_page(
        rows,
        params=request.GET,
        orders={"sent": ("said_at",)},
        default="sent" if view == "waiting" else "-sent",
    )
    url = reverse("commissions:vat-number-list")
    context = {
        "view": view,
        "tabs": tax_tabs("numbers"),
        "views": [
            Tab(gettext("Waiting"), url, current=view == "waiting"),
            Tab(gettext("Decided"), f"{url}?view=decided", current=view == "decided"),
        ],
        "page": page,
        "table": NumberTable(page.rows, page=page),
    }
    return render_part(request, "commissions/vat/numbers.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def number_check(request: MemberRequest, status_id: int) -> HttpResponse:
    """Show a partner's VAT number in full and decide about it, after a fresh sign-in."""
    said = get_object_or_404(listed_statuses(), id=status_id)
    if not recently_authenticated(request):
        return ask_again(request)
    refuses = request.POST.get("do") == "refuse"
    form = RefuseForm(request.POST if refuses else None)
    if request.method == "POST" and (not refuses or form.is_valid()):
        try:
            if refuses:
                refuse_status(status_id=said.id, note=form.cleaned_data["note"], **acting(request))
            else:
                confirm_status(status_id=said.id, **acting(request))
        except StatusDecided:
            messages.info(request, gettext("Somebody decided about it before"))
        else:
            messages.success(request, gettext("The partner is told"))
        return hx_redirect(request, "commissions:vat-number-list")
    context = {
        "said": said,
        "facts": status_facts(said, number_of(said)),
        "tone": STATUS_TONES[said.state],
        "waits": said.state == StatusState.RECEIVED,
        "may_refuse": said.state != StatusState.REFUSED,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "commissions/vat/number_check.html", context, status=status)
