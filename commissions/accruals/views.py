"""The queue of a budget for those who run the plans; what a partner allows its people."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.accruals.budgets import still_waiting
from commissions.accruals.forms import RepRewardsForm, TaxMarkForm
from commissions.accruals.people import mark_for_taxes, years_of_people
from commissions.accruals.reps import policy_of, set_policy
from commissions.accruals.tables import WaitingTable
from commissions.accruals.waiting import budget_uses, waiting_lines
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect
from prm.web.paging import keyset_page


@require_GET
@needs(Capability.SEE_MONEY)
def waiting_list(request: MemberRequest) -> HttpResponse:
    """Show budgets and what waits for them, in the order in which it will be booked."""
    rows = still_waiting().select_related("partner", "program")
    page = keyset_page(
        rows, params=request.GET, orders={"earned": ("earned_at", "id")}, default="earned"
    )
    context = {
        "budgets": budget_uses(timezone.now()),
        "page": page,
        "table": WaitingTable(waiting_lines(page.rows), staff=True, page=page),
    }
    return render(request, "commissions/accruals/waiting.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_TEAM)
def rep_rewards(request: MemberRequest) -> HttpResponse:
    """Say whether the partner's people may receive rewards, and show what they got."""
    partner_id = request.member.own_partner_id
    form = RepRewardsForm(
        request.POST or None, initial={"allows": policy_of(partner_id, timezone.now())}
    )
    if form.is_bound and form.is_valid():
        set_policy(partner_id=partner_id, allows=form.cleaned_data["allows"], **acting(request))
        messages.success(request, gettext("Saved. It counts from now on."))
        return hx_redirect(request, "commissions:rep-rewards")
    return _people_page(request, form)


@require_POST
@needs(Capability.MANAGE_TEAM)
def rep_tax_mark(request: MemberRequest) -> HttpResponse:
    """Mark what a person got in a year as reported for taxes."""
    partner_id = request.member.own_partner_id
    marked = TaxMarkForm(request.POST, rows=years_of_people(partner_id))
    if not marked.is_valid():
        form = RepRewardsForm(initial={"allows": policy_of(partner_id, timezone.now())})
        return _people_page(request, form, marked=marked)
    mark_for_taxes(partner_id=partner_id, **marked.chosen, **acting(request))
    messages.success(request, gettext("Marked as reported"))
    return hx_redirect(request, "commissions:rep-rewards")


def _people_page(
    request: MemberRequest, form: RepRewardsForm, *, marked: TaxMarkForm | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "marked": marked,
        "rows": years_of_people(request.member.own_partner_id),
        "back": reverse("partner-home"),
    }
    status = 422 if form.is_bound or marked else 200
    return render(request, "commissions/accruals/rep_rewards.html", context, status=status)
