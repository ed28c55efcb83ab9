"""A partner's profile, goals and plan: the partner's own pages, and the vendor's beside them."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.goals import end_goal, goal_lines, set_goal
from partners.directory.listed import (
    entry_of,
    is_open,
    listed_profiles,
    profile_of,
    waiting_for_approval,
)
from partners.directory.models import Partner, PartnerGoal, PartnerProfile
from partners.directory.profile_forms import LOGO_BYTES, GoalForm, PlanForm, ProfileForm
from partners.directory.profile_rules import NEEDED, gaps_of
from partners.directory.profiles import (
    NotListed,
    ProfileIncomplete,
    agree_to_listing,
    approve_listing,
    edit_plan,
    edit_profile,
    hide_listing,
    remove_logo,
    withdraw_listing,
)
from partners.programs.texts import rendered
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.uploads.responses import send
from prm.uploads.rules import PICTURES
from prm.uploads.services import UploadRefused, keep_upload
from prm.web.htmx import hx_redirect

FIELDS = (
    "about",
    "services",
    "industries",
    "regions",
    "languages",
    "contact_email",
    "contact_phone",
)


@require_safe
@needs(Capability.PARTNER_HOME)
def profile(request: MemberRequest) -> HttpResponse:
    """Show the partner its profile, what it lacks, its goals and the plan made with the vendor."""
    partner = Partner.objects.get(id=request.member.own_partner_id)
    context = _shown(partner) | {"may_edit": request.member.may(Capability.EDIT_PROFILE)}
    return render(request, "partners/directory/profile.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROFILE)
def profile_edit(request: MemberRequest) -> HttpResponse:
    """Change what the partner says about itself."""
    partner_id = request.member.own_partner_id
    found = profile_of(partner_id)
    sent = request.method == "POST"
    form = ProfileForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        initial={name: getattr(found, name) for name in FIELDS},
    )
    if sent and form.is_valid() and _profile_kept(request, form, partner_id):
        messages.success(request, _("The profile is saved."))
        return hx_redirect(request, "partners:profile")
    return render(
        request,
        "partners/directory/profile_edit.html",
        {"form": form, "has_logo": found.logo_id is not None},
        status=422 if sent else 200,
    )


def _profile_kept(request: MemberRequest, form: ProfileForm, partner_id: UUID) -> bool:
    """Keep the logo and the facts; put a refused file into the form and return False."""
    actor, at, logo_id = request.member.actor, timezone.now(), None
    if file := form.cleaned_data["logo"]:
        try:
            logo_id = keep_upload(
                file=file,
                purpose="directory.logo",
                allowed=PICTURES,
                max_bytes=LOGO_BYTES,
                partner_id=partner_id,
                actor=actor,
                at=at,
            ).id
        except UploadRefused as refusal:
            form.add_error("logo", refusal.words)
            return False
    elif form.cleaned_data["remove_logo"]:
        remove_logo(partner_id=partner_id, actor=actor, at=at)
    edit_profile(partner_id=partner_id, facts=form.facts, logo_id=logo_id, actor=actor, at=at)
    return True


@require_POST
@needs(Capability.EDIT_PROFILE)
def profile_listing(request: MemberRequest) -> HttpResponse:
    """Agree to be listed in public, or take that back."""
    partner_id, actor, at = request.member.own_partner_id, request.member.actor, timezone.now()
    if request.POST.get("do") == "withdraw":
        withdraw_listing(partner_id=partner_id, actor=actor, at=at)
        messages.success(request, _("Your company is out of the public directory."))
    elif request.POST.get("do") == "agree" and request.POST.get("consent") != "on":
        messages.error(request, _("Tick the box first: without your consent nothing is listed."))
    elif request.POST.get("do") == "agree":
        try:
            agree_to_listing(partner_id=partner_id, actor=actor, at=at)
        except ProfileIncomplete:
            messages.error(request, _("Complete the profile first."))
        except NotListed:
            messages.error(request, _("Only active partners are listed."))
        else:
            messages.success(
                request, _("Thank you. The entry shows as soon as the vendor has approved it.")
            )
    return hx_redirect(request, "partners:profile")


@require_safe
@needs(Capability.PARTNER_HOME, Capability.SEE_PARTNERS)
def profile_logo(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Answer a partner's logo to its people and to staff."""
    partner = get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)
    found = profile_of(partner.id)
    if found.logo is None:
        raise Http404
    return send(found.logo, inline_ok=True)


@require_safe
@needs(Capability.SEE_PARTNERS)
def partner_profile(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Show the vendor a partner's profile, goals and plan."""
    partner = _partner(request, partner_id)
    context = _shown(partner) | {"may_edit": request.member.may(Capability.EDIT_PARTNERS)}
    return render(request, "partners/directory/partner_profile.html", context)


@require_POST
@needs(Capability.EDIT_PARTNERS)
def partner_listing(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Approve a partner's entry in the public directory, or hide it."""
    partner = _partner(request, partner_id)
    actor, at = request.member.actor, timezone.now()
    if request.POST.get("do") == "hide":
        hide_listing(partner_id=partner.id, actor=actor, at=at)
    elif request.POST.get("do") == "approve":
        try:
            approve_listing(partner_id=partner.id, actor=actor, at=at)
        except NotListed:
            messages.error(request, _("The partner has not agreed to be listed."))
    return hx_redirect(request, "partners:partner-profile", partner_id=partner.id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_plan(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Write the business plan made with a partner."""
    partner = _partner(request, partner_id)
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        initial={"plan": profile_of(partner.id).plan},
    )
    if form.is_bound and form.is_valid():
        edit_plan(
            partner_id=partner.id,
            plan=form.cleaned_data["plan"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        return hx_redirect(request, "partners:partner-profile", partner_id=partner.id)
    return render(
        request,
        "partners/directory/plan.html",
        {"form": form, "partner": partner},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def goal_new(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Set a goal with a partner."""
    partner = _partner(request, partner_id)
    today = timezone.localdate()
    form = GoalForm(
        request.POST if request.method == "POST" else None,
        initial={
            "currency": request.tenant.currency,
            "from_on": date(today.year, 1, 1),
            "until_on": date(today.year, 12, 31),
        },
    )
    if form.is_bound and form.is_valid():
        set_goal(
            partner_id=partner.id,
            **form.cleaned_data,
            actor=request.member.actor,
            at=timezone.now(),
        )
        return hx_redirect(request, "partners:partner-profile", partner_id=partner.id)
    return render(
        request,
        "partners/directory/goal.html",
        {"form": form, "partner": partner},
        status=422 if form.is_bound else 200,
    )


@require_POST
@needs(Capability.EDIT_PARTNERS)
def goal_end(request: MemberRequest, partner_id: UUID, goal_id: int) -> HttpResponse:
    """Take a goal off the pages."""
    partner = _partner(request, partner_id)
    goal = get_object_or_404(PartnerGoal, id=goal_id, partner_id=partner.id)
    end_goal(goal_id=goal.id, actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "partners:partner-profile", partner_id=partner.id)


@require_safe
@needs(Capability.SEE_PARTNERS)
def listing_queue(request: MemberRequest) -> HttpResponse:
    """Show the entries that wait for the vendor's approval, and those that are public."""
    context = {
        "waiting": waiting_for_approval()[:200],
        "public": listed_profiles().select_related("partner").order_by("partner__name", "id")[:500],
        "is_open": is_open(),
        "may_edit": request.member.may(Capability.EDIT_PARTNERS),
    }
    return render(request, "partners/directory/listings.html", context)


def _shown(partner: Partner) -> dict[str, Any]:
    found = profile_of(partner.id)
    gaps = gaps_of(found)
    return {
        "partner": partner,
        "profile": found,
        "entry": entry_of(partner, found),
        "gaps": gaps,
        "done_count": len(NEEDED) - len(gaps),
        "needed_count": len(NEEDED),
        "listing": _listing(partner, found),
        "directory_open": is_open(),
        "goals": goal_lines(partner.id),
        "plan": rendered(found.plan),
    }


def _listing(partner: Partner, found: PartnerProfile) -> str:
    if found.listed_at is None:
        return "off"
    if partner.state != "active":
        return "resting"
    return "public" if found.approved_at else "waiting"


def _partner(request: MemberRequest, partner_id: UUID) -> Partner:
    return get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)
