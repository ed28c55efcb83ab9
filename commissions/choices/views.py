"""Where a partner chooses money or something else, and where the vendor says what it gives instead."""

from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from commissions.choices.forms import ChoiceForm, EndForm, ExchangeForm
from commissions.choices.models import Instead, RewardChoice, Taken
from commissions.choices.rules import next_month
from commissions.choices.selectors import (
    choice_on,
    choices_of,
    choosable_programs,
    choosers,
    exchanges_now,
    waiting_for_delivery,
)
from commissions.choices.services import NotOffered, choose_reward, set_exchange
from commissions.choices.wording import choice_text, example_text
from commissions.gifts.pages import gift_tabs
from commissions.ledger.selectors import tenant_zone
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.confirm import Question, asked_first
from prm.web.htmx import hx_redirect


@require_safe
@needs(Capability.SEE_EARNINGS)
def choice_list(request: MemberRequest) -> HttpResponse:
    """Show the programs in which there is something to choose; a single one is opened at once."""
    partner_id, today = request.member.own_partner_id, timezone.localdate(timezone=tenant_zone())
    programs = choosable_programs(partner_id)
    if len(programs) == 1:
        return redirect("commissions:reward-choice", program_id=programs[0].id)
    rows = [
        (
            program,
            choice_text(choice_on(choices_of(partner_id, program.id), today), program.currency),
        )
        for program in programs
    ]
    return render(request, "commissions/choices/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SEE_EARNINGS)
def reward_choice(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show how the partner takes what a program pays, and take its choice."""
    partner_id = request.member.own_partner_id
    programs = choosable_programs(partner_id)
    program = next((row for row in programs if row.id == program_id), None)
    if program is None:
        raise Http404
    may_choose = request.member.may(Capability.MANAGE_PAYOUT_DETAILS)
    form = _choice_form(request, program, choices_of(partner_id, program.id))
    if request.method == "POST" and not may_choose:
        return _choice_page(request, program, form, status=403)
    if form.is_bound and form.is_valid():
        kind, rate = form.chosen
        try:
            choose_reward(
                partner_id=partner_id,
                program_id=program.id,
                kind=kind,
                shown_rate=rate,
                **acting(request),
            )
        except NotOffered:
            form.add_error("choice", _("It is no longer offered like this: choose again"))
        else:
            messages.success(request, _("Saved. It counts from the next statement on."))
            return hx_redirect(request, "commissions:reward-choice", program_id=program.id)
    return _choice_page(request, program, form, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.SEE_PROGRAMS)
def exchange_list(request: MemberRequest) -> HttpResponse:
    """Show and set what partners may take instead of money."""
    may_edit = request.member.may(Capability.EDIT_PROGRAMS)
    programs = list(Program.objects.order_by("name", "id"))
    form = ExchangeForm(request.POST if may_edit and request.POST else None, programs=programs)
    if form.is_bound and form.is_valid():
        set_exchange(
            program_id=form.program_id,
            kind=form.cleaned_data["kind"],
            rate=form.cleaned_data["rate"],
            **acting(request),
        )
        messages.success(request, _("Saved. Partners can choose it now."))
        return hx_redirect(request, "commissions:exchange-list")
    status = 422 if form.is_bound else 200
    if request.method == "POST" and not may_edit:
        status = 403
    offered = exchanges_now([program.id for program in programs])
    context = {
        "tabs": gift_tabs("instead"),
        "rows": [
            _exchange(program, kind, rate)
            for program in programs
            for kind, rate in sorted(offered.get(program.id, {}).items())
        ],
        "form": form if may_edit and programs else None,
        "may_edit": may_edit,
    }
    return render(request, "commissions/choices/exchanges.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def exchange_end(request: MemberRequest) -> HttpResponse:
    """Give something instead of money no longer, after asking once."""
    form = EndForm(request.POST or request.GET)
    if not form.is_valid():
        return hx_redirect(request, "commissions:exchange-list")
    program = get_object_or_404(Program, id=form.cleaned_data["program"])
    if page := asked_first(request, _end_question(program, form.cleaned_data["kind"])):
        return page
    set_exchange(
        program_id=program.id, kind=form.cleaned_data["kind"], rate=None, **acting(request)
    )
    messages.success(request, _("Ended. Who had chosen it takes money from the next month on."))
    return hx_redirect(request, "commissions:exchange-list")


def _end_question(program: Program, kind: str) -> Question:
    back = reverse("commissions:exchange-list")
    chosen = len(choosers(program.id, kind))
    return Question(
        heading=_("End this offer?"),
        facts=[(_("Program"), program.name), (_("What partners may take"), Instead(kind).label)],
        points=[
            ngettext(
                "%(n)s partner has chosen it and takes money again from the next month on.",
                "%(n)s partners have chosen it and take money again from the next month on.",
                chosen,
            )
            % {"n": chosen},
            _("What they took before is delivered as it was stated."),
        ],
        submit=_("End the offer"),
        back_url=back,
        crumbs=[(_("Instead of money"), back)],
    )


def _choice_form(request: MemberRequest, program: Program, known: list[RewardChoice]) -> ChoiceForm:
    newest = max(known, key=lambda row: row.id, default=None)
    now = Taken.CASH.value
    if newest and newest.rate is not None:
        now = f"{newest.kind}:{newest.rate}"
    return ChoiceForm(
        request.POST or None,
        offered=exchanges_now([program.id]).get(program.id, {}),
        currency=program.currency,
        now=now,
    )


def _choice_page(
    request: MemberRequest, program: Program, form: ChoiceForm, *, status: int
) -> HttpResponse:
    partner_id, today = request.member.own_partner_id, timezone.localdate(timezone=tenant_zone())
    known = choices_of(partner_id, program.id)
    context = {
        "program": program,
        "form": form if request.member.may(Capability.MANAGE_PAYOUT_DETAILS) else None,
        "now": choice_text(choice_on(known, today), program.currency),
        "from_on": next_month(today),
        "history": [(row, choice_text(row, program.currency)) for row in known],
        "today": today,
        "waiting": [
            row for row in waiting_for_delivery(partner_id) if row.program_id == program.id
        ],
    }
    return render(request, "commissions/choices/choice.html", context, status=status)


def _exchange(program: Program, kind: str, rate: Decimal) -> dict[str, object]:
    return {
        "program": program,
        "kind": Instead(kind).label,
        "example": example_text(rate, program.currency),
        "partners": len(choosers(program.id, kind)),
        "query": urlencode({"program": str(program.id), "kind": kind}),
    }
