"""The money calendar of a partner, and its secret address for calendar programs."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from commissions.accruals.models import Accrual
from commissions.calendar.ics import calendar_text
from commissions.calendar.pages import (
    CalendarPage,
    Place,
    calendar_page,
    month_asked,
    shown_rewards,
)
from commissions.calendar.selectors import expected_money
from commissions.calendar.services import (
    close_feed,
    feed_behind,
    live_feed,
    open_feed,
    secret_of,
)
from commissions.earnings.lines import lines_for
from partners.directory.models import Partner
from partners.onboarding.rules import EARNINGS
from prm.accounts.capabilities import Capability
from prm.accounts.gates import missing_for, unlocked
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.tenancy.links import tenant_url
from prm.web.htmx import hx_redirect


@require_GET
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def money_calendar(request: MemberRequest) -> HttpResponse:
    """Show one month of what is expected, and what has no day yet."""
    partner_id, now = request.member.own_partner_id, timezone.now()
    place = Place(reverse("commissions:money-calendar"), "commissions:earning-detail")
    feed = live_feed(partner_id=partner_id, user_id=request.member.user_id)
    context = {
        "page": _page(request, partner_id, place, now),
        "address": tenant_url(request.tenant, "commissions:calendar-feed", secret=secret_of(feed))
        if feed
        else "",
    }
    return render(request, "commissions/calendar/month.html", context)


@require_GET
@needs(Capability.SEE_PARTNERS)
def partner_calendar(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Show staff when a partner is paid and what blocks it, as the partner's own people read it; nothing is changed."""
    partner = get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)
    own = reverse("commissions:partner-calendar", kwargs={"partner_id": partner.id})
    may_open = request.member.may(Capability.SEE_MONEY)
    place = Place(own, "commissions:accrual-detail" if may_open else "")
    page = _page(request, partner.id, place, timezone.now())
    context = {"page": page, "partner": partner}
    return render(request, "commissions/calendar/of_partner.html", context)


def _page(request: MemberRequest, partner_id: UUID, place: Place, now: datetime) -> CalendarPage:
    rows, today = expected_money(partner_id, at=now), timezone.localdate()
    month = month_asked(request.GET.get("month", ""), today)
    accruals = Accrual.objects.filter(partner_id=partner_id, id__in=shown_rewards(rows, month))
    titles = {
        line.id: f"{line.company}, {line.name}"
        for line in lines_for(list(accruals), now=now, staff=request.member.is_staff)
    }
    return calendar_page(rows, titles, month=month, today=today, place=place)


@require_POST
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def calendar_open(request: MemberRequest) -> HttpResponse:
    """Make the person's address, or another one in its place."""
    open_feed(
        partner_id=request.member.own_partner_id,
        actor=request.member.actor,
        at=timezone.now(),
    )
    messages.success(request, gettext("Here is the address for your calendar"))
    return hx_redirect(request, "commissions:money-calendar")


@require_POST
@needs(Capability.SEE_EARNINGS)
@unlocked(EARNINGS)
def calendar_close(request: MemberRequest) -> HttpResponse:
    """Revoke the person's address."""
    close_feed(
        partner_id=request.member.own_partner_id,
        actor=request.member.actor,
        at=timezone.now(),
    )
    messages.success(request, gettext("The address no longer works"))
    return hx_redirect(request, "commissions:money-calendar")


@require_GET
@public("calendar programs cannot sign in; the secret in the address is the key")
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a calendar program; 404 for a revoked address, for people who lost the right, and while it is locked."""
    tenant = request.tenant  # type: ignore[attr-defined]
    now = timezone.now()
    feed = feed_behind(secret, tenant_id=tenant.id)
    if feed is None or missing_for(partner_id=feed.partner_id, feature=EARNINGS, at=now):
        raise Http404
    with translation.override(feed.user.language or tenant.language):
        text = calendar_text(
            expected_money(feed.partner_id, at=now),
            name=gettext("Payouts of %(vendor)s") % {"vendor": tenant.name},
            host=tenant.domain or f"{tenant.slug}.portal",
            at=now,
            url=tenant_url(tenant, "commissions:money-calendar"),
        )
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": 'inline; filename="payouts.ics"',
            "X-Robots-Tag": "noindex",
        },
    )
