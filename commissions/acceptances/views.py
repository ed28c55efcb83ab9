"""The partner's page of its terms: what is in force, what changes, the calculator; and what was accepted."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commissions.acceptances.effects import JOB, effect_between, is_long, kept_effect
from commissions.acceptances.forms import AcceptForm
from commissions.acceptances.models import PlanAcceptance
from commissions.acceptances.rules import text_hash
from commissions.acceptances.selectors import (
    TermsDue,
    acceptances_of,
    all_terms_due,
    coming_terms,
    offer_of,
    terms_due,
)
from commissions.acceptances.services import NothingToAccept, OfferChanged, accept_terms
from commissions.overrides.models import PlanOverride
from commissions.overrides.selectors import override_at, version_for
from commissions.overrides.wording import override_words, span_words
from commissions.plans.calculator import CalculatorForm, calculated
from commissions.plans.pages import example_deal, example_of
from commissions.plans.rules import Version
from commissions.plans.selectors import version_terms
from commissions.plans.wording import term_lines
from commissions.plans.wording_changes import comparison
from partners.agreements.rules import readable_hash
from partners.agreements.selectors import signing_programs
from partners.agreements.telling import signers
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.web.htmx import hx_redirect


@require_safe
@needs(Capability.PARTNER_HOME)
def terms_list(request: MemberRequest) -> HttpResponse:
    """Show the programs with their terms; a single one is opened at once."""
    partner_id = _partner(request)
    programs = signing_programs(partner_id)
    if len(programs) == 1:
        return redirect("commissions:terms", program_id=programs[0].id)
    now = timezone.now()
    due = {row.version.program_id for row in all_terms_due(partner_id, now)}
    lines = [(program, _lines(partner_id, program, now), program.id in due) for program in programs]
    return render(request, "commissions/acceptances/list.html", {"lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.PARTNER_HOME)
def terms(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show what the partner earns by, what will change, and take its yes."""
    partner_id = _partner(request)
    program = next((row for row in signing_programs(partner_id) if row.id == program_id), None)
    if program is None:
        raise Http404
    if request.method != "POST":
        return _page(request, program, AcceptForm(initial={"signer_name": request.member.name}))
    if not request.member.may(Capability.SIGN_AGREEMENT):
        return _page(request, program, AcceptForm(), status=403)
    form, has_changed = AcceptForm(request.POST), False
    if form.is_valid():
        try:
            accept_terms(
                version_id=_posted_version(request),
                partner_id=partner_id,
                shown_hash=request.POST.get("digest", ""),
                signer_name=form.cleaned_data["signer_name"],
                **acting(request),
            )
        except OfferChanged:
            # A yes is to a text: the new one needs a new tick.
            form, has_changed = AcceptForm(initial={**form.cleaned_data, "agreed": False}), True
        except NothingToAccept:
            raise Http404 from None
        else:
            messages.success(request, gettext("The new terms are accepted"))
            return hx_redirect(request, "commissions:terms", program_id=program.id)
    return _page(request, program, form, has_changed=has_changed, status=422)


@require_POST
@needs(Capability.SEE_EARNINGS)
def terms_effect(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Have the worker compute what new terms would have meant, for a partner with a long history."""
    partner_id = _partner(request)
    due = terms_due(partner_id, program_id, timezone.now())
    if due is None:
        raise Http404
    job = start_job(
        kind=JOB,
        params={
            "program": str(program_id),
            "old": str(due.former.id),
            "new": str(due.version.id),
        },
        partner_id=partner_id,
        back_path=f"terms/{program_id}/",
        **acting(request),
    )
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_safe
@needs(Capability.PARTNER_HOME, Capability.SEE_PARTNERS)
def terms_accepted(request: MemberRequest, acceptance_id: UUID) -> HttpResponse:
    """Show one yes with its text and evidence, and whether text and digest belong together."""
    rows = PlanAcceptance.objects.select_related("version", "program", "partner", "user")
    if not request.member.is_staff:
        rows = rows.filter(partner_id=request.member.own_partner_id)
    found = get_object_or_404(rows, id=acceptance_id)
    back = (
        reverse("commissions:plan-acceptances", args=[found.version_id])
        if request.member.is_staff
        else reverse("commissions:terms", args=[found.program_id])
    )
    context = {
        "acceptance": found,
        "digest": readable_hash(found.text_hash),
        "is_whole": text_hash(found.text) == found.text_hash,
        "language": dict(settings.LANGUAGES).get(found.language, found.language),
        "back_url": back,
    }
    return render(request, "commissions/acceptances/accepted.html", context)


def _page(
    request: MemberRequest,
    program: Program,
    form: AcceptForm,
    *,
    has_changed: bool = False,
    status: int = 200,
) -> HttpResponse:
    partner_id, now = _partner(request), timezone.now()
    version = version_for(partner_id, program.id, now)
    own = override_at(partner_id, program.id, now)
    due = terms_due(partner_id, program.id, now)
    context: dict[str, Any] = {
        "program": program,
        "lines": term_lines(version) if version else [],
        "version": version,
        "exception": _exception(own),
        "due": due,
        "has_changed": has_changed,
        # Of what waits for an answer, the change is shown.
        "coming": [
            (start, term_lines(terms))
            for start, terms in coming_terms(partner_id, program.id, now)
            if due is None or start != due.version.starts_at
        ],
        "accepted": acceptances_of(partner_id, program.id),
        "has_other_programs": len(signing_programs(partner_id)) > 1,
    }
    if version:
        asked = CalculatorForm.of(request.GET, version.currency)
        deal = example_deal(version.currency)
        context |= {
            "calculator": asked,
            "result": calculated(version, **asked.given, start=timezone.localdate(now)),
            "example": example_of(version, deal),
            "deal": deal,
        }
    if due:
        context |= _change(request, due, form)
    return render(request, "commissions/acceptances/terms.html", context, status=status)


def _change(request: MemberRequest, due: TermsDue, form: AcceptForm) -> dict[str, Any]:
    """Return what changes, what it would have meant, and the form or who can answer."""
    member, partner_id = request.member, _partner(request)
    old, new = version_terms(due.former), version_terms(due.version)
    may_sign = member.may(Capability.SIGN_AGREEMENT)
    found: dict[str, Any] = {
        "changes": comparison(old, new),
        "offer": offer_of(due),
        "may_sign": may_sign,
        "signers": [] if may_sign else signers(partner_id),
        "form": form if may_sign else None,
    }
    if member.may(Capability.SEE_EARNINGS):
        found |= _effect(partner_id, due, old, new)
    return found


def _effect(partner_id: UUID, due: TermsDue, old: Version, new: Version) -> dict[str, Any]:
    """Return what the change would have meant; of a long history what the worker found, if it was asked."""
    if not is_long(partner_id, due.version.program_id):
        now = timezone.now()
        return {"effect": effect_between(partner_id, due.version.program_id, old, new, now)}
    kept = kept_effect(partner_id, old, new)
    return {"is_long": True, "effect": kept.effect if kept else None, "as_of": kept and kept.at}


def _lines(partner_id: UUID, program: Program, now: Any) -> list[str]:
    version = version_for(partner_id, program.id, now)
    return term_lines(version) if version else []


def _exception(own: PlanOverride | None) -> tuple[str, str] | None:
    return (override_words(own), span_words(own)) if own else None


def _partner(request: MemberRequest) -> UUID:
    if request.member.partner_id is None:
        raise Http404
    return request.member.partner_id


def _posted_version(request: MemberRequest) -> UUID:
    try:
        return UUID(request.POST.get("version", ""))
    except ValueError:
        raise Http404 from None
