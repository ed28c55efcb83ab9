"""Cases as a partner sees them: its own view of each, nothing else."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.uploads.responses import send
from prm.uploads.services import UploadRefused
from prm.web.htmx import hx_redirect
from prm.web.paging import keyset_page
from referrals.attribution.cases import (
    AppealTooLate,
    CaseNotInState,
    add_entry,
    appeal_case,
    open_case,
)
from referrals.attribution.forms import AppealForm, EntryForm
from referrals.attribution.models import (
    UNDECIDED,
    CaseEntry,
    CaseParty,
    CaseState,
    Reattribution,
)
from referrals.attribution.tables import TONES, PartyCaseTable
from referrals.attribution.wording import contact_lines, rule_name, share_words
from referrals.pipeline.models import Referral
from referrals.pipeline.moved import fills_moved


@require_safe
@needs(Capability.SEE_OWN_REFERRALS)
def case_list(request: MemberRequest) -> HttpResponse:
    orders = {"opened": ("opened_at",)}
    page = keyset_page(_visible(request), params=request.GET, orders=orders, default="-opened")
    table = PartyCaseTable(page.rows, page=page, now=timezone.now())
    return render(request, "referrals/attribution/own_cases.html", {"page": page, "table": table})


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_OWN_REFERRALS)
def case_new(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    referral = get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)
    posted = request.method == "POST"
    mine = CaseParty.objects.filter(partner_id=referral.partner_id, referral_id=referral.id)
    if not posted and (begun := mine.exclude(state=CaseState.FINAL).first()):
        return hx_redirect(request, "referrals:case-detail", case_id=begun.case_id)
    form = EntryForm(request.POST if posted else None, request.FILES if posted else None)
    if posted and form.is_valid():
        try:
            party = open_case(
                referral_id=referral.id,
                partner_id=referral.partner_id,
                **form.cleaned_data,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except UploadRefused as refused:
            form.add_error("evidence", refused.words)
        else:
            return hx_redirect(request, "referrals:case-detail", case_id=party.case_id)
    back = reverse("referrals:referral-detail", kwargs={"referral_id": referral.id})
    context = {
        "form": form,
        "title": gettext("Object to the credit for %(company)s") % {"company": referral.company},
        "lead": gettext(
            "A person decides, with the rule and the reason. You can ask once for another person."
        ),
        "crumbs": [
            (gettext("Referrals"), reverse("referrals:referral-list")),
            (referral.number, back),
        ],
        "submit": gettext("Open case"),
        "cancel_url": back,
    }
    status = 422 if form.errors else 200
    return render(request, "referrals/attribution/form.html", context, status=status)


@require_safe
@needs(Capability.SEE_OWN_REFERRALS)
def case_detail(request: MemberRequest, case_id: UUID) -> HttpResponse:
    return _page(request, _party(request, case_id))


@require_POST
@needs(Capability.SEE_OWN_REFERRALS)
def case_entry(request: MemberRequest, case_id: UUID) -> HttpResponse:
    party = _party(request, case_id)
    form = EntryForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, party, form=form, status=422)
    try:
        add_entry(
            case_id=party.case_id,
            partner_id=party.partner_id,
            **form.cleaned_data,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except UploadRefused as refused:
        form.add_error("evidence", refused.words)
        return _page(request, party, form=form, status=422)
    except CaseNotInState:
        form.add_error(None, gettext("The case is closed."))
        return _page(request, party, form=form, status=409)
    return hx_redirect(request, "referrals:case-detail", case_id=party.case_id)


@require_POST
@needs(Capability.SEE_OWN_REFERRALS)
def case_appeal(request: MemberRequest, case_id: UUID) -> HttpResponse:
    party = _party(request, case_id)
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _page(request, party, appeal=form, status=422)
    try:
        appeal_case(
            case_id=party.case_id,
            partner_id=party.partner_id,
            text=form.cleaned_data["text"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    except AppealTooLate:
        form.add_error(None, gettext("The decision cannot be appealed any more."))
        return _page(request, party, appeal=form, status=409)
    return hx_redirect(request, "referrals:case-detail", case_id=party.case_id)


@require_safe
@needs(Capability.SEE_OWN_REFERRALS)
def case_file(request: MemberRequest, case_id: UUID, entry_id: int) -> HttpResponse:
    party = _party(request, case_id)
    entry = get_object_or_404(
        CaseEntry.objects.select_related("upload"),
        id=entry_id,
        case_id=party.case_id,
        partner_id=party.partner_id,
        upload__isnull=False,
    )
    return send(entry.upload) if entry.upload else HttpResponse(status=404)


@fills_moved
def moved_away(request: MemberRequest, referral_id: UUID) -> HttpResponse | None:
    """Tell a partner that had the referral when it went, and why; to whom is not said."""
    moves = Reattribution.objects.filter(
        referral_id=referral_id, from_partner_id=request.member.own_partner_id
    )
    if not request.member.sees_all_referrals:
        moves = moves.filter(submitted_by_id=request.member.user_id)
    move = moves.order_by("-id").first()
    if move is None:
        return None
    context = {
        "move": move,
        "rule": rule_name(move.rule),
        "crumbs": [(gettext("Referrals"), reverse("referrals:referral-list"))],
    }
    return render(request, "referrals/attribution/moved.html", context)


def _visible(request: MemberRequest) -> Any:
    """Return the member's cases: all of its partner's, or those about referrals that a rep may see."""
    rows = CaseParty.objects.filter(partner_id=request.member.own_partner_id)
    if request.member.sees_all_referrals:
        return rows
    own = Referral.objects.visible_to(request.member)
    return rows.filter(referral_id__in=own.values("id"))


def _party(request: MemberRequest, case_id: UUID) -> CaseParty:
    party: CaseParty = get_object_or_404(_visible(request), case_id=case_id)
    return party


def _page(
    request: MemberRequest,
    party: CaseParty,
    *,
    form: EntryForm | None = None,
    appeal: AppealForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    entries = CaseEntry.objects.filter(case_id=party.case_id, partner_id=party.partner_id)
    may_appeal = (
        party.state == CaseState.DECIDED
        and party.appeal_until is not None
        and now <= party.appeal_until
    )
    context = {
        "case": party,
        "tone": TONES[party.state],
        "late": party.state in UNDECIDED and party.due_at <= now,
        "undecided": party.state in UNDECIDED,
        "lines": contact_lines(party.timeline),
        "rule": rule_name(party.rule) if party.rule else "",
        "share": share_words(party.share) if party.share is not None else "",
        "entries": entries.select_related("author", "upload").order_by("at", "id"),
        "form": (form or EntryForm()) if party.state != CaseState.FINAL else None,
        "appeal": (appeal or AppealForm()) if may_appeal or appeal else None,
        "crumbs": [
            (gettext("Referrals"), reverse("referrals:referral-list")),
            (gettext("Cases"), reverse("referrals:case-list")),
        ],
    }
    return render(request, "referrals/attribution/case.html", context, status=status)
