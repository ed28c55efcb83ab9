"""A statement's files: its PDF in two languages, its lines for spreadsheets and programs."""

from tempfile import TemporaryFile
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from commissions.statements.keeping import kept_file, language_of
from commissions.statements.models import ReadingWay, Statement
from commissions.statements.papers import export_header, export_rows
from commissions.statements.reading import note_reading
from commissions.statements.selectors import listed_statements
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.exports import csv_lines, write_xlsx


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_pdf(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """Hand out the PDF, or a copy in another language; say when it is still being made."""
    statement = _visible(request, statement_id)
    language = request.GET.get("language", "")
    if language and language not in dict(settings.LANGUAGES):
        raise Http404
    path = kept_file(statement, "pdf", language)
    if path is None:
        ask_for_pdf(statement, language)
        waiting = render(
            request, "commissions/statements/pdf_wait.html", {"statement": statement}, status=202
        )
        waiting.headers["Refresh"] = "2"
        return waiting
    _note(request, statement, ReadingWay.PDF)
    copy = f"-{language}" if language and language != language_of(statement) else ""
    return _file(path.open("rb"), f"{statement.number}{copy}.pdf", "application/pdf")


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_csv(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """Hand out the data file that lies in the PDF too; made on the way when the PDF was not made yet."""
    statement = _visible(request, statement_id)
    _note(request, statement, ReadingWay.CSV)
    if kept := kept_file(statement, "csv"):
        return _file(kept.open("rb"), f"{statement.number}.csv", "text/csv; charset=utf-8")
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    with translation.override(language_of(statement)):
        file.writelines(
            line.encode() for line in csv_lines(export_header(), export_rows(statement))
        )
    file.seek(0)
    return _file(file, f"{statement.number}.csv", "text/csv; charset=utf-8")


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_xlsx(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """Hand out the lines as a workbook."""
    statement = _visible(request, statement_id)
    _note(request, statement, ReadingWay.XLSX)
    file = TemporaryFile()  # noqa: SIM115  the response closes it
    with translation.override(language_of(statement)):
        write_xlsx(
            cast("IO[bytes]", file), export_header(), export_rows(statement), sheet=statement.number
        )
    file.seek(0)
    return _file(
        file,
        f"{statement.number}.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def ask_for_pdf(statement: Statement, language: str = "") -> None:
    """Let a worker make a PDF after the commit."""
    from commissions.statements.tasks import make_statement_pdf  # noqa: PLC0415  the worker's side

    facts = {
        "tenant_id": statement.tenant_id,
        "statement_id": str(statement.id),
        "language": language,
    }
    transaction.on_commit(lambda: make_statement_pdf.delay(**facts), robust=True)


def _visible(request: MemberRequest, statement_id: UUID) -> Statement:
    return get_object_or_404(listed_statements(request.member), id=statement_id)


def _note(request: MemberRequest, statement: Statement, way: ReadingWay) -> None:
    note_reading(statement=statement, way=way, reader=request.member, at=timezone.now())


def _file(content: Any, name: str, kind: str) -> HttpResponse:
    response = FileResponse(content, as_attachment=True, filename=name, content_type=kind)
    return cast("HttpResponse", response)
