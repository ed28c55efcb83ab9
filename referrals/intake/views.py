"""Sending a referral, and answering those that came."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.onboarding.rules import SUBMIT
from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.tenancy.keys import KeyReused
from prm.web.formats import number_text
from prm.web.htmx import hx_redirect, redirect_to, render_part
from prm.web.paging import COUNT_BOUND, keyset_page
from referrals.claims.review import review_counts, review_tabs
from referrals.claims.selectors import KnownCompany, known_company, matches_of, places_of
from referrals.intake.begun import begun_id, begun_values, close_begun
from referrals.intake.forms import ReferralForm, StaffReferralForm, key_of
from referrals.intake.refusals import refusal_words
from referrals.intake.selectors import (
    Waiting,
    people_of_partner,
    programs_open_to,
)
from referrals.intake.services import (
    NotEnrolled,
    ProbationFull,
    submit_referral,
    take_into_queue,
)
from referrals.intake.tables import HistoryTable
from referrals.pipeline.approvals import approvals_of, next_approval
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, Source
from referrals.pipeline.panels import panel
from referrals.pipeline.promises import promise_words
from referrals.pipeline.selectors import (
    filter_options,
    history_waiting,
    waiting_referrals,
)

# How often a person may ask whether the vendor knows a company; the answer is worth something to a stranger's list.
CHECKS_PER_HOUR = 60
# As many as a page of history shows, and some.
PICKED = 100
ASKED_BEFORE = ("company", "website", "contact_email")


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
@unlocked(SUBMIT)
def referral_new(request: MemberRequest) -> HttpResponse:
    partner_id = _own_partner(request)
    programs = programs_open_to(partner_id, day=tenant_day(timezone.now()))
    if not programs:
        partner = Partner.objects.select_related("manager").get(id=partner_id)
        return render(request, "referrals/intake/not_enrolled.html", {"partner": partner})
    begun = begun_values(request)
    program = _chosen(programs, request, begun.get("program", ""))
    form = ReferralForm(
        request.POST if request.method == "POST" else None,
        program=program,
        vendor=request.tenant.name,
        initial=begun or _asked_before(request),
    )
    known: KnownCompany | None = None
    if request.method == "POST" and form.is_valid():
        known = _unconfirmed(request, form, partner_id)
        if not known:
            try:
                referral = submit_referral(
                    draft=form.draft,
                    partner_id=partner_id,
                    submitted_by_id=request.member.user_id,
                    actor=request.member.actor,
                    at=timezone.now(),
                    key=key_of(form),
                )
            except KeyReused:
                form.add_error(
                    None, gettext("This form was sent before. Open a new one for another company.")
                )
            except NotEnrolled:
                form.add_error(None, gettext("This program takes no referrals from you right now."))
            except (FeatureLocked, ProbationFull, MoveRefused) as closed:
                form.add_error(None, refusal_words(closed))
            else:
                close_begun(request, timezone.now())
                return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
    context = {
        "programs": programs,
        "draft_id": begun_id(request),
        "places": places_of(partner_id=partner_id, program_id=program.id, at=timezone.now()),
    }
    return _form_page(request, "referrals/intake/new.html", form, known, program=program, **context)


def _asked_before(request: HttpRequest) -> dict[str, str]:
    """Return what the availability page has asked for already."""
    given = {name: request.GET.get(name, "")[:200] for name in ASKED_BEFORE}
    return {name: text for name, text in given.items() if text}


@require_POST
@needs(Capability.SUBMIT_REFERRAL, Capability.DECIDE_REFERRALS)
def referral_check(request: MemberRequest) -> HttpResponse:
    """Say, while the person still types, whether the vendor may know the company."""
    partner = _partner_named(request) if request.member.is_staff else None
    partner_id = partner.id if partner else request.member.partner_id
    programs = programs_open_to(partner_id, day=tenant_day(timezone.now())) if partner_id else []
    if partner_id is None or not programs:
        return HttpResponse(status=204)
    form = ReferralForm(
        request.POST, program=_chosen(programs, request), vendor=request.tenant.name
    )
    known = _known(request, form, partner_id)
    context = {
        "form": form,
        "known": known,
        "vendor": request.tenant.name,
        **_own_link(request, known),
    }
    return render(request, "referrals/intake/new.html#known", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_referral_new(request: MemberRequest) -> HttpResponse:
    partner = _partner_named(request)
    if partner is None:
        options = filter_options().partners
        return render(request, "referrals/intake/manage_new_partner.html", {"partners": options})
    programs = programs_open_to(partner.id, day=tenant_day(timezone.now()))
    if not programs:
        return render(request, "referrals/intake/manage_not_enrolled.html", {"partner": partner})
    program = _chosen(programs, request)
    people = people_of_partner(partner.id)
    form = StaffReferralForm(
        request.POST if request.method == "POST" else None,
        program=program,
        vendor=request.tenant.name,
        people=people,
    )
    known: KnownCompany | None = None
    if request.method == "POST" and form.is_valid():
        known = _unconfirmed(request, form, partner.id)
        if not known:
            try:
                referral = submit_referral(
                    draft=replace(form.draft, source=Source.STAFF),
                    partner_id=partner.id,
                    submitted_by_id=form.submitted_by_id,
                    actor=request.member.actor,
                    at=timezone.now(),
                    key=key_of(form),
                    reason=form.cleaned_data["reason"],
                )
            except KeyReused:
                form.add_error(
                    None, gettext("This form was sent before. Open a new one for another company.")
                )
            except NotEnrolled:
                form.add_error(
                    None, gettext("This partner takes no part in the program right now.")
                )
            except (FeatureLocked, ProbationFull, MoveRefused) as closed:
                form.add_error(None, refusal_words(closed))
            else:
                return hx_redirect(
                    request, "referrals:manage-referral-detail", referral_id=referral.id
                )
    context = {"programs": programs, "partner": partner}
    template = "referrals/intake/manage_new.html"
    return _form_page(request, template, form, known, program=program, **context)


def _form_page(
    request: MemberRequest,
    template: str,
    form: ReferralForm,
    known: KnownCompany | None,
    *,
    program: Program,
    **context: Any,
) -> HttpResponse:
    if known:
        form.add_error("confirm", gettext("Confirm that you want to send it anyway"))
    full = {
        "form": form,
        "known": known,
        "vendor": request.tenant.name,
        "program": program,
        "promised": promise_words(program, timezone.now()),
        "terms": panel("program.terms", program, request.member),
        **_own_link(request, known),
        **context,
    }
    return render(request, template, full, status=422 if form.is_bound and form.errors else 200)


def _own_partner(request: MemberRequest) -> UUID:
    if request.member.partner_id is None:
        raise Http404
    return request.member.partner_id


def _chosen(programs: list[Program], request: HttpRequest, begun: str = "") -> Program:
    """Return the program named in the address or the form, else that of the begun form, else the first."""
    wanted = request.POST.get("program") or request.GET.get("program") or begun
    return next((program for program in programs if str(program.id) == wanted), programs[0])


def _partner_named(request: MemberRequest) -> Partner | None:
    wanted = request.POST.get("partner") or request.GET.get("partner")
    if not wanted:
        return None
    try:
        return get_object_or_404(Partner.objects.visible_to(request.member), id=UUID(wanted))
    except ValueError as error:
        raise Http404 from error


def _known(request: MemberRequest, form: ReferralForm, partner_id: UUID) -> KnownCompany | None:
    """Return what is known of the company, None for nothing or for somebody who asks too often."""
    company = form.looked_up()
    if not (company.domain or company.email) or not _may_ask(request):
        return None
    return known_company(company, partner_id, timezone.now()) or None


def _unconfirmed(
    request: MemberRequest, form: ReferralForm, partner_id: UUID
) -> KnownCompany | None:
    """Return what the person must confirm before sending; a repeat of a sent form confirms nothing anew."""
    key = key_of(form)
    if form.cleaned_data["confirm"] or (
        key and Referral.objects.filter(submission_key=key).exists()
    ):
        return None
    return _known(request, form, partner_id)


def _may_ask(request: MemberRequest) -> bool:
    name = f"known-company:{request.tenant.id}:{request.member.user_id}"
    cache.add(name, 0, timeout=3600)
    try:
        return cache.incr(name) <= CHECKS_PER_HOUR
    except ValueError:  # it expired between the two calls
        return True


def _own_link(request: MemberRequest, known: KnownCompany | None) -> dict[str, Any]:
    """Return the person's own referral of the same company when they may see it."""
    if not known or known.own_referral_id is None:
        return {}
    own = Referral.objects.visible_to(request.member).filter(id=known.own_referral_id).first()
    if own is None:
        return {"own_hidden": True}
    name = (
        "referrals:manage-referral-detail"
        if request.member.is_staff
        else "referrals:referral-detail"
    )
    return {"own": own, "own_url": reverse(name, kwargs={"referral_id": own.id})}


@require_safe
@needs(Capability.DECIDE_REFERRALS)
def queue(request: MemberRequest) -> HttpResponse:
    """Show what is owed an answer, or, as another view, the imported history that nobody answered."""
    history = request.GET.get("view") == "history"
    context = _history(request) if history else _waiting(request)
    view, counts = "history" if history else "queue", review_counts()
    context["page"] = replace(context["page"], count=counts[view], bound=COUNT_BOUND)
    context["tabs"] = review_tabs(view, counts)
    return render_part(request, "referrals/intake/queue.html", context)


def _waiting(request: MemberRequest) -> dict[str, Any]:
    page = keyset_page(
        waiting_referrals(),
        params=request.GET,
        orders={"due": ("answer_due_at",)},
        default="due",
        bound=None,
    )
    now = timezone.now()
    matches = matches_of(page.rows)
    asked = approvals_of([referral.id for referral in page.rows])
    waiting = [
        Waiting(
            referral,
            referral.answer_due_at is not None and referral.answer_due_at < now,
            str(turn.approver) if (turn := next_approval(asked.get(referral.id, []))) else "",
            matches.get(referral.id, []),
        )
        for referral in page.rows
    ]
    return {"page": page, "waiting": waiting}


def _history(request: MemberRequest) -> dict[str, Any]:
    page = keyset_page(
        history_waiting(),
        params=request.GET,
        orders={"sent": ("registered_at",)},
        default="-sent",
        bound=None,
    )
    table = HistoryTable(page.rows, page=page, pick=True)
    return {"page": page, "history": table if page.rows else None, "shows_history": True}


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def queue_take(request: MemberRequest) -> HttpResponse:
    """Take chosen history into the queue: from the list, or one from its own page."""
    chosen = [found for text in request.POST.getlist("pick")[:PICKED] if (found := _uuid(text))]
    taken = take_into_queue(referral_ids=chosen, actor=request.member.actor, at=timezone.now())
    if taken:
        words = ngettext(
            "%(count)s referral is in the queue now",
            "%(count)s referrals are in the queue now",
            taken,
        )
        messages.success(request, words % {"count": number_text(taken)})
    else:
        messages.error(request, gettext("Nothing was chosen that is not in the queue already"))
    return redirect_to(request, reverse("referrals:queue") + ("" if taken else "?view=history"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
