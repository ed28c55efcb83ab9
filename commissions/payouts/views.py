"""Payout runs: prepare, approve, send back, export, settle."""

from datetime import date
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.ledger.selectors import tenant_zone
from commissions.payouts import services
from commissions.payouts.bankfiles import file_name, is_kind, stored_file
from commissions.payouts.details import debtor_account
from commissions.payouts.forms import ApproveForm, ReasonForm, RunForm, left_out_ids
from commissions.payouts.freezing import LedgerDisagrees
from commissions.payouts.models import PayoutRun, PayoutState, RunState
from commissions.payouts.preview_page import preview_page
from commissions.payouts.returns import paid_again, returned_totals
from commissions.payouts.rules import next_bank_day
from commissions.payouts.run_page import is_undecided, run_page
from commissions.payouts.selectors import (
    fresh_details,
    needs_ach_head,
    payouts_of,
    preview_run,
    previous_amounts,
    run_totals,
    sepa_payouts,
    totals_of_runs,
    waiting_run,
)
from commissions.payouts.settings import ach_head, payout_settings, pays_us_banks
from commissions.payouts.tables import PayoutTable, RunTable
from commissions.payouts.wording import change_words
from commissions.payouts.working import FILES, STATEMENTS, start_work
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.stepup import ask_again, recently_authenticated
from prm.web.filters import FilterBar, select_from
from prm.web.htmx import hx_redirect, redirect_to, render_part
from prm.web.paging import keyset_page


def _run(run_id: UUID) -> PayoutRun:
    return get_object_or_404(
        PayoutRun.objects.select_related("prepared_by", "approved_by", "cancelled_by"), id=run_id
    )


@require_GET
@needs(Capability.SEE_MONEY)
def run_list(request: MemberRequest) -> HttpResponse:
    runs = PayoutRun.objects.select_related("prepared_by")
    page = keyset_page(
        runs, params=request.GET, orders={"prepared": ("prepared_at",)}, default="-prepared"
    )
    ids = [run.id for run in page.rows]
    table = RunTable(
        page.rows, page=page, totals=totals_of_runs(ids), returned=returned_totals(ids)
    )
    waiting = waiting_run()
    context = {
        "page": page,
        "table": table,
        "waiting": waiting,
        "source": debtor_account(request.tenant),
    }
    context["may_prepare"] = waiting is None and request.member.may(Capability.PREPARE_PAYOUTS)
    return render_part(request, "commissions/payouts/run_list.html", context)


@require_GET
@needs(Capability.PREPARE_PAYOUTS)
def run_new(request: MemberRequest) -> HttpResponse:
    if waiting := waiting_run():
        messages.info(request, gettext("A run waits for approval already"))
        return hx_redirect(request, "commissions:run-detail", run_id=waiting.id)
    us = pays_us_banks(payout_settings())
    pay_on = request.GET.get("pay_on") or next_bank_day(_today(), us=us)
    form = RunForm(today=_today(), us=us, initial={"pay_on": pay_on})
    return _preview(request, form, request.GET.getlist("leave_out"))


@require_POST
@needs(Capability.PREPARE_PAYOUTS)
def run_submit(request: MemberRequest) -> HttpResponse:
    """Freeze the list for approval; or show it anew with what was ticked, and no token in the address."""
    if request.POST.get("act") == "preview":
        kept = request.POST.getlist("leave_out")
        seen = urlencode({"leave_out": kept, "pay_on": request.POST.get("pay_on", "")}, doseq=True)
        return redirect_to(request, f"{reverse('commissions:run-new')}?{seen}")
    form = RunForm(request.POST, today=_today(), us=pays_us_banks(payout_settings()))
    ticked = request.POST.getlist("leave_out")
    if not form.is_valid():
        return _preview(request, form, ticked, status=422)
    draft = services.RunDraft(
        form.cleaned_data["pay_on"], left_out_ids(ticked), form.cleaned_data["seen_digest"]
    )
    try:
        run = services.submit_run(draft=draft, actor=request.member.actor, at=timezone.now())
    except services.RunAlreadyWaiting as refused:
        who = refused.run.prepared_by.get_full_name() if refused.run.prepared_by else ""
        messages.warning(
            request,
            gettext("%(name)s has already prepared %(number)s")
            % {"name": who, "number": refused.run.number},
        )
        return hx_redirect(request, "commissions:run-detail", run_id=refused.run.id)
    except services.PreviewChanged:
        return _preview(
            request,
            form,
            ticked,
            status=409,
            problem=gettext(
                "Something changed since this list was made. Check it again, then submit."
            ),
        )
    except services.NothingToPay:
        return _preview(
            request, form, ticked, status=409, problem=gettext("Nobody can be paid now.")
        )
    except LedgerDisagrees:
        problem = gettext(
            "The balances do not agree with the ledger. Nothing was submitted; tell your administrator."
        )
        return _preview(request, form, ticked, status=409, problem=problem)
    messages.success(
        request, gettext("%(number)s waits for a second person") % {"number": run.number}
    )
    return hx_redirect(request, "commissions:run-detail", run_id=run.id)


def _today() -> date:
    return timezone.now().astimezone(tenant_zone()).date()


def _preview(
    request: MemberRequest,
    form: RunForm,
    ticked: list[str],
    *,
    status: int = 200,
    problem: str = "",
) -> HttpResponse:
    page = preview_page(preview_run(at=timezone.now(), left_out=left_out_ids(ticked)))
    context = {"page": page, "form": form, "problem": problem}
    return render(request, "commissions/payouts/run_new.html", context, status=status)


@require_GET
@needs(Capability.SEE_MONEY)
def run_detail(request: MemberRequest, run_id: UUID) -> HttpResponse:
    run = _run(run_id)
    totals = run_totals(run.id)
    select = select_from(
        request.GET,
        "currency",
        gettext("Currency"),
        [(total.currency, total.currency) for total in totals],
    )
    rows = payouts_of(run.id)
    if select.value:
        rows = rows.filter(currency=select.value)
    page = keyset_page(
        rows,
        params=request.GET,
        orders={"amount": ("amount_minor",), "number": ("number",)},
        default="-amount",
    )
    shown = run_page(run, request.member)
    ids = [row.id for row in page.rows]
    fresh = fresh_details(run, limit=len(ids), among=ids)[0] if is_undecided(run) else []
    table = PayoutTable(
        page.rows,
        page=page,
        previous=previous_amounts(page.rows),
        again=paid_again([row.id for row in page.rows if row.state == PayoutState.RETURNED]),
        fresh={row.payout_id: row for row in fresh},
        pick=shown.may_settle,
    )
    bar = FilterBar(
        url=request.path,
        label=gettext("Filter payouts"),
        params=request.GET,
        selects=[select] if len(totals) > 1 else [],
    )
    return render_part(
        request,
        "commissions/payouts/run_detail.html",
        {"shown": shown, "run": run, "page": page, "table": table, "bar": bar},
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.APPROVE_PAYOUTS)
def run_approve(request: MemberRequest, run_id: UUID) -> HttpResponse:
    """Agree to a run, after a fresh sign-in."""
    run, totals = _run(run_id), run_totals(run_id)
    if not recently_authenticated(request):
        return ask_again(request)
    form = ApproveForm(request.POST or None, totals=totals, initial={"digest": run.digest})
    problem, changes, status = "", [], 200
    if request.method == "POST" and form.is_valid():
        try:
            approved = services.approve_run(
                run_id=run.id,
                digest=form.cleaned_data["digest"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.PreparedByYou:
            problem, status = (
                gettext("You prepared this run. Another person has to approve it."),
                409,
            )
        except services.RunNotInState as refused:
            problem, status = (
                gettext("The run is in another state now: %(state)s")
                % {"state": refused.run.get_state_display()},
                409,
            )
        except services.RunChanged as refused:
            problem = gettext(
                "The run changed since it was prepared. Send it back and prepare it again."
            )
            changes, status = [change_words(change) for change in refused.changes], 409
        else:
            words = (
                gettext("%(number)s is approved")
                if approved.state == RunState.APPROVED
                else gettext(
                    "Your approval of %(number)s is noted. One more person has to approve it"
                )
            )
            messages.success(request, words % {"number": run.number})
            return hx_redirect(request, "commissions:run-detail", run_id=run.id)
    context = {
        "run": run,
        "shown": run_page(run, request.member),
        "form": form,
        "problem": problem,
        "changes": changes,
    }
    return render(
        request,
        "commissions/payouts/run_approve.html",
        context,
        status=422 if form.errors else status,
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.PREPARE_PAYOUTS)
def run_cancel(request: MemberRequest, run_id: UUID) -> HttpResponse:
    run, form = _run(run_id), ReasonForm(request.POST or None)
    status, problem = 200, ""
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_run(
                run_id=run.id,
                reason=form.cleaned_data["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.RunNotInState:
            status, problem = 409, gettext("Only a run that waits for approval can be sent back.")
        else:
            messages.success(request, gettext("%(number)s was sent back") % {"number": run.number})
            return hx_redirect(request, "commissions:run-list")
    context = {"run": run, "form": form, "problem": problem}
    return render(
        request,
        "commissions/payouts/run_cancel.html",
        context,
        status=422 if form.errors else status,
    )


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def run_export(request: MemberRequest, run_id: UUID) -> HttpResponse:
    run = _run(run_id)
    if run.state not in {RunState.APPROVED, RunState.EXPORTED, RunState.SETTLED}:
        messages.warning(request, gettext("Files are made once the run is approved"))
        return hx_redirect(request, "commissions:run-detail", run_id=run.id)
    if debtor_account(request.tenant) is None and sepa_payouts(run.id).exists():
        messages.warning(request, gettext("First enter the account that payouts are paid from"))
        return hx_redirect(request, "commissions:payout-source")
    if needs_ach_head(run.id) and not ach_head(payout_settings()).is_whole:
        messages.warning(request, gettext("First enter what your bank wants in files for the US"))
        return hx_redirect(request, "commissions:payout-settings")
    return _work(request, run, FILES)


@require_GET
@needs(Capability.SETTLE_PAYOUTS)
def run_file(request: MemberRequest, run_id: UUID, kind: str) -> HttpResponse:
    run = _run(run_id)
    path = stored_file(run, kind) if is_kind(kind) else None
    if path is None:
        raise Http404
    services.note_download(run=run, file=kind, actor=request.member.actor, at=timezone.now())
    return cast(
        "HttpResponse",
        FileResponse(path.open("rb"), as_attachment=True, filename=file_name(run, kind)),
    )


@require_POST
@needs(Capability.ISSUE_STATEMENTS)
def run_statements(request: MemberRequest, run_id: UUID) -> HttpResponse:
    run = _run(run_id)
    if run.state not in {RunState.EXPORTED, RunState.SETTLED}:
        messages.warning(
            request, gettext("Statements are issued once the run was sent to the bank")
        )
        return hx_redirect(request, "commissions:run-detail", run_id=run.id)
    return _work(request, run, STATEMENTS, until_on=_today().isoformat())


def _work(request: MemberRequest, run: PayoutRun, kind: str, **params: str) -> HttpResponse:
    job = start_work(
        run_id=run.id, kind=kind, actor=request.member.actor, at=timezone.now(), **params
    )
    return hx_redirect(request, "job-detail", job_id=job.id)
