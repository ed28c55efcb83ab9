"""Statements: lists, the sheet, and that somebody has read it."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_POST

from commissions.statements.file_views import ask_for_pdf
from commissions.statements.keeping import kept_file, language_of
from commissions.statements.listings import manage_listing, partner_listing
from commissions.statements.models import ReadingWay
from commissions.statements.papers import paper_of
from commissions.statements.reading import confirm_reading, note_reading, readings_of
from commissions.statements.selectors import listed_statements
from commissions.tax.letterheads import logo_address
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect, render_part


@require_GET
@needs(Capability.SEE_EARNINGS)
def statement_list(request: MemberRequest) -> HttpResponse:
    """List the partner's own."""
    return render_part(request, "commissions/statements/list.html", partner_listing(request))


@require_GET
@needs(Capability.SEE_MONEY)
def manage_statement_list(request: MemberRequest) -> HttpResponse:
    """List everybody's, and who has seen theirs."""
    return render_part(request, "commissions/statements/manage_list.html", manage_listing(request))


@require_GET
@needs(Capability.SEE_EARNINGS, Capability.SEE_MONEY)
def statement_detail(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """Show the sheet in the reader's language; the first opening by the partner is kept."""
    statement = get_object_or_404(listed_statements(request.member), id=statement_id)
    note_reading(statement=statement, way=ReadingWay.PAGE, reader=request.member, at=timezone.now())
    with timezone.override(ZoneInfo(statement.parties.get("time_zone", "UTC"))):
        paper = paper_of(statement)
    has_pdf = kept_file(statement) is not None
    if not has_pdf:
        ask_for_pdf(statement)
    back = (
        "commissions:manage-statement-list"
        if request.member.is_staff
        else "commissions:statement-list"
    )
    own, reads = language_of(statement), get_language() or "en"
    context = {
        "paper": paper,
        "statement": statement,
        "footer": paper.footer,
        "has_pdf": has_pdf,
        "back": back,
        "is_partner": not request.member.is_staff,
        "may_confirm": not request.member.is_staff and not request.member.viewing,
        "readings": readings_of(statement),
        "copy_language": reads if reads != own and reads in dict(settings.LANGUAGES) else "",
        "logo": logo_address(statement.parties["by"]),
    }
    return render(request, "commissions/statements/detail.html", context)


@require_POST
@needs(Capability.SEE_EARNINGS)
def statement_confirm(request: MemberRequest, statement_id: UUID) -> HttpResponse:
    """Say that the statement was read."""
    statement = get_object_or_404(listed_statements(request.member), id=statement_id)
    if confirm_reading(statement=statement, reader=request.member, at=timezone.now()):
        messages.success(request, gettext("Noted that you have read the statement"))
    return hx_redirect(request, "commissions:statement-detail", statement_id=statement.id)
