"""Drafts of a partner's person: kept, listed, thrown away; and referrals taken back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from partners.directory.moves import tenant_day
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, redirect_to
from referrals.capture.drafts import (
    NotRecallable,
    TooManyDrafts,
    delete_draft,
    drafts_of,
    kept_values,
    recall_referral,
    save_draft,
)
from referrals.capture.mail_in import own_address, takes_mail, written_out
from referrals.capture.rules import MAX_DRAFTS
from referrals.intake.begun import begun_id
from referrals.intake.forms import ReferralForm
from referrals.intake.selectors import programs_open_to
from referrals.pipeline.models import Referral


@require_safe
@needs(Capability.SUBMIT_REFERRAL)
def draft_list(request: MemberRequest) -> HttpResponse:
    """List the person's drafts, the last saved first."""
    address = own_address(request.member) if takes_mail() else None
    programs = programs_open_to(request.member.own_partner_id, day=tenant_day(timezone.now()))
    context = {
        "drafts": drafts_of(request.member)[:MAX_DRAFTS],
        "takes_mail": takes_mail(),
        "address": address,
        "written_out": written_out(address) if address else "",
        "programs": programs if takes_mail() else [],
    }
    return render(request, "referrals/capture/drafts.html", context)


@require_POST
@needs(Capability.SUBMIT_REFERRAL)
def draft_save(request: MemberRequest) -> HttpResponse:
    """Keep what was typed, complete or not."""
    program = _program(request)
    if program is None:  # the page of submission says why
        return hx_redirect(request, "referrals:referral-new")
    form = ReferralForm(request.POST, program=program, vendor=request.tenant.name)
    try:
        draft = save_draft(
            draft_id=begun_id(request),
            values=kept_values(request.POST, list(form.fields)),
            program_id=program.id,
            member=request.member,
            at=timezone.now(),
        )
    except TooManyDrafts:
        words = gettext("You keep %(count)s drafts already. Send or delete one first.")
        return _typed_again(request, form, program, words % {"count": MAX_DRAFTS})
    messages.success(request, gettext("Draft saved"))
    return redirect_to(request, f"{reverse('referrals:referral-new')}?draft={draft.id}")


def _typed_again(
    request: MemberRequest, form: ReferralForm, program: Program, problem: str
) -> HttpResponse:
    """Show the form with everything that was typed, and what stood in the way."""
    form.is_valid()
    form.errors.clear()
    form.add_error(None, problem)
    context = {
        "form": form,
        "program": program,
        "programs": [program],
        "vendor": request.tenant.name,
        "action": reverse("referrals:referral-new"),
    }
    return render(request, "referrals/intake/new.html", context, status=422)


def _program(request: MemberRequest) -> Program | None:
    """Return the program that the form names among those that the partner takes part in, else the first of them."""
    rows = programs_open_to(request.member.own_partner_id, day=tenant_day(timezone.now()))
    wanted = request.POST.get("program")
    return next((row for row in rows if str(row.id) == wanted), rows[0] if rows else None)


@require_POST
@needs(Capability.SUBMIT_REFERRAL)
def draft_delete(request: MemberRequest, draft_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    if not delete_draft(draft_id=draft_id, member=request.member):
        raise Http404
    messages.success(request, gettext("Draft deleted"))
    return hx_redirect(request, "referrals:draft-list")


@require_POST
@needs(Capability.SUBMIT_REFERRAL)
def referral_recall(request: MemberRequest, referral_id: UUID) -> HttpResponse:
    """Take a referral back; its words wait in a draft."""
    referral = get_object_or_404(Referral.objects.visible_to(request.member), id=referral_id)
    try:
        draft = recall_referral(referral_id=referral.id, member=request.member, at=timezone.now())
    except NotRecallable:
        messages.error(
            request, gettext("Somebody has decided in the meantime. Nothing was changed.")
        )
        return hx_redirect(request, "referrals:referral-detail", referral_id=referral.id)
    messages.success(
        request, gettext("Taken back. Change what you like and send it again, or leave it here.")
    )
    return redirect_to(request, f"{reverse('referrals:referral-new')}?draft={draft.id}")
