"""Rewards that are not money as a partner's people see them: their own list, never beside money."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from commissions.gifts.models import GiftAward
from commissions.gifts.pages import kind_stats, own_rows
from commissions.gifts.selectors import awards_visible_to, code_of, counts_by_kind
from commissions.gifts.services import AwardNotInState, confirm_receipt, note_shown
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_EARNINGS)
def reward_list(request: MemberRequest) -> HttpResponse:
    """Show what the partner got that is not money, the newest first, counted by kind."""
    page = keyset_page(
        awards_visible_to(request.member).filter(person=None),
        params=request.GET,
        orders={"given": ("awarded_at",)},
        default="-given",
    )
    context = {
        "rows": own_rows(page.rows),
        "page": page,
        "stats": kind_stats(counts_by_kind(request.member.own_partner_id)),
    }
    return render_part(request, "commissions/gifts/own_list.html", context, say=page.shown_text)


@require_POST
@never_cache
@needs(Capability.PARTNER_HOME)
def reward_code(request: MemberRequest, award_id: UUID) -> HttpResponse:
    """Show a code to the partner, and record that it was looked at."""
    award = _own(request, award_id)
    try:
        note_shown(award_id=award.id, **acting(request))
    except AwardNotInState:
        messages.error(request, _("There is no code yet."))
        return hx_redirect(request, _list_of(award))
    context = {"award": award, "code": code_of(award.id), "is_own": award.person_id is not None}
    return render(request, "commissions/gifts/own_code.html", context)


@require_POST
@needs(Capability.PARTNER_HOME)
def reward_received(request: MemberRequest, award_id: UUID) -> HttpResponse:
    """Say that a reward came."""
    award = _own(request, award_id)
    try:
        confirm_receipt(award_id=award.id, **acting(request))
    except AwardNotInState:
        messages.error(request, _("It is not on its way yet."))
    else:
        messages.success(request, _("Thank you. It is marked as received."))
    return hx_redirect(request, _list_of(award))


def _list_of(award: GiftAward) -> str:
    """Return the page on which the reader finds the award: a person's own, or the partner's."""
    return "commissions:own-rewards" if award.person_id else "commissions:rewards"


def _own(request: MemberRequest, award_id: UUID) -> GiftAward:
    return get_object_or_404(awards_visible_to(request.member), id=award_id)
