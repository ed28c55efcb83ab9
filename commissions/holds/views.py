"""Holds that end early: what may be asked for, what waits, what was decided."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from commissions.accruals.models import Accrual
from commissions.earnings.lines import lines_for
from commissions.holds.forms import AskForm
from commissions.holds.models import EarlyRelease, RequestState
from commissions.holds.selectors import (
    accruals_on_hold,
    decidable,
    decided_requests,
    requests_in,
)
from commissions.holds.services import (
    AlreadyDecided,
    approve_early_release,
    ask_early_releases,
    refuse_early_release,
)
from commissions.holds.tables import HoldTable, RequestTable
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.formats import number_text
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

WAITING, ON_HOLD, DECIDED = "waiting", "hold", "decided"
MOST_AT_ONCE = 500


@require_GET
@needs(Capability.SEE_MONEY)
def hold_list(request: MemberRequest) -> HttpResponse:
    view = request.GET.get("view", WAITING)
    return _page(request, AskForm(), view=view if view in {ON_HOLD, DECIDED} else WAITING)


def _page(request: MemberRequest, form: AskForm, *, view: str, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "view": view,
        "form": form,
        "tabs": _tabs(view),
        "may_ask": request.member.may(Capability.PREPARE_PAYOUTS),
        "may_decide": request.member.may(Capability.APPROVE_PAYOUTS),
    }
    if view == ON_HOLD:
        page = keyset_page(
            accruals_on_hold(timezone.now()).select_related("partner"),
            params=request.GET,
            orders={"ends": ("payable_at",), "amount": ("amount_minor",)},
            default="ends",
        )
        table: Any = HoldTable(
            page.rows,
            page=page,
            titles=_titles(page.rows),
            pick=context["may_ask"],
            picked=request.POST.getlist("pick"),
        )
    else:
        rows = requests_in(RequestState.WAITING) if view == WAITING else decided_requests()
        page = keyset_page(
            rows, params=request.GET, orders={"asked": ("asked_at",)}, default="-asked"
        )
        table = RequestTable(
            page.rows,
            page=page,
            own=request.member.user_id,
            titles=_titles([row.accrual for row in page.rows]),
            pick=view == WAITING and context["may_decide"],
        )
    return render_part(
        request,
        "commissions/holds/list.html",
        {**context, "page": page, "table": table},
        status=status,
    )


def _titles(accruals: Sequence[Accrual]) -> dict[int, str]:
    """Return what rewards are for, by their ids."""
    lines = lines_for(list(accruals), now=timezone.now(), staff=True)
    return {line.id: f"{line.company}, {line.name}" for line in lines}


def _tabs(view: str) -> list[Tab]:
    base = reverse("commissions:hold-list")
    waiting = requests_in(RequestState.WAITING).count()
    return [
        Tab(
            gettext("Waiting for a decision"),
            base,
            current=view == WAITING,
            count=number_text(waiting),
            hot=waiting > 0,
        ),
        Tab(gettext("On hold"), f"{base}?view={ON_HOLD}", current=view == ON_HOLD),
        Tab(gettext("Decided"), f"{base}?view={DECIDED}", current=view == DECIDED),
    ]


@require_POST
@needs(Capability.PREPARE_PAYOUTS)
def hold_ask(request: MemberRequest) -> HttpResponse:
    """Ask for the picked rewards; those below the limit are released at once."""
    form = AskForm(request.POST)
    picked = [
        int(value)
        for value in request.POST.getlist("pick")[:MOST_AT_ONCE]
        if value.isdecimal() and len(value) < 19
    ]
    if not form.is_valid():
        return _page(request, form, view=ON_HOLD, status=422)
    made = ask_early_releases(
        accrual_ids=picked,
        reason=form.cleaned_data["reason"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    released = sum(row.state == RequestState.APPROVED for row in made)
    if waiting := len(made) - released:
        words = ngettext(
            "%(count)s request waits for another person",
            "%(count)s requests wait for another person",
            waiting,
        )
        messages.success(request, words % {"count": number_text(waiting)})
    if released:
        messages.success(request, _released_words(released))
    if not made:
        messages.info(request, gettext("Choose commissions that are still on hold"))
    return hx_redirect(request, "commissions:hold-list")


@require_POST
@needs(Capability.APPROVE_PAYOUTS)
def hold_decide(request: MemberRequest) -> HttpResponse:
    """Release or refuse the picked requests; one's own are left alone."""
    ids = _uuids(request.POST.getlist("pick")[:MOST_AT_ONCE])
    approve = request.POST.get("do") == "approve"
    decide: Callable[..., EarlyRelease] = approve_early_release if approve else refuse_early_release
    count = 0
    for request_id in decidable(request.member, ids):
        try:
            decide(request_id=request_id, actor=request.member.actor, at=timezone.now())
        except AlreadyDecided:
            continue
        count += 1
    words = (
        _released_words(count)
        if approve
        else ngettext("%(count)s request is refused", "%(count)s requests are refused", count)
        % {"count": number_text(count)}
    )
    if count:
        messages.success(request, words)
    else:
        messages.info(request, gettext("Choose requests that another person made"))
    return hx_redirect(request, "commissions:hold-list")


def _released_words(count: int) -> str:
    return ngettext(
        "%(count)s commission is payable now", "%(count)s commissions are payable now", count
    ) % {"count": number_text(count)}


def _uuids(values: list[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
