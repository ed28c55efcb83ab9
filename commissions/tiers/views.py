"""Pages of tiers: a partner's own, and those where the vendor keeps them and moves partners."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commissions.tiers.forms import BenefitForm, TierForm, TierRulesForm
from commissions.tiers.models import Benefit, Tier
from commissions.tiers.pages import moves_page, tier_lines, tier_places
from commissions.tiers.selectors import settings_of, today
from commissions.tiers.services import (
    TierInUse,
    TierNameTaken,
    TooManyTiers,
    add_tier,
    change_tier,
    keep_benefit,
    remove_tier,
    set_tier_rules,
)
from commissions.tiers.wording import span_text
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.web.confirm import Question, asked_first
from prm.web.formats import day_text


@require_safe
@needs(Capability.PARTNER_HOME)
def own_tiers(request: MemberRequest) -> HttpResponse:
    """Show the partner where it stands in each program with tiers, and what is missing for the next one."""
    rows = tier_places(request.member.own_partner_id)
    return render(request, "commissions/tiers/own.html", {"rows": rows})


@require_safe
@needs(Capability.SEE_PROGRAMS)
def tier_list(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show a program's tiers with what they ask for, who is in them and what comes with them."""
    program = get_object_or_404(Program, id=program_id)
    settings = settings_of(program.id)
    context = {
        "program": program,
        "lines": tier_lines(program, today()),
        "settings": settings,
        "span": span_text(settings),
        "today": today(),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(request, "commissions/tiers/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def tier_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Add a tier on top."""
    program = get_object_or_404(Program, id=program_id)
    lowest = not Tier.objects.filter(program_id=program.id).exists()
    form = TierForm(_posted(request), currency=program.currency, tier=None, is_lowest=lowest)
    if form.is_bound and form.is_valid():
        try:
            tier = add_tier(
                program_id=program.id,
                name=form.cleaned_data["name"],
                terms=form.terms,
                **acting(request),
            )
        except TierNameTaken:
            form.add_error("name", _("The program has a tier of this name"))
        except TooManyTiers:
            form.add_error(None, _("A program has twelve tiers at most"))
        else:
            messages.success(request, _("%(tier)s added") % {"tier": tier.name})
            return redirect("commissions:tier-list", program_id=program.id)
    return _form_page(request, "commissions/tiers/tier.html", form, program=program)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def tier_edit(request: MemberRequest, tier_id: UUID) -> HttpResponse:
    """Change what a tier asks for."""
    tier = get_object_or_404(Tier.objects.select_related("program"), id=tier_id)
    form = TierForm(
        _posted(request),
        currency=tier.program.currency,
        tier=tier,
        is_lowest=tier.position == 1,
    )
    if form.is_bound and form.is_valid():
        change_tier(tier_id=tier.id, terms=form.terms, **acting(request))
        messages.success(
            request, _("Saved. Partners move with the next recalculation, not before.")
        )
        return redirect("commissions:tier-list", program_id=tier.program_id)
    return _form_page(request, "commissions/tiers/tier.html", form, program=tier.program, tier=tier)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def tier_remove(request: MemberRequest, tier_id: UUID) -> HttpResponse:
    """Remove the highest tier, once asked whether it is meant."""
    tier = get_object_or_404(Tier.objects.select_related("program"), id=tier_id)
    back = reverse("commissions:tier-list", kwargs={"program_id": tier.program_id})
    question = Question(
        heading=_("Remove %(tier)s") % {"tier": tier.name},
        points=[
            _("The tier disappears from the program. Nobody has ever stood in it."),
            _("Rules of plans that name it pay no more, because nobody meets them."),
        ],
        submit=_("Remove tier"),
        back_url=back,
        crumbs=[(tier.program.name, back)],
    )
    if page := asked_first(request, question):
        return page
    try:
        remove_tier(tier_id=tier.id, **acting(request))
    except TierInUse:
        messages.error(
            request,
            _(
                "%(tier)s stays: partners stood in it, a benefit comes with it, or it is not the highest."
            )
            % {"tier": tier.name},
        )
    else:
        messages.success(request, _("%(tier)s removed") % {"tier": tier.name})
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def tier_rules(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Change how a program counts, and when partners move."""
    program = get_object_or_404(Program, id=program_id)
    form = TierRulesForm(_posted(request), initial=settings_of(program.id).__dict__)
    if form.is_bound and form.is_valid():
        set_tier_rules(program_id=program.id, settings=form.settings, **acting(request))
        messages.success(request, _("Rules saved"))
        return redirect("commissions:tier-list", program_id=program.id)
    return _form_page(request, "commissions/tiers/rules.html", form, program=program)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def tier_moves(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show what a recalculation would do today, and carry it out as a task."""
    program = get_object_or_404(Program, id=program_id)
    if request.method == "POST":
        job = start_job(
            kind="tiers.recalculate",
            params={"program_id": str(program.id), "on": today().isoformat()},
            back_path=f"manage/programs/{program.id}/tiers/",
            **acting(request),
        )
        return redirect("job-detail", job_id=job.id)
    page = moves_page(program, today())
    context = {"program": program, "page": page, "day": day_text(page.on)}
    return render(request, "commissions/tiers/moves.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def benefit_new(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Add what comes with a tier."""
    program = get_object_or_404(Program, id=program_id)
    return _benefit(request, program, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def benefit_edit(request: MemberRequest, benefit_id: UUID) -> HttpResponse:
    """Change a benefit, or give it a last day."""
    benefit = get_object_or_404(Benefit.objects.select_related("program"), id=benefit_id)
    return _benefit(request, benefit.program, benefit)


def _benefit(request: MemberRequest, program: Program, benefit: Benefit | None) -> HttpResponse:
    tiers = list(Tier.objects.filter(program_id=program.id).order_by("position"))
    form = BenefitForm(_posted(request), tiers=tiers, benefit=benefit, today=today())
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        keep_benefit(
            tier_id=UUID(data.pop("tier")),
            benefit_id=benefit.id if benefit else None,
            **data,
            **acting(request),
        )
        messages.success(request, _("Benefit saved"))
        return redirect("commissions:tier-list", program_id=program.id)
    return _form_page(
        request, "commissions/tiers/benefit.html", form, program=program, benefit=benefit
    )


def _form_page(request: MemberRequest, template: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _posted(request: MemberRequest) -> Any:
    return request.POST if request.method == "POST" else None
