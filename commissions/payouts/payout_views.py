"""The page of one payment, and what its bank did with it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from commissions.payouts import services
from commissions.payouts.faults import CauseKnown, fault_of, may_be_confirmed, say_cause
from commissions.payouts.forms import CauseForm, ReturnForm
from commissions.payouts.models import Payout, PayoutState, ReturnCause
from commissions.payouts.payout_page import payout_facts
from commissions.payouts.selectors import (
    lines_of,
    visible_payouts,
)
from commissions.payouts.tables import PAYOUT_TONES
from commissions.statements.lines import titles_of
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def payout_detail(request: MemberRequest, payout_id: UUID) -> HttpResponse:
    """Show one payment, to the partner it goes to and to staff."""
    payout = get_object_or_404(visible_payouts(request.member), id=payout_id)
    return _payout_page(request, payout)


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def payout_settle(request: MemberRequest, payout_id: UUID) -> HttpResponse:
    """Note that the bank paid it."""
    payout = get_object_or_404(visible_payouts(request.member), id=payout_id)
    try:
        services.settle_payout(payout_id=payout.id, actor=request.member.actor, at=timezone.now())
    except services.PayoutNotInState:
        messages.warning(
            request, gettext("Only payments that were sent to the bank can be marked as paid")
        )
    else:
        messages.success(
            request, gettext("%(number)s is marked as paid") % {"number": payout.number}
        )
    return hx_redirect(request, "commissions:payout-detail", payout_id=payout.id)


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def payout_return(request: MemberRequest, payout_id: UUID) -> HttpResponse:
    """Note that the bank sent it back, and why."""
    payout = get_object_or_404(visible_payouts(request.member), id=payout_id)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _payout_page(request, payout, form, status=422)
    try:
        services.return_payout(
            payout_id=payout.id,
            reason=form.cleaned_data["reason"],
            cause=form.cleaned_data["cause"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except services.PayoutNotInState:
        messages.warning(request, gettext("Only payments that were sent to the bank can come back"))
    else:
        messages.success(
            request, gettext("%(number)s is payable again") % {"number": payout.number}
        )
    return hx_redirect(request, "commissions:payout-detail", payout_id=payout.id)


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def payout_cause(request: MemberRequest, payout_id: UUID) -> HttpResponse:
    """Say why a payment came back whose bank gave no code."""
    payout = get_object_or_404(visible_payouts(request.member), id=payout_id)
    form = CauseForm(request.POST)
    # Once it is known the page asks something else: there is no form to show the problem in.
    if not form.is_valid() and payout.return_cause == ReturnCause.UNCLEAR:
        return _payout_page(request, payout, form, status=422)
    try:
        say_cause(
            payout_id=payout.id,
            cause=form.cleaned_data.get("cause", ReturnCause.UNCLEAR),
            actor=request.member.actor,
            at=timezone.now(),
        )
    except CauseKnown:
        messages.info(request, gettext("It is known why this payment came back"))
    else:
        messages.success(
            request, gettext("Noted why %(number)s came back") % {"number": payout.number}
        )
    return hx_redirect(request, "commissions:payout-detail", payout_id=payout.id)


def _payout_page(
    request: MemberRequest, payout: Payout, form: CauseForm | None = None, *, status: int = 200
) -> HttpResponse:
    staff = request.member.is_staff
    lines = lines_of(payout.id)
    fault = fault_of(payout.id) if payout.state == PayoutState.RETURNED else None
    may_act = staff and request.member.may(Capability.SETTLE_PAYOUTS)
    asks = may_act and payout.return_cause == ReturnCause.UNCLEAR
    context = {
        "payout": payout,
        "tone": PAYOUT_TONES[payout.state],
        "facts": payout_facts(payout, fault, for_staff=staff),
        "lines": titles_of(lines, payout.currency),
        "hidden_count": max(0, payout.line_count - len(lines)),
        "staff": staff,
        "form": form or (CauseForm() if asks else ReturnForm()),
        "asks_cause": asks,
        "may_confirm": may_act and fault is not None and may_be_confirmed(fault),
        "may_settle": may_act and payout.state == "exported",
        "may_return": may_act and payout.state in {"exported", "settled"},
    }
    return render(request, "commissions/payouts/payout_detail.html", context, status=status)
