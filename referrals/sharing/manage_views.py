"""The vendor's pages for sharing: what waits for approval, a program's rules, the report by channel."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.models import Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.htmx import hx_redirect
from referrals.claims.review import review_tabs
from referrals.sharing.forms import (
    AnswerForm,
    DestinationForm,
    SharingRulesForm,
    StaffReviewForm,
    rules_initial,
)
from referrals.sharing.models import Destination, LandingPage, PageState, PartnerReview, ReviewState
from referrals.sharing.pages import NotWaiting, decide_page
from referrals.sharing.selectors import destinations_of
from referrals.sharing.services import (
    BadDestination,
    add_destination,
    add_review,
    decide_review,
    edit_sharing_rules,
    retire_destination,
)
from referrals.sharing.settings import sharing_rules

SHOWN = 50


@require_safe
@needs(Capability.EDIT_PARTNERS)
def sharing_queue(request: MemberRequest) -> HttpResponse:
    """Show the pages and reviews that wait for an answer, oldest first."""
    return _queue(request)


@require_POST
@needs(Capability.EDIT_PARTNERS)
def page_decide(request: MemberRequest, page_id: UUID) -> HttpResponse:
    """Make a page public, or ask the partner for changes."""
    page = get_object_or_404(LandingPage, id=page_id)
    form = AnswerForm(request.POST, prefix=str(page.id))
    if not form.is_valid():
        return _queue(request, failed=form, status=422)
    approve = form.cleaned_data["do"] == "approve"
    try:
        decide_page(
            page_id=page.id,
            approve=approve,
            reason=form.cleaned_data["reason"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except NotWaiting:
        messages.info(request, _("This page does not wait any more"))
    else:
        messages.success(request, _("The page is public") if approve else _("The partner is told"))
    return hx_redirect(request, "referrals:sharing-queue")


@require_POST
@needs(Capability.EDIT_PARTNERS)
def review_decide(request: MemberRequest, review_id: UUID) -> HttpResponse:
    """Show a review on the partner's page, or do not."""
    review = get_object_or_404(PartnerReview, id=review_id)
    form = AnswerForm(request.POST, prefix=str(review.id))
    if not form.is_valid():
        return _queue(request, failed=form, status=422)
    approve = form.cleaned_data["do"] == "approve"
    decide_review(
        review_id=review.id,
        approve=approve,
        reason=form.cleaned_data["reason"],
        actor=request.member.actor,
        at=timezone.now(),
    )
    messages.success(request, _("The review is shown") if approve else _("The partner is told"))
    return hx_redirect(request, "referrals:sharing-queue")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def manage_review_new(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Enter a customer's review for a partner, with how the customer agreed; show it at once or let it wait."""
    partner = get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)
    form = StaffReviewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        actor, at = request.member.actor, timezone.now()
        review = add_review(partner_id=partner.id, facts=form.facts, actor=actor, at=at)
        if form.cleaned_data["show"]:
            decide_review(review_id=review.id, approve=True, reason="", actor=actor, at=at)
        messages.success(
            request,
            _("The review is shown") if form.cleaned_data["show"] else _("The review waits"),
        )
        return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    return render(
        request,
        "referrals/sharing/manage_review.html",
        {"form": form, "partner": partner},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def sharing_rules_edit(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show and change how a program's partners may share."""
    program = get_object_or_404(Program, id=program_id)
    form = SharingRulesForm(
        request.POST if request.method == "POST" else None,
        initial=rules_initial(sharing_rules(program.id)),
        first=request.tenant.language,
    )
    if form.is_bound and form.is_valid():
        edit_sharing_rules(
            program_id=program.id, actor=request.member.actor, at=timezone.now(), **form.settings
        )
        messages.success(request, _("The changes are saved."))
        return hx_redirect(request, "referrals:sharing-rules", program_id=program.id)
    return _rules_page(request, program, form, DestinationForm())


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def destination_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Let a program's links lead to one more page."""
    program = get_object_or_404(Program, id=program_id)
    form = DestinationForm(request.POST)
    if form.is_valid():
        try:
            add_destination(
                program_id=program.id,
                **form.cleaned_data,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except BadDestination:
            form.add_error(
                "url", _("Enter the full address of a web page, such as https://company.com/")
            )
        else:
            messages.success(request, _("Links may lead there now"))
            return hx_redirect(request, "referrals:sharing-rules", program_id=program.id)
    rules = SharingRulesForm(
        initial=rules_initial(sharing_rules(program.id)), first=request.tenant.language
    )
    return _rules_page(request, program, rules, form)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def destination_retire(
    request: MemberRequest, program_id: UUID, destination_id: UUID
) -> HttpResponse:
    """Take a page off the list."""
    place = get_object_or_404(Destination, id=destination_id, program_id=program_id)
    back = reverse("referrals:sharing-rules", kwargs={"program_id": program_id})
    question = Question(
        heading=_("Let no link lead to %(label)s") % {"label": place.label},
        facts=[(_("Address of the page"), place.url)],
        points=[
            _("Links that lead there now lead to their partner's own page from then on."),
            _("They keep their addresses, and every click counts as before."),
        ],
        submit=_("Remove page"),
        back_url=back,
        crumbs=[(_("Sharing"), back)],
    )
    if place.retired_at is None:
        if page := asked_first(request, question):
            return page
        retire_destination(destination_id=place.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, _("Links that led there lead to their partner's page now"))
    return hx_redirect(request, "referrals:sharing-rules", program_id=program_id)


def _rules_page(
    request: MemberRequest, program: Program, form: SharingRulesForm, place: DestinationForm
) -> HttpResponse:
    context = {
        "program": program,
        "form": form,
        "texts": form.group("disclosure"),
        "place": place,
        "places": destinations_of(program.id),
    }
    bad = form.is_bound or place.is_bound
    return render(request, "referrals/sharing/rules.html", context, status=422 if bad else 200)


def _queue(
    request: MemberRequest, *, failed: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    pages = (
        LandingPage.objects.filter(state=PageState.WAITING)
        .select_related("partner", "program")
        .order_by("sent_at", "id")[:SHOWN]
    )
    reviews = (
        PartnerReview.objects.filter(state=ReviewState.WAITING)
        .select_related("partner")
        .order_by("created_at", "id")[:SHOWN]
    )

    def with_form(row: Any) -> tuple[Any, AnswerForm]:
        known = failed is not None and failed.prefix == str(row.id)
        return row, failed if known and failed else AnswerForm(prefix=str(row.id))

    context = {
        "pages": [with_form(row) for row in pages],
        "reviews": [with_form(row) for row in reviews],
        "failed": failed,
        "tabs": review_tabs("sharing"),
    }
    return render(request, "referrals/sharing/queue.html", context, status=status)
