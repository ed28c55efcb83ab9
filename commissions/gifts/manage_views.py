"""Rewards that are not money as the vendor gives them: the queue, one award, costs."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commissions.gifts.forms import AwardForm, CostForm, MoveForm
from commissions.gifts.models import AwardState, GiftAward
from commissions.gifts.pages import award_facts, cost_totals, gift_tabs
from commissions.gifts.rules import next_states
from commissions.gifts.selectors import NO_CODE, OPEN, cost_lines, listed_awards, offers_for
from commissions.gifts.services import AwardNotInState, GiftNotOffered, award_gift, move_award
from commissions.gifts.tables import AwardTable, CostTable
from commissions.gifts.wording import TONES, state_text, waits_for_code
from partners.directory.choosing import choose_partner, chosen_partner
from partners.programs.models import Program
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_PROGRAMS)
def award_list(request: MemberRequest) -> HttpResponse:
    """Show the queue and the register, the newest first."""
    bar = _bar(request)
    page = keyset_page(
        listed_awards(**_wanted(bar)),
        params=request.GET,
        orders={"given": ("awarded_at",)},
        default="-given",
    )
    context = {
        "tabs": gift_tabs("awards"),
        "bar": bar,
        "page": page,
        "table": AwardTable(page.rows, page=page),
        "is_empty": not page.rows and not bar.chips,
        "may_give": request.member.may(Capability.EDIT_PARTNERS),
        "query": request.GET.urlencode(),
    }
    return render_part(request, "commissions/gifts/list.html", context, say=page.shown_text)


@require_POST
@needs(Capability.SEE_PROGRAMS)
def award_export(request: MemberRequest) -> HttpResponse:
    """Start the job that writes the view's rewards as a file."""
    bar = _bar(request)
    wanted = _wanted(bar)
    job = start_job(
        kind="gift.export",
        params={
            "state": wanted["state"],
            "program": str(wanted["program_id"] or ""),
            "words": wanted["words"],
            "format": "xlsx" if request.POST.get("format") == "xlsx" else "csv",
        },
        **acting(request),
        back_path="manage/rewards/",
    )
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def award_new(request: MemberRequest) -> HttpResponse:
    """Give a partner something; first who, then what."""
    partner = chosen_partner(request)
    if partner is None:
        return choose_partner(
            request,
            heading=_("Give a reward"),
            lead=_("First choose the partner that gets it."),
            crumb=(_("Rewards"), reverse("commissions:gift-award-list")),
        )
    offers = offers_for(partner.id, _today(request))
    form = AwardForm(request.POST or None, offers=offers)
    if form.is_bound and form.is_valid():
        try:
            award = award_gift(
                gift_id=form.gift_id,
                partner_id=partner.id,
                reason=form.cleaned_data["reason"],
                key=str(form.cleaned_data["key"]),
                **acting(request),
            )
        except GiftNotOffered:
            form.add_error("gift", _("It is no longer offered to this partner"))
        else:
            messages.success(
                request,
                _("Given. It waits for codes: upload some, and the partner gets the first.")
                if waits_for_code(award)
                else _("Given, and told to the partner"),
            )
            return hx_redirect(request, "commissions:gift-award", award_id=award.id)
    context = {
        "form": form,
        "partner": partner,
        "has_offers": bool(offers),
        "may_edit": request.member.may(Capability.EDIT_PROGRAMS),
    }
    return render(
        request, "commissions/gifts/new.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@needs(Capability.SEE_PROGRAMS)
def award_detail(request: MemberRequest, award_id: UUID) -> HttpResponse:
    """Show one reward and where it stands; never its code."""
    return _detail(request, _award(award_id))


@require_POST
@needs(Capability.EDIT_PARTNERS)
def award_move(request: MemberRequest, award_id: UUID) -> HttpResponse:
    """Say where a reward stands now."""
    award = _award(award_id)
    form = _move_form(award, request.POST)
    if not form.is_valid():
        return _detail(request, award, form, status=422)
    try:
        move_award(
            award_id=award.id,
            to=form.cleaned_data["to"],
            tracking=form.cleaned_data["tracking"],
            **acting(request),
        )
    except AwardNotInState:
        problem = _("Somebody else has moved it by now")
        return _detail(request, _award(award_id), problem=problem, status=409)
    messages.success(request, _("Saved"))
    return hx_redirect(request, "commissions:gift-award", award_id=award.id)


@require_safe
@needs(Capability.SEE_PROGRAMS)
def gift_costs(request: MemberRequest) -> HttpResponse:
    """Show what rewards cost by month, program and kind, this year's unless told."""
    today = _today(request)
    given = {name: request.GET[name] for name in ("first", "last") if request.GET.get(name)}
    form = CostForm({"first": date(today.year, 1, 1), "last": today, **given})
    lines = cost_lines(*form.span) if form.is_valid() else []
    context = {
        "tabs": gift_tabs("costs"),
        "form": form,
        "stats": cost_totals(lines),
        "table": CostTable(lines),
        "lines": lines,
    }
    status = 200 if form.is_valid() else 422
    return render(request, "commissions/gifts/costs.html", context, status=status)


def _detail(
    request: MemberRequest,
    award: GiftAward,
    form: MoveForm | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    may_move = request.member.may(Capability.EDIT_PARTNERS)
    context = {
        "award": award,
        "facts": award_facts(award),
        "label": state_text(award),
        "tone": TONES[award.state],
        "problem": problem,
        "form": form or _move_form(award),
        "may_move": may_move and bool(_moves(award)),
    }
    return render(request, "commissions/gifts/award.html", context, status=status)


def _moves(award: GiftAward) -> tuple[str, ...]:
    return next_states(award.state, award.attempt, is_coded=award.is_coded)


def _move_form(award: GiftAward, data: Any = None) -> MoveForm:
    return MoveForm(data, moves=_moves(award), initial={"to": next(iter(_moves(award)), "")})


def _award(award_id: UUID) -> GiftAward:
    return get_object_or_404(
        GiftAward.objects.select_related("partner", "program", "awarded_by", "gift", "person"),
        id=award_id,
    )


def _bar(request: MemberRequest) -> FilterBar:
    states = [
        (OPEN, _("To be sent")),
        (NO_CODE, _("Waits for codes")),
        *((state.value, state.label) for state in AwardState if state != AwardState.WAITING),
    ]
    selects = [select_from(request.GET, "state", _("State"), states)]
    programs = list(Program.objects.order_by("name", "id").values_list("id", "name")[:100])
    if len(programs) > 1:
        options = [(str(key), name) for key, name in programs]
        selects.append(select_from(request.GET, "program", _("Program"), options))
    url = reverse("commissions:gift-award-list")
    return FilterBar(
        url, _("Filter rewards"), request.GET, _("Search a partner or reward"), selects
    )


def _wanted(bar: FilterBar) -> dict[str, Any]:
    chosen = {select.name: select.value for select in bar.selects}
    return {
        "state": chosen["state"],
        "program_id": UUID(chosen["program"]) if chosen.get("program") else None,
        "words": search_words(bar.params),
    }


def _today(request: MemberRequest) -> date:
    return timezone.localdate(timezone.now(), ZoneInfo(request.tenant.time_zone))
