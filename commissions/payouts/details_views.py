"""Where a partner is paid, and where the vendor pays from."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.ledger.selectors import partner_balances
from commissions.payouts.details import (
    account_history,
    debtor_account,
    newest_account,
    save_debtor_account,
    save_payout_details,
)
from commissions.payouts.details_page import confirm_facts, details_page
from commissions.payouts.faults import DetailsChanged, confirm_account, open_faults
from commissions.payouts.forms import (
    AccountConfirmForm,
    DebtorForm,
    PayoutDetailsForm,
    checked_number,
)
from commissions.payouts.settings import offered_methods
from partners.directory.models import Partner
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import ask_again, freshly_authenticated, recently_authenticated
from prm.web.htmx import hx_redirect


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS)
def payout_details(request: MemberRequest) -> HttpResponse:
    """Show where the partner is paid, and the changes, after a fresh sign-in.

    Staff who look on as the partner see the masked account on runs anyway, and cannot answer there.
    """
    if not request.member.viewing and not recently_authenticated(request):
        return ask_again(request)
    partner_id = request.member.own_partner_id
    history = account_history(partner_id)
    page = details_page(
        history,
        partner_balances(partner_id),
        open_faults(history[0].id) if history else [],
        now=timezone.now(),
    )
    return render(request, "commissions/payouts/details.html", {"page": page})


@require_http_methods(["GET", "POST"])
@needs(Capability.MANAGE_PAYOUT_DETAILS)
@freshly_authenticated
def payout_details_change(request: MemberRequest) -> HttpResponse:
    """Take other details, after a fresh sign-in."""
    partner_id = request.member.partner_id
    assert partner_id is not None
    before = newest_account(partner_id)
    initial = (
        {"method": before.method, "holder": before.holder}
        if before
        else {"holder": request.member.partner_name}
    )
    form = PayoutDetailsForm(
        request.POST or None,
        methods=offered_methods(besides=before.method if before else ""),
        balances=partner_balances(partner_id),
        initial=initial,
        check_url=reverse("commissions:payout-details-check"),
    )
    if request.method == "POST" and form.is_valid():
        actor = request.member.actor
        account = save_payout_details(
            partner_id=partner_id, details=form.details(), actor=actor, at=timezone.now()
        )
        messages.success(
            request, gettext("Payouts go to %(account)s") % {"account": account.masked}
        )
        return hx_redirect(request, "commissions:payout-details")
    return render(
        request,
        "commissions/payouts/details_change.html",
        {"form": form, "before": before},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def partner_payout_details(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Take the first details of a partner whose people cannot; once there are some, only its admins change them."""
    partner = get_object_or_404(Partner, id=partner_id)
    if not recently_authenticated(request):
        return ask_again(request)
    if newest_account(partner.id) is not None:
        words = gettext("%(name)s has payout details; its own admins change them")
        messages.warning(request, words % {"name": partner.name})
        return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    form = PayoutDetailsForm(
        request.POST or None,
        methods=offered_methods(),
        balances=partner_balances(partner.id),
        for_partner=True,
        initial={"holder": partner.legal_name or partner.name},
        check_url=reverse("commissions:payout-details-check"),
    )
    if request.method == "POST" and form.is_valid():
        account = save_payout_details(
            partner_id=partner.id,
            details=form.details(),
            actor=request.member.actor,
            at=timezone.now(),
        )
        words = gettext("Payouts of %(name)s go to %(account)s")
        messages.success(request, words % {"name": partner.name, "account": account.masked})
        return hx_redirect(request, "commissions:run-new")
    return render(
        request,
        "commissions/payouts/partner_details.html",
        {"form": form, "partner": partner},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def payout_account_confirm(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Let the same account be paid again that a payment came back from, after a fresh sign-in, with the reason."""
    partner = get_object_or_404(Partner, id=partner_id)
    if not recently_authenticated(request):
        return ask_again(request)
    account = newest_account(partner.id)
    faults = open_faults(account.id) if account else []
    if account is None or not faults:
        words = gettext("Nothing keeps the account of %(name)s from being paid")
        messages.info(request, words % {"name": partner.name})
        return hx_redirect(request, "commissions:run-new")
    form = AccountConfirmForm(request.POST or None, initial={"account": account.id})
    problem, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            confirm_account(
                partner_id=partner.id,
                account_id=form.cleaned_data["account"],
                reason=form.cleaned_data["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except DetailsChanged:
            problem = gettext(
                "The partner changed its payout details meanwhile. Look at them again."
            )
            status = 409
        else:
            words = gettext("%(account)s of %(name)s is paid again")
            values = {"account": account.masked, "name": partner.name}
            messages.success(request, words % values)
            return hx_redirect(request, "commissions:run-new")
    context = {
        "form": form,
        "partner": partner,
        "problem": problem,
        "facts": confirm_facts(account, faults),
    }
    return render(
        request,
        "commissions/payouts/account_confirm.html",
        context,
        status=422 if form.errors else status,
    )


@require_POST
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SETTLE_PAYOUTS)
def payout_details_check(request: MemberRequest) -> HttpResponse:
    """Say while typing whether a number is complete; by POST, so that no log keeps it."""
    number, bank, problem = request.POST.get("number", ""), "", ""
    if number.strip():
        try:
            routing = request.POST.get("routing", "")
            found = checked_number(
                request.POST.get("method", ""),
                number,
                routing,
                country=request.POST.get("country", ""),
                code=request.POST.get("code", ""),
            )
            bank = found.bic or found.country
        except ValidationError as error:
            problem = error.messages[0]
    return render(
        request,
        "commissions/payouts/number_check.html",
        {"number": number.strip(), "bank": bank, "problem": problem},
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.PREPARE_PAYOUTS)
@freshly_authenticated
def payout_source(request: MemberRequest) -> HttpResponse:
    """Take the account the vendor pays from, after a fresh sign-in."""
    form = DebtorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data["iban"]
        actor = request.member.actor
        save_debtor_account(
            iban=found.number,
            bic=form.cleaned_data["bic"] or found.bic,
            actor=actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("The account that payouts are paid from is saved"))
        return hx_redirect(request, "commissions:run-list")
    context = {"form": form, "account": debtor_account(request.tenant)}
    return render(
        request, "commissions/payouts/source.html", context, status=422 if form.errors else 200
    )
