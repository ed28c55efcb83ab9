"""Claims for partners: is a company free, more time for one, giving one up, saying that they work on it."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.models import Enrollment
from partners.directory.moves import tenant_day
from partners.onboarding.rules import SUBMIT
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs, public
from prm.accounts.members import MemberRequest
from prm.events.services import Actor
from prm.uploads.models import Upload
from prm.uploads.responses import send
from prm.uploads.services import UploadRefused, keep_upload
from prm.web.formats import day_text, moment_text
from prm.web.htmx import hx_redirect, redirect_to
from referrals.claims.availability import (
    ChecksUsedUp,
    HoldRefused,
    check_availability,
    set_hold,
)
from referrals.claims.extending import AskedAlready, NoMoreExtensions, ask_extension
from referrals.claims.forms import AvailabilityForm, ExtensionForm
from referrals.claims.links import StillWorking, read_still_working
from referrals.claims.models import Claim, ClaimEnd, ClaimExtension
from referrals.claims.pages import claim_page
from referrals.claims.selectors import places_of, rules_of
from referrals.claims.services import LinkSpent, NoOpenClaim, confirm_work, release_claim
from referrals.pipeline.models import Referral

MAX_BYTES = 10_000_000
KINDS = frozenset({"pdf", "png", "jpeg", "docx", "xlsx"})


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
@unlocked(SUBMIT)
def availability(request: MemberRequest) -> HttpResponse:
    """Say whether the partner may register a company: open, or needs review, never why."""
    program = _program(request)
    if program is None:
        return redirect_to(request, reverse("referrals:referral-new"))
    form = AvailabilityForm(request.POST if request.method == "POST" else None)
    answer = ""
    if form.is_bound and form.is_valid():
        try:
            answer = check_availability(
                facts=form.facts,
                company=form.cleaned_data["company"],
                partner_id=_partner_id(request),
                program_id=program.id,
                actor=request.member.actor,
                at=timezone.now(),
            ).answer
        except ChecksUsedUp:
            form.add_error(
                None, _("You have asked as often as is possible in a day. Ask again tomorrow.")
            )
    return _availability_page(request, program, form, answer)


@require_POST
@needs(Capability.SUBMIT_REFERRAL)
@unlocked(SUBMIT)
def availability_hold(request: MemberRequest) -> HttpResponse:
    """Keep a free company for the partner for some hours."""
    program = _program(request)
    if program is None:
        return redirect_to(request, reverse("referrals:referral-new"))
    form = AvailabilityForm(request.POST)
    if not form.is_valid():
        return _availability_page(request, program, form, "")
    try:
        hold = set_hold(
            facts=form.facts,
            company=form.cleaned_data["company"],
            partner_id=_partner_id(request),
            program_id=program.id,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except HoldRefused:
        form.add_error(None, _("This company cannot be kept for you now. You can still send it."))
        return _availability_page(request, program, form, "")
    words = _("%(company)s is kept for you until %(moment)s")
    messages.success(request, words % {"company": hold.company, "moment": moment_text(hold.until)})
    return redirect_to(request, _form_url(program, form))


def _availability_page(
    request: MemberRequest, program: Program, form: AvailabilityForm, answer: str
) -> HttpResponse:
    context = {
        "form": form,
        "answer": answer,
        "program": program,
        "vendor": request.tenant.name,
        "next_url": _form_url(program, form) if answer else "",
        "hold_hours": rules_of(program.id).hold_hours,
        "places": places_of(
            partner_id=_partner_id(request), program_id=program.id, at=timezone.now()
        ),
    }
    return render(
        request,
        "referrals/claims/availability.html",
        context,
        status=422 if form.errors else 200,
    )


def _form_url(program: Program, form: AvailabilityForm) -> str:
    """Return the submission form, filled with what was asked."""
    return f"{reverse('referrals:referral-new')}?" + urlencode(
        {"program": program.id, **form.prefill}
    )


def _partner_id(request: MemberRequest) -> UUID:
    if request.member.partner_id is None:
        raise Http404
    return request.member.partner_id


def _program(request: MemberRequest) -> Program | None:
    """Return the program that is asked for, else the partner's first one; None when it takes part in none."""
    day = tenant_day(timezone.now())
    mine = Enrollment.objects.open_on(day).filter(partner_id=_partner_id(request))
    programs = list(
        Program.objects.filter(id__in=mine.values("program_id"), closed_at=None).order_by(
            "name", "id"
        )
    )
    if not programs:
        return None
    wanted = request.POST.get("program") or request.GET.get("program")
    return next((program for program in programs if str(program.id) == wanted), programs[0])


# ---------------------------------------------------------------- one's own claims


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def claim_extend(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Ask to protect a company for longer, with what shows the work."""
    referral = _visible(request, referral_id)
    page = claim_page(referral, at=timezone.now())
    if page is None or not page.may_ask:
        messages.error(request, _("More time cannot be asked for here now"))
        return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
    posted = request.method == "POST"
    form = ExtensionForm(request.POST if posted else None, request.FILES if posted else None)
    if form.is_bound and form.is_valid():
        try:
            _ask(request, referral, form)
        except UploadRefused as refused:
            form.add_error("file", refused.words)
        except (AskedAlready, NoMoreExtensions, NoOpenClaim):
            messages.error(request, _("More time cannot be asked for here now"))
        else:
            messages.success(request, _("Asked. You are told the answer."))
        if not form.errors:
            return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
    context = {
        "form": form,
        "referral": referral,
        "claim": page.claim,
        "days": rules_of(referral.program_id).extension_days,
        "vendor": request.tenant.name,
    }
    return render(
        request, "referrals/claims/extend.html", context, status=422 if form.errors else 200
    )


def _ask(request: MemberRequest, referral: Referral, form: ExtensionForm) -> ClaimExtension:
    """Keep the file, if there is one, and ask. Raises what keeping and asking raise."""
    actor, now, file = request.member.actor, timezone.now(), form.cleaned_data["file"]
    upload_id = None
    if file:
        upload_id = keep_upload(
            file=file,
            purpose="claims.evidence",
            allowed=KINDS,
            max_bytes=MAX_BYTES,
            partner_id=referral.partner_id,
            actor=actor,
            at=now,
        ).id
    return ask_extension(
        referral_id=referral.id,
        evidence=form.cleaned_data["evidence"],
        upload_id=upload_id,
        actor=actor,
        at=now,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
def claim_give_up(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Give the protection of a company up, which frees a place; asked once more first."""
    referral = _visible(request, referral_id)
    if request.method == "POST":
        given = release_claim(
            referral_id=referral.id,
            why=ClaimEnd.GIVEN_UP,
            actor=request.member.actor,
            at=timezone.now(),
        )
        if given:
            words = _("%(company)s is no longer protected; the place is free")
            messages.success(request, words % {"company": referral.company})
        return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
    return render(request, "referrals/claims/give_up.html", {"referral": referral})


@require_safe
@needs(Capability.SEE_OWN_REFERRALS, Capability.SEE_REFERRALS)
def claim_file(request: MemberRequest, extension_id: UUID) -> HttpResponse:
    """Give out the file of a request for more time to those who see its referral."""
    asked = get_object_or_404(
        ClaimExtension.objects.select_related("claim"), id=extension_id, upload_id__isnull=False
    )
    _visible(request, asked.claim.referral_id)
    return send(get_object_or_404(Upload, id=asked.upload_id), request=request)


def _visible(request: MemberRequest, referral_id: UUID) -> Referral:
    referrals = Referral.objects.visible_to(request.member)
    return get_object_or_404(referrals.select_related("partner"), id=referral_id)


# ---------------------------------------------------------------- without a login


@require_http_methods(["GET", "HEAD", "POST"])
@public("the signed link of a warning lets a partner say that it still works on a company")
def still_working(request: MemberRequest, token: str) -> HttpResponse:
    """Take the answer to "Are you still working on it?"; one press, once, for one company."""
    said = read_still_working(token)
    row = _warned(said, request.tenant.id) if said else None
    state, now = "spent", timezone.now()
    if said and row:
        state = "ask"
        if request.method == "POST":
            try:
                confirm_work(
                    claim_id=row.id,
                    warned_at=said.warned_at,
                    actor=Actor(user_id=None, name=row.partner.name),
                    at=now,
                )
            except LinkSpent:
                state = "spent"
            else:
                state = "done"
    context = {
        "state": state,
        "company": row.referral.company if row else "",
        "until": day_text(row.protected_until) if row else "",
    }
    response = render(request, "referrals/claims/still_working.html", context)
    # Not "no-referrer": browsers then post "Origin: null", which the protection of forms refuses.
    response["Referrer-Policy"] = "same-origin"
    return response


def _warned(said: StillWorking, tenant_id: int) -> Claim | None:
    """Return the claim while the warning of the link is its last word."""
    if said.tenant_id != tenant_id:
        return None
    return (
        Claim.objects.live(timezone.now())
        .filter(id=said.claim_id, idle_warned_at=said.warned_at)
        .select_related("referral", "partner")
        .first()
    )
