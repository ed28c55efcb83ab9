"""Cases as the vendor's people work on them: the list with its clock, the page, the decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
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
from prm.web.htmx import hx_redirect, render_part
from referrals.attribution.case_listing import case_listing
from referrals.attribution.cases import (
    CaseNotInState,
    MustBeAnother,
    add_entry,
    assign_case,
    pass_on,
)
from referrals.attribution.crediting import CreditChangedMeanwhile, NotAPartner
from referrals.attribution.forms import StaffEntryForm, VerdictForm
from referrals.attribution.models import UNDECIDED, Case, CaseEntry, CaseParty, CaseState, Outcome
from referrals.attribution.panels import partner_names
from referrals.attribution.places import money_of
from referrals.attribution.rules import Share, shares_of
from referrals.attribution.selectors import settings_of, weighed_now
from referrals.attribution.services import considered
from referrals.attribution.tables import TONES
from referrals.attribution.verdicts import (
    Verdict,
    WordsMissing,
    decide_case,
    others_of,
    seen_number_of,
)
from referrals.attribution.wording import contact_lines, rule_name, share_words
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_case_list(request: MemberRequest) -> HttpResponse:
    """List cases, those to decide by their clock."""
    return render_part(request, "referrals/attribution/case_list.html", case_listing(request))


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_case_detail(request: MemberRequest, case_id: UUID) -> HttpResponse:
    """Show one case with all its parties."""
    return _page(request, _case(case_id))


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_case_entry(request: MemberRequest, case_id: UUID) -> HttpResponse:
    """Write to one party, or among the vendor's people."""
    case = _case(case_id)
    form = StaffEntryForm(request.POST, request.FILES, parties=_parties(case))
    if not form.is_valid():
        return _page(request, case, form, status=422)
    party = form.cleaned_data["party"]
    try:
        add_entry(
            case_id=case.id,
            partner_id=UUID(party) if party else None,
            text=form.cleaned_data["text"],
            evidence=form.cleaned_data["evidence"],
            by_vendor=True,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except UploadRefused as refused:
        form.add_error("evidence", refused.words)
        return _page(request, case, form, status=422)
    except CaseNotInState:
        form.add_error(None, gettext("The case is closed."))
        return _page(request, case, form, status=409)
    return hx_redirect(request, "referrals:manage-case-detail", case_id=case.id)


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_case_pass_on(request: MemberRequest, case_id: UUID, entry_id: int) -> HttpResponse:
    """Show a party's entry to the others."""
    entry = get_object_or_404(_entries(case_id, entry_id), voice="own")
    pass_on(entry_id=entry.id, actor=request.member.actor, at=timezone.now())
    messages.success(request, gettext("Passed on without its author's name"))
    return hx_redirect(request, "referrals:manage-case-detail", case_id=case_id)


@require_POST
@needs(Capability.DECIDE_REFERRALS)
def manage_case_take(request: MemberRequest, case_id: UUID) -> HttpResponse:
    """Take a case oneself."""
    case = _case(case_id)
    try:
        assign_case(
            case_id=case.id,
            user_id=request.member.user_id,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except MustBeAnother:
        messages.error(request, gettext("You decided this case. Its appeal is another person's."))
    return hx_redirect(request, "referrals:manage-case-detail", case_id=case.id)


@require_safe
@needs(Capability.SEE_REFERRALS)
def manage_case_file(request: MemberRequest, case_id: UUID, entry_id: int) -> HttpResponse:
    """Give out evidence."""
    entry = get_object_or_404(
        _entries(case_id, entry_id).select_related("upload"), upload__isnull=False
    )
    return send(entry.upload)


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def manage_case_decide(request: MemberRequest, case_id: UUID) -> HttpResponse:
    """Decide a case after a look at what that does."""
    case = _case(case_id)
    parties = _parties(case)
    data = request.POST if request.method == "POST" else None
    form = VerdictForm(data, parties=parties, initial={"seen": seen_number_of(case)})
    preview: dict[str, Any] = {}
    if data is not None and form.is_valid():
        if form.is_confirmed and _decide(request, case, form):
            messages.success(request, gettext("Case decided, every party is told"))
            return hx_redirect(request, "referrals:manage-case-detail", case_id=case.id)
        if not form.errors:
            preview = _preview(case, form)
    back = reverse("referrals:manage-case-detail", kwargs={"case_id": case.id})
    context = {
        "form": form,
        "title": gettext("Decide case %(number)s") % {"number": case.number},
        "lead": gettext("About %(company)s. You see what the decision does before it is made.")
        % {"company": case.referral.company},
        "crumbs": [(gettext("Cases"), reverse("referrals:manage-case-list")), (case.number, back)],
        "submit": gettext("Confirm the decision") if preview else gettext("Show what it does"),
        "cancel_url": back,
        **preview,
    }
    status = 422 if form.errors else 200
    return render(request, "referrals/attribution/decide.html", context, status=status)


def _decide(request: MemberRequest, case: Case, form: VerdictForm) -> bool:
    cleaned = form.cleaned_data
    goal = cleaned["to_partner"] if cleaned["outcome"] == Outcome.MOVED else ""
    verdict = Verdict(
        outcome=cleaned["outcome"],
        rule=cleaned["rule"],
        words=form.words(),
        to_partner_id=UUID(goal) if goal else None,
        credits=form.split(cleaned),
        seen_number=cleaned["seen"],
        keeps_others=cleaned["keeps_others"],
    )
    try:
        decide_case(case_id=case.id, verdict=verdict, actor=request.member.actor, at=timezone.now())
    except MustBeAnother:
        form.add_error(None, gettext("You decided this case. Its appeal is another person's."))
    except (CaseNotInState, CreditChangedMeanwhile, WordsMissing):
        form.add_error(
            None, gettext("Somebody decided or changed this in the meantime. Look again.")
        )
    except MoveRefused as refused:
        form.add_error(None, str(refused))
    except NotAPartner:
        form.add_error("to_partner", gettext("Choose a partner that does not have the credit yet"))
    return form.is_valid()


def _preview(case: Case, form: VerdictForm) -> dict[str, Any]:
    cleaned = form.cleaned_data
    subject = Referral.objects.get(id=case.subject_id or case.referral_id)
    shares: tuple[Share, ...] = ()
    if cleaned["outcome"] == Outcome.MOVED:
        shares = (Share(UUID(cleaned["to_partner"]), "source", 10_000, 10_000),)
    elif cleaned["outcome"] == Outcome.SPLIT:
        share = settings_of(subject.program_id).service_share
        shares = shares_of(form.split(cleaned), service_share=share)
    words = {
        Outcome.STAYS: gettext("Nothing moves: the credit stays where it is."),
        Outcome.MOVED: gettext("The referral moves, and its new partner gets all of the credit."),
        Outcome.SPLIT: gettext(
            "The referral stays; its rewards are split from now on and for the past."
        ),
    }
    money = money_of(subject.id, shares) if shares else gettext("No money moves.")
    return {
        "preview": money or gettext("No money moves."),
        "preview_words": words[Outcome(cleaned["outcome"])],
        "preview_ends": []
        if cleaned["keeps_others"]
        else [f"{row.number}, {row.partner.name}" for row in others_of(case)],
        "preview_digest": form.preview_digest,
    }


def _case(case_id: UUID) -> Case:
    rows = Case.objects.select_related(
        "referral", "referral__partner", "assignee", "decided_by", "final_by"
    )
    return get_object_or_404(rows, id=case_id)


def _parties(case: Case) -> list[CaseParty]:
    return list(CaseParty.objects.filter(case_id=case.id).select_related("partner").order_by("id"))


def _entries(case_id: UUID, entry_id: int) -> Any:
    return CaseEntry.objects.filter(case_id=case_id, id=entry_id)


def _page(
    request: MemberRequest, case: Case, form: StaffEntryForm | None = None, *, status: int = 200
) -> HttpResponse:
    parties = _parties(case)
    names = {row.partner_id: row.partner.name for row in parties}
    entries = CaseEntry.objects.filter(case_id=case.id, shared_from_id=None)
    shared = set(
        CaseEntry.objects.filter(case_id=case.id, shared_from_id__isnull=False).values_list(
            "shared_from_id", flat=True
        )
    )
    found = weighed_now(case.referral, at=timezone.now())
    contacts = [considered(row) for row in found.weighed]
    undecided = case.state in UNDECIDED
    own_appeal = case.state == CaseState.APPEALED and case.decided_by_id == request.member.user_id
    context = {
        "case": case,
        "tone": TONES[case.state],
        "late": undecided and case.due_at <= timezone.now(),
        "parties": [
            (row, share_words(row.share) if row.share is not None else "") for row in parties
        ],
        "rule": rule_name(case.rule) if case.rule else "",
        "lines": contact_lines(contacts, partner_names(contacts)),
        "entries": [
            (row, names.get(row.partner_id, "") if row.partner_id else "", row.id in shared)
            for row in entries.select_related("author", "upload").order_by("at", "id")
        ],
        "form": form or StaffEntryForm(parties=parties),
        "may_decide": request.member.may(Capability.DECIDE_REFERRALS) and undecided,
        "own_appeal": own_appeal,
        "subject_url": reverse(
            "referrals:manage-referral-detail",
            kwargs={"referral_id": case.subject_id or case.referral_id},
        ),
        "crumbs": [(gettext("Cases"), reverse("referrals:manage-case-list"))],
    }
    return render(request, "referrals/attribution/manage_case.html", context, status=status)
