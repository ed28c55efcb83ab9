"""Rules, credit and holds as the vendor's people decide them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.models import Enrollment, Partner, PartnerState
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect
from prm.web.paging import keyset_page
from referrals.attribution.crediting import (
    CreditChangedMeanwhile,
    NotAPartner,
    credit_number,
    reattribute,
    set_credits,
)
from referrals.attribution.forms import (
    CreditForm,
    HoldForm,
    PlaceHoldForm,
    RulesForm,
    rules_initial,
)
from referrals.attribution.holding import NotHeld, decide_hold, hold
from referrals.attribution.models import Hold, Outcome, Signal
from referrals.attribution.places import money_of
from referrals.attribution.rules import Share, shares_of
from referrals.attribution.selectors import open_hold, settings_of
from referrals.attribution.services import set_attribution_rules
from referrals.attribution.tables import HoldTable
from referrals.attribution.wording import signal_words
from referrals.claims.review import review_tabs
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral

FORM = "referrals/attribution/form.html"
MOST_PARTNERS = 500


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def attribution_rules(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Change a program's rules."""
    program = get_object_or_404(Program, id=program_id)
    data = request.POST if request.method == "POST" else None
    form = RulesForm(data, initial=rules_initial(settings_of(program.id)))
    back = reverse("partners:program-detail", kwargs={"program_id": program.id})
    if data is not None and form.is_valid():
        set_attribution_rules(
            program_id=program.id,
            settings=form.settings,
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("Attribution saved"))
        return hx_redirect(request, "partners:program-detail", program_id=program.id)
    context = {
        "form": form,
        "title": gettext("Attribution of %(program)s") % {"program": program.name},
        "lead": gettext("Who gets the credit for a company. Decisions already made stay."),
        "crumbs": [
            (gettext("Programs and plans"), reverse("partners:program-list")),
            (program.name, back),
        ],
        "submit": gettext("Save attribution"),
        "cancel_url": back,
    }
    return render(
        request, "referrals/attribution/rules.html", context, status=422 if form.errors else 200
    )


# ---------------------------------------------------------------- credit


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_credit(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Move a referral or split its credit, after a look at the money."""
    referral = _referral(referral_id)
    data = request.POST if request.method == "POST" else None
    form = CreditForm(
        data,
        partners=_partners_of(referral),
        owner=referral.partner_id,
        initial={"seen": credit_number(referral.id)},
    )
    preview: dict[str, Any] = {}
    if data is not None and form.is_valid():
        if form.is_confirmed and _change_credit(request, referral, form):
            messages.success(request, gettext("Credit changed, every partner concerned is told"))
            return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
        if not form.errors:
            preview = _preview(referral, form)
    return render(
        request,
        "referrals/attribution/credit.html",
        _credit_page(referral, form, preview),
        status=422 if form.errors else 200,
    )


def _referral(referral_id: UUID) -> Referral:
    return get_object_or_404(Referral.objects.select_related("partner", "program"), id=referral_id)


def _partners_of(referral: Referral) -> list[tuple[str, str]]:
    """Return the partners of the referral's program that work with the vendor, and its own, by name."""
    enrolled = Enrollment.objects.filter(program_id=referral.program_id).values("partner_id")
    rows = Partner.objects.filter(id__in=enrolled, state=PartnerState.ACTIVE)
    found = rows.order_by("name", "id").values_list("id", "name")[:MOST_PARTNERS]
    names = {str(key): name for key, name in found}
    names.setdefault(str(referral.partner_id), referral.partner.name)
    return sorted(names.items(), key=lambda row: row[1])


def _change_credit(request: MemberRequest, referral: Referral, form: CreditForm) -> bool:
    cleaned = form.cleaned_data
    common: dict[str, Any] = {
        "referral_id": referral.id,
        "reason": cleaned["reason"],
        "actor": request.member.actor,
        "at": timezone.now(),
        "seen_number": cleaned["seen"],
    }
    try:
        if cleaned["change"] == Outcome.MOVED:
            reattribute(**common, to_partner_id=UUID(cleaned["to_partner"]))
        else:
            set_credits(**common, credits=form.parts(cleaned))
    except CreditChangedMeanwhile:
        form.add_error(None, gettext("Somebody changed the credit in the meantime. Look again."))
    except NotAPartner:
        form.add_error(None, gettext("A partner named here does not work with you any more."))
    return form.is_valid()


def _preview(referral: Referral, form: CreditForm) -> dict[str, Any]:
    cleaned = form.cleaned_data
    if cleaned["change"] == Outcome.MOVED:
        shares: tuple[Share, ...] = (Share(UUID(cleaned["to_partner"]), "source", 10_000, 10_000),)
        words = gettext("The referral moves, and its new partner gets all of the credit.")
    else:
        share = settings_of(referral.program_id).service_share
        shares = shares_of(form.parts(cleaned), service_share=share)
        words = gettext("The referral stays; its rewards are split from now on and for the past.")
    money = money_of(referral.id, shares)
    return {
        "preview": money or gettext("No money moves."),
        "preview_words": words,
        "preview_digest": form.preview_digest,
    }


def _credit_page(referral: Referral, form: CreditForm, preview: dict[str, Any]) -> dict[str, Any]:
    back = reverse("referrals:manage-referral-detail", kwargs={"referral_id": referral.id})
    names = {"company": referral.company, "partner": referral.partner.name}
    return {
        "form": form,
        "title": gettext("Credit for %(company)s") % names,
        "lead": gettext(
            "It is %(partner)s's referral. You see what the change does before it is made."
        )
        % names,
        "crumbs": [
            (gettext("Referrals"), reverse("referrals:manage-referral-list")),
            (referral.number, back),
        ],
        "submit": gettext("Confirm the change") if preview else gettext("Show what it does"),
        "cancel_url": back,
        **preview,
    }


# ---------------------------------------------------------------- holds


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_hold_list(request: MemberRequest) -> HttpResponse:
    """List what waits for a person."""
    holds = Hold.objects.filter(decided_at=None).select_related("referral", "referral__partner")
    orders = {"since": ("placed_at",)}
    page = keyset_page(holds, params=request.GET, orders=orders, default="since")
    signs: dict[UUID, list[str]] = {}
    ids = [row.referral_id for row in page.rows]
    for sign in Signal.objects.filter(referral_id__in=ids).order_by("id"):
        signs.setdefault(sign.referral_id, []).append(signal_words(sign.kind, sign.facts))
    words = {key: "; ".join(rows) for key, rows in signs.items()}
    table = HoldTable(page.rows, page=page, signs_of=words)
    context = {"page": page, "table": table, "tabs": review_tabs("held")}
    return render(request, "referrals/attribution/hold_list.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_hold(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Decide the hold of a referral, or place one where none is."""
    referral = _referral(referral_id)
    held = open_hold(referral.id)
    data = request.POST if request.method == "POST" else None
    form = HoldForm(data) if held else PlaceHoldForm(data)
    if data is not None and form.is_valid():
        if held is None:
            note = form.cleaned_data["note"]
            hold(referral_id=referral.id, note=note, actor=request.member.actor, at=timezone.now())
            messages.success(request, gettext("Referral held, the partner is told"))
        else:
            _end_hold(request, referral, form)
        if not form.errors:
            return hx_redirect(request, "referrals:manage-referral-detail", referral_id=referral.id)
    back = reverse("referrals:manage-referral-detail", kwargs={"referral_id": referral.id})
    names = {"company": referral.company, "partner": referral.partner.name}
    context = {
        "form": form,
        "signs": [signal_words(row.kind, row.facts) for row in held.signals] if held else [],
        "title": (
            gettext("Decide the hold of %(company)s") if held else gettext("Hold %(company)s")
        )
        % names,
        "lead": gettext("A referral of %(partner)s. Its money stays pending while it is held.")
        % names,
        "crumbs": [
            (gettext("To review"), reverse("referrals:queue")),
            (gettext("Held"), reverse("referrals:manage-hold-list")),
        ],
        "submit": gettext("Decide the hold") if held else gettext("Hold referral"),
        "cancel_url": back,
    }
    return render(request, FORM, context, status=422 if form.errors else 200)


def _end_hold(request: MemberRequest, referral: Referral, form: Any) -> None:
    try:
        decide_hold(
            referral_id=referral.id,
            **form.cleaned_data,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except NotHeld:
        form.add_error(None, gettext("Somebody decided this hold in the meantime."))
    except MoveRefused as refused:
        form.add_error(None, str(refused))
    else:
        messages.success(request, gettext("Hold decided, the partner is told"))
