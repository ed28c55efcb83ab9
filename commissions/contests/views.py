"""Contests as a partner's people see them."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from commissions.contests.pages import contest_page, contest_rows
from commissions.contests.selectors import contests_visible_to
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.PARTNER_HOME)
def contest_list(request: MemberRequest) -> HttpResponse:
    """List the contests of the partner's programs, the newest first."""
    page = keyset_page(
        contests_visible_to(request.member),
        params=request.GET,
        orders={"starts": ("starts_at",)},
        default="-starts",
    )
    rows = contest_rows(page.rows, now=timezone.now(), zone=ZoneInfo(request.tenant.time_zone))
    return render(request, "commissions/contests/own_list.html", {"rows": rows, "page": page})


@require_safe
@needs(Capability.PARTNER_HOME)
def contest_detail(request: MemberRequest, contest_id: UUID) -> HttpResponse:
    """Show a contest's rules and standings; other partners are places without names."""
    contest = get_object_or_404(contests_visible_to(request.member), id=contest_id)
    page = contest_page(
        contest, request.member, now=timezone.now(), zone=ZoneInfo(request.tenant.time_zone)
    )
    return render(request, "commissions/contests/own.html", {"page": page})
