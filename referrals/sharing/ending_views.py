"""What a partner ends or takes away, each asked once more on a page that says what will happen."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.directory.moves import tenant_day
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.formats import number_text
from prm.web.htmx import hx_redirect
from referrals.sharing.models import Coupon, LandingPage, Link, PageState, PartnerReview
from referrals.sharing.pages import take_page_down
from referrals.sharing.selectors import brought_by_links, period_of
from referrals.sharing.services import remove_review, retire_coupon, retire_link

YEAR = 365


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def link_retire(request: MemberRequest, link_id: UUID) -> HttpResponse:
    """End a link."""
    link = get_object_or_404(Link, id=link_id, partner_id=request.member.own_partner_id)
    if link.retired_at is None:
        if page := asked_first(request, _end_link(link)):
            return page
        retire_link(link_id=link.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, _("The link has ended; its address stays yours"))
    return hx_redirect(request, "referrals:share")


def _end_link(link: Link) -> Question:
    today = tenant_day(timezone.now())
    brought = brought_by_links([link.id], period_of(today - timedelta(days=YEAR - 1), today))
    back = reverse("referrals:link-edit", kwargs={"link_id": link.id})
    name = link.label or link.slug
    return Question(
        heading=_("End the link %(name)s") % {"name": name},
        facts=[
            (_("Address"), f"/r/{link.slug}/"),
            (_("Clicks in 12 months"), number_text(brought[link.id].clicks)),
            (_("Leads in 12 months"), number_text(brought[link.id].leads)),
        ],
        points=[
            _("Whoever follows it, or its QR code, reads that it has ended. No click counts."),
            _("What it brought stays yours. Nobody else can take its address."),
            _("This cannot be taken back; make a new link instead."),
        ],
        submit=_("End link"),
        back_url=back,
        crumbs=[(_("Share"), reverse("referrals:share")), (name, back)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def coupon_retire(request: MemberRequest, coupon_id: UUID) -> HttpResponse:
    """End a code."""
    coupon = get_object_or_404(Coupon, id=coupon_id, partner_id=request.member.own_partner_id)
    if coupon.retired_at is None:
        if page := asked_first(request, _end_code(coupon)):
            return page
        retire_coupon(coupon_id=coupon.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, _("The code has ended"))
    return hx_redirect(request, "referrals:coupon-list")


def _end_code(coupon: Coupon) -> Question:
    back = reverse("referrals:coupon-list")
    return Question(
        heading=_("End the code %(code)s") % {"code": coupon.code},
        facts=[(_("Used so far"), number_text(coupon.use_count))],
        points=[
            _("Customers who give it from now on get nothing for it, and are not your referrals."),
            _("What it brought stays yours. Nobody else can take the code."),
            _("This cannot be taken back; make a new code instead."),
        ],
        submit=_("End code"),
        back_url=back,
        crumbs=[(_("Share"), reverse("referrals:share")), (_("Codes"), back)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def review_remove(request: MemberRequest, review_id: UUID) -> HttpResponse:
    """Take a review away."""
    review = get_object_or_404(
        PartnerReview, id=review_id, partner_id=request.member.own_partner_id
    )
    back = reverse("referrals:review-list")
    question = Question(
        heading=_("Remove the review of %(name)s") % {"name": review.author_name},
        points=[
            _("It is deleted, and disappears from your page at once."),
            _("This cannot be taken back; add it again and the vendor looks at it again."),
        ],
        submit=_("Remove review"),
        back_url=back,
        crumbs=[(_("Share"), reverse("referrals:share")), (_("Reviews"), back)],
    )
    if page := asked_first(request, question):
        return page
    remove_review(review_id=review.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, _("The review is removed"))
    return hx_redirect(request, "referrals:review-list")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def page_down(request: MemberRequest, page_id: UUID) -> HttpResponse:
    """Take the page from the public."""
    page = get_object_or_404(LandingPage, id=page_id, partner_id=request.member.own_partner_id)
    back = reverse("referrals:page-edit")
    question = Question(
        heading=_("Take your page down"),
        facts=[(_("Address"), f"/p/{page.slug}/")],
        points=[
            _("Visitors of its address read that it is gone, and are led to the program."),
            _("Your links go on working: they lead to the program's form, and count as before."),
            _("What you wrote is kept. Send it again and it becomes public again."),
        ],
        submit=_("Take page down"),
        back_url=back,
        crumbs=[(_("Share"), reverse("referrals:share")), (_("Your page"), back)],
    )
    if page.state != PageState.OFF:
        if asked := asked_first(request, question):
            return asked
        take_page_down(page_id=page.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, _("The page is no longer public"))
    return hx_redirect(request, "referrals:page-edit")
