"""What the vendor's people do with claims: decide pairs and requests for more time, set rules, bring in accounts."""

from dataclasses import asdict, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.counts import bounded_counts
from prm.web.htmx import hx_redirect, redirect_to, render_part
from prm.web.paging import COUNT_BOUND, keyset_page
from prm.web.spreadsheets import FileRefused
from referrals.claims.accounts import ColumnsMissing, queue_upload, template_csv
from referrals.claims.duplicates import decide_pair
from referrals.claims.extending import AnswerRequired, decide_extension
from referrals.claims.forms import AccountsForm, AnswerForm, ClaimRulesForm, PairForm
from referrals.claims.models import ClaimExtension, CrmAccount, SameCompany, Verdict
from referrals.claims.pages import (
    Pair,
    asked_extensions,
    comparison_of,
    decided_pairs,
    open_pairs,
    side_by_side,
)
from referrals.claims.review import review_tabs
from referrals.claims.selectors import rules_of
from referrals.claims.services import NoOpenClaim
from referrals.claims.settings import set_claim_rules
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import CLOSED_KINDS

_NAMES_NOBODY = gettext_lazy("This company was already known before this referral came in.")


# ---------------------------------------------------------------- pairs


@require_safe
@needs(Capability.DECIDE_REFERRALS)
def duplicate_list(request: MemberRequest) -> HttpResponse:
    """List the pairs that wait for a decision, oldest first, or those decided."""
    decided = request.GET.get("view") == "decided"
    pairs = decided_pairs() if decided else open_pairs()
    page = keyset_page(
        pairs,
        params=request.GET,
        orders={"found": ("found_at",), "decided": ("decided_at",)},
        default="-decided" if decided else "found",
        bound=None,
    )
    size = bounded_counts({"pairs": pairs})["pairs"]
    context = {
        "page": replace(page, count=size, bound=COUNT_BOUND),
        "pairs": side_by_side(page.rows),
        "decided": decided,
        "tabs": review_tabs("duplicates"),
    }
    return render_part(request, "referrals/claims/duplicates.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def duplicate_detail(request: MemberRequest, pair_id: UUID) -> HttpResponse:
    """Show both sides next to each other, and take the decision."""
    pair = side_by_side([get_object_or_404(SameCompany, id=pair_id)])[0]
    form = PairForm(request.POST if request.method == "POST" else None, choices=_choices(pair))
    if form.is_bound and form.is_valid():
        verdict, kept = form.decision
        try:
            decide_pair(
                pair_id=pair_id,
                verdict=verdict,
                kept_id=UUID(kept) if kept else None,
                reason=form.cleaned_data["reason"],
                told=str(_NAMES_NOBODY),
                actor=request.member.actor,
                at=timezone.now(),
            )
        except MoveRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Decided and recorded"))
            return hx_redirect(request, "referrals:duplicate-list")
    context = {"pair": pair, "rows": comparison_of(pair), "form": form, "told": str(_NAMES_NOBODY)}
    return render(
        request,
        "referrals/claims/duplicate.html",
        context,
        status=422 if form.errors else 200,
    )


def _choices(pair: Pair) -> list[tuple[str, Any]]:
    """Return what can be decided: which of the two goes on, or that they are two companies."""
    first = pair.referral
    choices: list[tuple[str, Any]] = []
    if pair.other is not None:
        for stays, ends in ((pair.other, first), (first, pair.other)):
            words = _("Same company: %(stays)s of %(partner)s goes on, %(ends)s is declined")
            if ends.stage_kind in CLOSED_KINDS:
                words = _(
                    "Same company: %(stays)s of %(partner)s is the one, %(ends)s has ended and stays as it is"
                )
            words = words % {
                "stays": stays.number,
                "partner": stays.partner.name,
                "ends": ends.number,
            }
            choices.append((str(stays.id), words))
    elif pair.account is not None:
        words = _("Same company: it is known already, %(number)s is declined")
        choices.append((str(pair.account.id), words % {"number": first.number}))
        words = _("Same company, and %(number)s goes on")
        choices.append((str(first.id), words % {"number": first.number}))
    return [*choices, (Verdict.DIFFERENT.value, _("Different companies: both go on"))]


# ---------------------------------------------------------------- requests for more time


@require_safe
@needs(Capability.DECIDE_REFERRALS)
def extension_list(request: MemberRequest) -> HttpResponse:
    """List the requests for more time that wait for an answer, oldest first."""
    page = keyset_page(
        asked_extensions(),
        params=request.GET,
        orders={"asked": ("asked_at",)},
        default="asked",
    )
    context = {"page": page, "tabs": review_tabs("extensions")}
    return render_part(request, "referrals/claims/extensions.html", context)


@require_http_methods(["GET", "POST"])
@needs(Capability.DECIDE_REFERRALS)
def extension_detail(request: MemberRequest, extension_id: UUID) -> HttpResponse:
    """Show what was asked and why, and take the answer."""
    rows = ClaimExtension.objects.select_related(
        "claim", "claim__referral", "claim__partner", "claim__referral__stage", "asked_by"
    )
    asked = get_object_or_404(rows, id=extension_id)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            decide_extension(
                extension_id=asked.id,
                granted=request.POST.get("do") == "grant",
                answer=form.cleaned_data["answer"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except AnswerRequired:
            form.add_error("answer", _("Say why not"))
        except NoOpenClaim:
            form.add_error(
                None, _("The protection has ended in the meantime, so it cannot be extended.")
            )
        else:
            messages.success(request, _("Answered. The partner is told."))
            return hx_redirect(request, "referrals:extension-list")
    context = {
        "asked": asked,
        "form": form,
        "days": rules_of(asked.claim.program_id).extension_days,
    }
    return render(
        request, "referrals/claims/extension.html", context, status=422 if form.errors else 200
    )


# ---------------------------------------------------------------- a program's rules


@require_http_methods(["GET", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def claim_rules(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show and change how many companies a partner may hold, and for how long without work."""
    program = get_object_or_404(Program, id=program_id)
    form = ClaimRulesForm(
        request.POST if request.method == "POST" else None, initial=asdict(rules_of(program.id))
    )
    if form.is_bound and form.is_valid():
        set_claim_rules(
            program_id=program.id,
            settings=form.settings,
            actor=request.member.actor,
            at=timezone.now(),
        )
        messages.success(request, _("Rules saved"))
        return hx_redirect(request, "partners:program-detail", program_id=program.id)
    context = {"program": program, "form": form}
    return render(
        request, "referrals/claims/rules.html", context, status=422 if form.errors else 200
    )


# ---------------------------------------------------------------- accounts of the CRM


@require_safe
@needs(Capability.IMPORT_REFERRALS)
def account_list(request: MemberRequest) -> HttpResponse:
    """List the accounts that the vendor's CRM knows, by name."""
    page = keyset_page(
        CrmAccount.objects.all(),
        params=request.GET,
        orders={"name": ("name_norm",)},
        default="name",
    )
    return render_part(request, "referrals/claims/accounts.html", {"page": page})


@require_http_methods(["GET", "POST"])
@needs(Capability.IMPORT_REFERRALS)
def account_upload(request: MemberRequest) -> HttpResponse:
    """Take a file of accounts; the worker reads it, and the job's page shows how far it is."""
    posted = request.method == "POST"
    form = AccountsForm(request.POST if posted else None, request.FILES if posted else None)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        with NamedTemporaryFile() as kept:
            for part in file.chunks():
                kept.write(part)
            kept.flush()
            try:
                job = queue_upload(
                    upload=Path(kept.name),
                    file_name=file.name,
                    remove_gone=form.cleaned_data["remove_gone"],
                    actor=request.member.actor,
                    at=timezone.now(),
                )
            except FileRefused as refused:
                form.add_error("file", refused.words)
            except ColumnsMissing as lacking:
                form.add_error("file", str(lacking))
            else:
                return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    return render(
        request,
        "referrals/claims/account_upload.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@require_safe
@needs(Capability.IMPORT_REFERRALS)
def account_template(request: MemberRequest) -> HttpResponse:
    """Give a file with the headings to start from."""
    response = HttpResponse(template_csv(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="accounts-template.csv"'
    return response
