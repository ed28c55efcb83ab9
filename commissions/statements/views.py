"""Statements: lists, the sheet, its files, and issuing them."""

from tempfile import TemporaryFile
from typing import IO, Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_GET, require_http_methods

from commissions.ledger.selectors import tenant_zone
from commissions.statements.forms import IssueForm
from commissions.statements.gathering import due_for_statement
from commissions.statements.listings import manage_listing, partner_listing
from commissions.statements.models import Statement
from commissions.statements.papers import export_header, export_rows, paper_of
from commissions.statements.pdf import stored_pdf
from commissions.statements.selectors import listed_statements
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.events.services import Actor
from prm.jobs.services import start_job
from prm.web.exports import csv_lines, write_xlsx
from prm.web.htmx import hx_redirect, render_part


@require_GET
@needs(Capability.SEE_EARNINGS)
def statement_list(request: MemberRequest) -> HttpResponse:
    return render_part(request, "commissions/statements/list.html", partner_listing(request))


@require_GET
@needs(Capability.SEE_MONEY)
def manage_statement_list(request: MemberRequest) -> HttpResponse:
    return render_part(request, "commissions/statements/manage_list.html", manage_listing(request))


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_detail(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    statement = _visible(request, statement_id)
    with timezone.override(ZoneInfo(statement.parties.get("time_zone", "UTC"))):
        paper = paper_of(statement)
    has_pdf = stored_pdf(statement) is not None
    if not has_pdf:
        _ask_for_pdf(statement)
    back = (
        "commissions:manage-statement-list"
        if request.member.is_staff
        else "commissions:statement-list"
    )
    context = {
        "paper": paper,
        "statement": statement,
        "footer": paper.footer,
        "has_pdf": has_pdf,
        "back": back,
        "is_partner": not request.member.is_staff,
        "logo": reverse("brand-logo") if request.tenant.logo else "",
    }
    return render(request, "commissions/statements/detail.html", context)


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_pdf(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    statement = _visible(request, statement_id)
    path = stored_pdf(statement)
    if path is None:
        _ask_for_pdf(statement)
        waiting = render(
            request, "commissions/statements/pdf_wait.html", {"statement": statement}, status=202
        )
        waiting.headers["Refresh"] = "2"
        return waiting
    return _file(path.open("rb"), f"{statement.number}.pdf", "application/pdf")


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_csv(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    statement = _visible(request, statement_id)
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    with translation.override(statement.parties.get("language", "en")):
        file.writelines(
            line.encode() for line in csv_lines(export_header(), export_rows(statement))
        )
    file.seek(0)
    return _file(file, f"{statement.number}.csv", "text/csv; charset=utf-8")


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_xlsx(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    statement = _visible(request, statement_id)
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    with translation.override(statement.parties.get("language", "en")):
        write_xlsx(
            cast("IO[bytes]", file), export_header(), export_rows(statement), sheet=statement.number
        )
    file.seek(0)
    return _file(
        file,
        f"{statement.number}.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


@require_http_methods(["GET", "POST"])
@needs(Capability.ISSUE_STATEMENTS)
def manage_statement_issue(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    today = now.astimezone(tenant_zone()).date()
    form = IssueForm(request.POST or None, today=today, initial={"until_on": today})
    if request.method == "POST" and form.is_valid():
        until_on = form.cleaned_data["until_on"]
        job = start_job(
            kind="statements.issue",
            params={"until_on": until_on.isoformat()},
            actor=Actor(request.member.user_id, name=request.member.name),
            at=now,
            back_path="manage/statements/",
        )
        return hx_redirect(request, "job-detail", job_id=job.id)
    context = {"form": form, "due_count": len(due_for_statement(until_on=today))}
    return render(
        request, "commissions/statements/issue.html", context, status=422 if form.errors else 200
    )


def _visible(request: MemberRequest, statement_id: UUID) -> Statement:
    return get_object_or_404(listed_statements(request.member), id=statement_id)


def _ask_for_pdf(statement: Statement) -> None:
    from commissions.statements.tasks import make_statement_pdf  # noqa: PLC0415  the worker's side

    tenant_id, statement_id = statement.tenant_id, str(statement.id)
    transaction.on_commit(
        lambda: make_statement_pdf.delay(tenant_id=tenant_id, statement_id=statement_id),
        robust=True,
    )


def _file(content: Any, name: str, kind: str) -> HttpResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=kind)
    return cast("HttpResponse", response)
