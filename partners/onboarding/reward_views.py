"""The vendor's pages of what partners have earned beside commissions."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.onboarding.forms import FulfilForm
from partners.onboarding.manage_head import onboarding_tabs, reader_language
from partners.onboarding.models import Entitlement
from partners.onboarding.rewards import fulfil
from partners.onboarding.selectors import entitlement_words
from partners.onboarding.tables import EntitlementTable
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.filters import FilterBar, select_from
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_PARTNERS)
def entitlements(request: MemberRequest) -> HttpResponse:
    """List what partners have earned beside commissions."""
    state = select_from(
        request.GET,
        "state",
        _("State"),
        [("given", _("Given")), ("all", _("All"))],
        any_label=_("To give"),
    )
    rows = Entitlement.objects.select_related("partner", "program")
    if state.value != "all":
        rows = rows.filter(fulfilled_at__isnull=state.value != "given")
    page = keyset_page(
        rows, params=request.GET, orders={"earned": ("earned_at",)}, default="-earned"
    )
    for row in page.rows:
        row.words = entitlement_words(row, reader_language())
    context = {
        "page": page,
        "table": EntitlementTable(page.rows, page=page),
        "bar": FilterBar(
            reverse("partners:entitlement-list"), _("Filter rewards"), request.GET, selects=[state]
        ),
        "tabs": onboarding_tabs("rewards"),
    }
    return render_part(
        request, "partners/onboarding/entitlements.html", context, say=page.shown_text
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def entitlement(request: MemberRequest, entitlement_id: UUID) -> HttpResponse:
    """Show one reward, and note how it was given."""
    row = get_object_or_404(
        Entitlement.objects.select_related("partner", "program", "fulfilled_by"),
        id=entitlement_id,
    )
    form = FulfilForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        fulfil(
            entitlement_id=row.id,
            text=form.cleaned_data["text"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, _("Noted. The partner sees it as given."))
        return hx_redirect(request, "partners:entitlement-list")
    context = {"row": row, "words": entitlement_words(row, reader_language()), "form": form}
    return render(
        request,
        "partners/onboarding/entitlement.html",
        context,
        status=422 if form.is_bound else 200,
    )
