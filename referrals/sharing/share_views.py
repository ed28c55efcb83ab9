"""The partner's pages for sharing: links with QR codes, what they brought, codes and reviews."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.moves import tenant_day
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.tenancy.links import tenant_url
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab
from referrals.sharing.forms import CouponForm, LinkForm, ReviewForm, link_initial, reward_words
from referrals.sharing.models import Coupon, Link, PartnerReview
from referrals.sharing.qr import qr_png, qr_svg
from referrals.sharing.selectors import (
    Brought,
    Period,
    brought_by_channel,
    brought_by_links,
    destinations_of,
    link_lines,
    period_of,
    programs_shared,
)
from referrals.sharing.services import (
    BadSlug,
    CodeTaken,
    SlugTaken,
    add_coupon,
    add_link,
    add_review,
    change_link,
)
from referrals.sharing.tables import LinkTable

PERIODS = (30, 90, 365)


@require_safe
@needs(Capability.SUBMIT_REFERRAL)
def share(request: MemberRequest) -> HttpResponse:
    """Show the partner's links and what they brought, by channel and link, in a period."""
    partner_id, at = request.member.own_partner_id, timezone.now()
    days = _days(request)
    period = _period(days)
    page = keyset_page(
        Link.objects.filter(partner_id=partner_id),
        params=request.GET,
        orders={"added": ("created_at", "id")},
        default="-added",
    )
    channels = brought_by_channel(partner_id=partner_id, period=period)
    context = {
        "page": page,
        "table": LinkTable(link_lines(page.rows, period), page=page),
        "channels": channels,
        "total": sum((row for _name, row in channels), Brought()),
        "campaigns": brought_by_channel(partner_id=partner_id, period=period, campaigns=True),
        "programs": programs_shared(partner_id, at),
        "periods": _periods(days),
        "tabs": share_tabs("links"),
    }
    return render_part(request, "referrals/sharing/share.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def link_new(request: MemberRequest) -> HttpResponse:
    """Make a link."""
    partner_id, at = request.member.own_partner_id, timezone.now()
    programs = programs_shared(partner_id, at)
    if not programs:
        messages.error(request, _("Your company takes part in no program that is open"))
        return hx_redirect(request, "referrals:share")
    places = [place for program in programs for place in destinations_of(program.id)]
    form = LinkForm(
        request.POST if request.method == "POST" else None, programs=programs, places=places
    )
    if form.is_bound and form.is_valid():
        try:
            link = add_link(
                partner_id=partner_id,
                program_id=form.cleaned_data["program"],
                facts=form.facts,
                actor=request.member.actor,
                at=at,
            )
        except (SlugTaken, BadSlug) as refused:
            form.add_error("slug", slug_words(refused))
        else:
            messages.success(request, _("Your link is ready"))
            return hx_redirect(request, "referrals:link-edit", link_id=link.id)
    return _link_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def link_edit(request: MemberRequest, link_id: UUID) -> HttpResponse:
    """Show one link with its QR code and figures, and change it."""
    link = _own_link(request, link_id)
    form = LinkForm(
        request.POST if request.method == "POST" else None,
        initial=link_initial(link),
        programs=[],
        places=destinations_of(link.program_id),
    )
    if form.is_bound and form.is_valid():
        try:
            change_link(
                link_id=link.id, facts=form.facts, actor=request.member.actor, at=timezone.now()
            )
        except (SlugTaken, BadSlug) as refused:
            form.add_error("slug", slug_words(refused))
        else:
            messages.success(request, _("The changes are saved."))
            return hx_redirect(request, "referrals:link-edit", link_id=link.id)
    return _link_page(request, form, link)


@require_safe
@needs(Capability.SUBMIT_REFERRAL)
def link_qr(request: MemberRequest, link_id: UUID, ending: str) -> HttpResponse:
    """Hand out a link's QR code: a drawing for print, or a picture."""
    if ending not in {"svg", "png"}:
        raise Http404
    link = _own_link(request, link_id)
    address = tenant_url(request.tenant, "referrals:link-follow", slug=link.slug)
    is_svg = ending == "svg"
    response = HttpResponse(
        qr_svg(address) if is_svg else qr_png(address),
        content_type="image/svg+xml" if is_svg else "image/png",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{link.slug}.{ending}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def coupon_list(request: MemberRequest) -> HttpResponse:
    """Show the partner's codes, and make one."""
    partner_id, at = request.member.own_partner_id, timezone.now()
    programs = programs_shared(partner_id, at)
    form = CouponForm(
        request.POST if request.method == "POST" else None,
        initial={"starts_on": tenant_day(at)},
        programs=programs,
        zone=ZoneInfo(request.tenant.time_zone),
    )
    if form.is_bound and form.is_valid():
        try:
            add_coupon(
                partner_id=partner_id,
                program_id=form.cleaned_data["program"],
                facts=form.facts,
                actor=request.member.actor,
                at=at,
            )
        except CodeTaken:
            form.add_error("code", _("This code is taken. Choose another one."))
        else:
            messages.success(request, _("The code can be used"))
            return hx_redirect(request, "referrals:coupon-list")
    coupons = Coupon.objects.filter(partner_id=partner_id).order_by("-created_at", "-id")
    context = {
        "form": form,
        "programs": programs,
        "coupons": [(row, reward_words(row)) for row in coupons[:200]],
        "tabs": share_tabs("codes"),
        "today": at,
    }
    return render(
        request,
        "referrals/sharing/coupons.html",
        context,
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def review_list(request: MemberRequest) -> HttpResponse:
    """Show the partner's reviews, and send one to the vendor."""
    partner_id = request.member.own_partner_id
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        add_review(
            partner_id=partner_id, facts=form.facts, actor=request.member.actor, at=timezone.now()
        )
        messages.success(request, _("Sent. The vendor looks at it before visitors read it"))
        return hx_redirect(request, "referrals:review-list")
    reviews = PartnerReview.objects.filter(partner_id=partner_id).order_by("-created_at", "-id")
    context = {"form": form, "reviews": reviews[:100], "tabs": share_tabs("reviews")}
    return render(
        request,
        "referrals/sharing/reviews.html",
        context,
        status=422 if form.is_bound else 200,
    )


def share_tabs(current: str) -> list[Tab]:
    """Return the pages of sharing as tabs."""
    pages = [
        ("links", _("Links"), "referrals:share"),
        ("page", _("Your page"), "referrals:page-edit"),
        ("reviews", _("Reviews"), "referrals:review-list"),
        ("codes", _("Codes"), "referrals:coupon-list"),
    ]
    return [Tab(label, reverse(name), name_ == current) for name_, label, name in pages]


def _link_page(request: MemberRequest, form: LinkForm, link: Link | None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "link": link,
        "fields": [form[name] for name in form.fields],
    }
    if link is not None:
        address = tenant_url(request.tenant, "referrals:link-follow", slug=link.slug)
        context |= {
            "address": address,
            "qr": qr_svg(address, inline=True),
            "brought": brought_by_links([link.id], _period(365))[link.id],
        }
    return render(
        request, "referrals/sharing/link.html", context, status=422 if form.is_bound else 200
    )


def slug_words(refused: SlugTaken | BadSlug) -> str:
    """Return why an address cannot be had, with free ones near it."""
    if isinstance(refused, SlugTaken) and refused.suggestions:
        free = ", ".join(refused.suggestions)
        return _("This address is taken. Free ones: %(free)s") % {"free": free}
    return _("This address is taken. Choose another one.")


def _own_link(request: MemberRequest, link_id: UUID) -> Link:
    return get_object_or_404(Link, id=link_id, partner_id=request.member.own_partner_id)


def _days(request: MemberRequest) -> int:
    text = request.GET.get("days", "")
    return int(text) if text in {str(days) for days in PERIODS} else PERIODS[1]


def _period(days: int) -> Period:
    today = tenant_day(timezone.now())
    return period_of(today - timedelta(days=days - 1), today)


def _periods(days: int) -> list[Tab]:
    words = {30: _("30 days"), 90: _("90 days"), 365: _("12 months")}
    return [Tab(words[count], f"?days={count}", count == days) for count in PERIODS]
