"""Certificates of a year: issued for everybody, read by the partner and by finance."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from commissions.tax.certificate_paper import (
    certificate_context,
    certificate_lines,
    certificate_sheet,
)
from commissions.tax.certificates import visible_certificates
from commissions.tax.letterheads import logo_address
from commissions.tax.paper_responses import asked_language, sheet_response
from commissions.tax.tasks import make_certificate_pdf
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.web.exports import csv_lines
from prm.web.htmx import hx_redirect


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def certificates_issue(request: MemberRequest, year: int) -> HttpResponse:
    """Certify a year for everybody who was paid in it, as a job; what changed since is certified anew."""
    if not 1990 <= year <= 2200:
        raise Http404
    job = start_job(
        kind="tax.certificates",
        params={"year": year},
        **acting(request),
        back_path=f"manage/tax/years/{year}/",
    )
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def certificate_detail(request: MemberRequest, certificate_id: UUID) -> HttpResponse:
    """Show a certificate as it is printed, in the reader's language."""
    row = get_object_or_404(visible_certificates(request.member), id=certificate_id)
    context = {
        **certificate_context(row),
        "languages": settings.LANGUAGES,
        "logo": logo_address(row.parties["vendor"]),
        "staff": request.member.is_staff,
    }
    return render(request, "commissions/tax/certificate.html", context)


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def certificate_pdf(request: MemberRequest, certificate_id: UUID) -> HttpResponse:
    """Hand out the PDF in a language; say when it is still being made."""
    row = get_object_or_404(visible_certificates(request.member), id=certificate_id)
    sheet = certificate_sheet(row, asked_language(request))
    return sheet_response(
        request,
        sheet,
        back=reverse("commissions:year-certificate", kwargs={"certificate_id": row.id}),
        ask=lambda: make_certificate_pdf.delay(
            tenant_id=row.tenant_id, certificate_id=str(row.id), language=sheet.language
        ),
    )


@require_GET
@needs(Capability.MANAGE_PAYOUT_DETAILS, Capability.SEE_MONEY)
def certificate_csv(request: MemberRequest, certificate_id: UUID) -> HttpResponse:
    """Hand out the totals as a file."""
    row = get_object_or_404(visible_certificates(request.member), id=certificate_id)
    header, rows = certificate_lines(row)
    response = HttpResponse(
        "".join(csv_lines(header, rows)), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{row.number}.csv"'
    return response
