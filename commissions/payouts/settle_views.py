"""Marking a run's payments as paid: all that are open, or those that were ticked, after asking once."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from commissions.payouts import services
from commissions.payouts.forms import left_out_ids
from commissions.payouts.models import Payout, PayoutRun, PayoutState
from commissions.payouts.selectors import run_totals
from commissions.payouts.wording import total_stats
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.formats import number_text
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def run_settle(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Mark the payments that the address names as paid, or all that are open when it names none."""
    run = get_object_or_404(PayoutRun, id=run_id)
    picked = _picked(request, run) if request.GET.get("do") == "picked" else None
    if picked == []:
        messages.warning(request, gettext("Select payments that the bank has not answered yet"))
        return hx_redirect(request, "commissions:run-detail", run_id=run.id)
    if page := asked_first(request, _question(run, picked)):
        return page
    actor, now = request.member.actor, timezone.now()
    try:
        if picked is None:
            count = services.settle_all(run_id=run.id, actor=actor, at=now)
        else:
            for payout_id in picked:
                services.settle_payout(payout_id=payout_id, actor=actor, at=now)
            count = len(picked)
    except (services.RunNotInState, services.PayoutNotInState):
        messages.warning(
            request, gettext("Only payments that were sent to the bank can be marked as paid")
        )
    else:
        words = ngettext(
            "%(count)s payment is marked as paid", "%(count)s payments are marked as paid", count
        )
        messages.success(request, words % {"count": count})
    return hx_redirect(request, "commissions:run-detail", run_id=run.id)


def _picked(request: MemberRequest, run: PayoutRun) -> list[UUID]:
    """Return the ticked payments that are still open; what came back or was marked meanwhile is left as it is."""
    ticked = left_out_ids(request.GET.getlist("pick"))
    rows = Payout.objects.filter(run_id=run.id, id__in=ticked, state=PayoutState.EXPORTED)
    return list(rows.order_by("id").values_list("id", flat=True))


def _question(run: PayoutRun, picked: list[UUID] | None) -> Question:
    """Ask with what would be marked: its count and its sums by currency."""
    here = reverse("commissions:run-detail", kwargs={"run_id": run.id})
    totals = run_totals(run.id, state=PayoutState.EXPORTED, among=picked)
    count = sum(total.payout_count for total in totals)
    heading = (
        gettext("Mark all of %(number)s as paid?")
        if picked is None
        else gettext("Mark the selected payments of %(number)s as paid?")
    )
    return Question(
        heading=heading % {"number": run.number},
        points=[
            ngettext(
                "%(count)s payment is booked as paid by the bank.",
                "%(count)s payments are booked as paid by the bank.",
                count,
            )
            % {"count": number_text(count)},
            gettext("The partners are told, and this cannot be undone."),
            gettext("A payment that comes back later can still be marked as returned."),
        ],
        submit=gettext("Mark all as paid")
        if picked is None
        else gettext("Mark the selected as paid"),
        back_url=here,
        crumbs=[(gettext("Payout runs"), reverse("commissions:run-list")), (run.number, here)],
        facts=[(stat.label, stat.value) for stat in total_stats(totals)],
        danger=False,
    )
