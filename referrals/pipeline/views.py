"""Referrals as their partner sees them."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, redirect_to, render_part
from referrals.pipeline.following import set_following
from referrals.pipeline.forms import NoteForm
from referrals.pipeline.listings import export_answer, partner_listing
from referrals.pipeline.models import Referral
from referrals.pipeline.moved import moved_page
from referrals.pipeline.pages import referral_page
from referrals.pipeline.panels import panel, sections
from referrals.pipeline.services import add_note


@require_safe
@needs(Capability.SEE_OWN_REFERRALS)
def referral_list(request: MemberRequest) -> HttpResponse:
    return render_part(request, "referrals/pipeline/list.html", partner_listing(request))


@require_POST
@needs(Capability.SEE_OWN_REFERRALS)
def referral_export(request: MemberRequest) -> HttpResponse:
    return export_answer(request, back=reverse("referrals:referral-list"))


@require_safe
@needs(Capability.SEE_OWN_REFERRALS)
def referral_detail(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    try:
        referral = _visible(request, referral_id)
    except Http404:
        page = moved_page(request, referral_id)
        if page is None:
            raise
        return page
    return _detail(request, referral, NoteForm())


@require_POST
@needs(Capability.SEE_OWN_REFERRALS)
def referral_note(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    referral = _visible(request, referral_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _detail(request, referral, form, status=422)
    actor = request.member.actor
    add_note(
        referral_id=referral.id,
        text=form.cleaned_data["text"],
        internal=False,
        actor=actor,
        at=timezone.now(),
    )
    return redirect_to(
        request,
        reverse("referrals:referral-detail", kwargs={"referral_id": referral.id}) + "#timeline",
    )


@require_POST
@needs(Capability.SEE_OWN_REFERRALS)
def referral_follow(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Follow a referral's steps, or no longer."""
    referral = _visible(request, referral_id)
    follow(request, referral)
    return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)


def follow(request: MemberRequest, referral: Referral) -> None:
    """Do what the button of following says, and say so."""
    wanted = request.POST.get("follow") == "yes"
    set_following(referral=referral, member=request.member, follow=wanted, at=timezone.now())
    messages.success(
        request,
        gettext("You follow this referral") if wanted else gettext("You no longer follow it"),
    )


def _visible(request: MemberRequest, referral_id: UUID) -> Referral:
    referrals = Referral.objects.visible_to(request.member)
    return get_object_or_404(
        referrals.select_related(
            "program", "partner", "partner__manager", "stage", "owner", "submitted_by"
        ),
        id=referral_id,
    )


def _detail(
    request: MemberRequest, referral: Referral, form: NoteForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "page": referral_page(referral, member=request.member, vendor=request.tenant.name),
        "referral": referral,
        "form": form,
        "earnings": panel("referral.earnings", referral, request.member),
        "main_sections": sections("referral.main", referral, request.member, request),
        "later_sections": sections("referral.later", referral, request.member, request),
        "aside_sections": sections("referral.aside", referral, request.member, request),
        "note_hint": gettext("%(vendor)s sees your notes, the company never does.")
        % {"vendor": request.tenant.name},
    }
    return render(request, "referrals/pipeline/detail.html", context, status=status)
