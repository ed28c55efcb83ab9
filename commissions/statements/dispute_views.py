"""Disputes: a statement's lines, one dispute for both sides, finance's queue and its answer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.statements.dispute_pages import (
    TONES,
    dispute_facts,
    line_facts,
    line_rows,
    obstacle_words,
    queue_stats,
    queue_tabs,
    state_words,
)
from commissions.statements.disputing import (
    DisputeClosed,
    NotDisputable,
    accept_dispute,
    obstacle,
    open_dispute,
    refuse_dispute,
    withdraw_dispute,
)
from commissions.statements.forms import AnswerForm, DisputeForm
from commissions.statements.models import Dispute, DisputeState, StatementLine
from commissions.statements.selectors import listed_disputes, listed_statements
from commissions.statements.tables import DisputeTable, LineTable
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.uploads.responses import is_ready, send
from prm.uploads.services import UploadRefused
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_lines(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """List a statement's lines with what was disputed."""
    statement = get_object_or_404(listed_statements(request.member), id=statement_id)
    page = keyset_page(
        StatementLine.objects.filter(statement_id=statement.id),
        params=request.GET,
        orders={"position": ("position",)},
        default="position",
    )
    is_partner = not request.member.is_staff
    rows = line_rows(statement, page.rows, is_partner=is_partner, at=timezone.now())
    return render_part(
        request,
        "commissions/statements/lines.html",
        {
            "statement": statement,
            "page": page,
            "table": LineTable(rows, page=page),
            "may_dispute": any(row.may_dispute for row in rows),
        },
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.SEE_EARNINGS)
def line_dispute(request: MemberRequest, line_id: int) -> HttpResponse:
    """Disagree with one line."""
    line = get_object_or_404(
        StatementLine.objects.select_related("statement"),
        statement__in=listed_statements(request.member).values("id"),
        id=line_id,
    )
    statement = line.statement
    now = timezone.now()
    form = DisputeForm(request.POST or None, request.FILES or None, currency=statement.currency)
    problem = obstacle(line, at=now)
    if request.method == "POST" and not problem and form.is_valid():
        wanted = form.cleaned_data["wanted"]
        try:
            dispute = open_dispute(
                line=line,
                partner_id=request.member.own_partner_id,
                reason=form.cleaned_data["reason"],
                wanted_minor=wanted.minor if wanted else None,
                evidence=form.cleaned_data["evidence"],
                actor=request.member.actor,
                at=now,
            )
        except UploadRefused as refused:
            form.add_error("evidence", refused.words)
        except NotDisputable as refused:
            problem = refused.why
        else:
            messages.success(request, gettext("The line is disputed; you will be told the answer"))
            return hx_redirect(request, "commissions:dispute-detail", dispute_id=dispute.id)
    context = {
        "statement": statement,
        "form": form,
        "facts": line_facts(line),
        "problem": obstacle_words(problem) if problem else "",
    }
    status = 409 if problem and request.method == "POST" else 422 if form.errors else 200
    return render(request, "commissions/statements/dispute_new.html", context, status=status)


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def dispute_detail(request: MemberRequest, dispute_id: UUID) -> HttpResponse:
    """Show one dispute to both sides; finance answers here."""
    return _page(request, _visible(request, dispute_id))


def _page(
    request: MemberRequest, dispute: Dispute, form: AnswerForm | None = None, *, status: int = 200
) -> HttpResponse:
    staff, is_open = request.member.is_staff, dispute.state == DisputeState.OPEN
    may_answer = is_open and request.member.may(Capability.KEEP_BOOKS)
    context = {
        "dispute": dispute,
        "facts": dispute_facts(dispute, staff=staff),
        "label": state_words(dispute.state),
        "tone": TONES[DisputeState(dispute.state)],
        "form": form
        or (AnswerForm(currency=dispute.currency, accepts=False) if may_answer else None),
        "may_answer": may_answer,
        "may_withdraw": is_open and not staff,
        "file": dispute.evidence,
        "file_ready": dispute.evidence is not None and is_ready(dispute.evidence),
        "is_staff": staff,
    }
    return render(request, "commissions/statements/dispute.html", context, status=status)


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def dispute_evidence(request: MemberRequest, dispute_id: UUID) -> HttpResponse:
    """Give out what the partner brought."""
    dispute = _visible(request, dispute_id)
    return send(dispute.evidence) if dispute.evidence else HttpResponse(status=404)


@require_POST
@needs(Capability.SEE_EARNINGS)
def dispute_withdraw(request: MemberRequest, dispute_id: UUID) -> HttpResponse:
    """Take a dispute back."""
    dispute = _visible(request, dispute_id)
    try:
        withdraw_dispute(dispute_id=dispute.id, actor=request.member.actor, at=timezone.now())
    except DisputeClosed:
        messages.info(request, gettext("The vendor has answered already"))
    else:
        messages.success(request, gettext("The dispute is taken back"))
    return hx_redirect(request, "commissions:dispute-detail", dispute_id=dispute.id)


@require_GET
@needs(Capability.SEE_MONEY)
def dispute_list(request: MemberRequest) -> HttpResponse:
    """Show what waits for an answer, the oldest first, or what is closed."""
    view = "closed" if request.GET.get("view") == "closed" else "open"
    rows = listed_disputes(request.member)
    rows = (
        rows.filter(state=DisputeState.OPEN)
        if view == "open"
        else rows.exclude(state=DisputeState.OPEN)
    )
    page = keyset_page(
        rows,
        params=request.GET,
        orders={"opened": ("opened_at",)},
        default="opened" if view == "open" else "-opened",
    )
    context = {
        "stats": queue_stats(timezone.now()),
        "tabs": queue_tabs(reverse("commissions:dispute-list"), view),
        "view": view,
        "page": page,
        "table": DisputeTable(page.rows, page=page),
    }
    return render_part(request, "commissions/statements/disputes.html", context)


@require_POST
@needs(Capability.KEEP_BOOKS)
def dispute_answer(request: MemberRequest, dispute_id: UUID) -> HttpResponse:
    """Accept with a correction, or refuse; both with words."""
    dispute = _visible(request, dispute_id)
    accepts = request.POST.get("do") == "accept"
    form = AnswerForm(request.POST, currency=dispute.currency, accepts=accepts)
    if not form.is_valid():
        return _page(request, dispute, form, status=422)
    answer, now = form.cleaned_data["answer"], timezone.now()
    try:
        if accepts:
            accept_dispute(
                dispute_id=dispute.id,
                correction_minor=form.cleaned_data["correction"].minor,
                answer=answer,
                actor=request.member.actor,
                at=now,
            )
        else:
            refuse_dispute(dispute_id=dispute.id, answer=answer, actor=request.member.actor, at=now)
    except DisputeClosed:
        messages.info(request, gettext("The dispute was closed before"))
    else:
        messages.success(request, gettext("The partner is told"))
    return hx_redirect(request, "commissions:dispute-detail", dispute_id=dispute.id)


def _visible(request: MemberRequest, dispute_id: UUID) -> Dispute:
    return get_object_or_404(listed_disputes(request.member), id=dispute_id)
