"""A partner's file of referrals: brought, looked at, sent."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from partners.directory.models import Partner
from partners.directory.moves import tenant_day
from partners.onboarding.rules import SUBMIT
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import redirect_to
from prm.web.spreadsheets import FileRefused
from referrals.capture.bulk import (
    BulkFileUnfit,
    columns_of,
    keep_bulk_file,
    looked_at,
    result_words,
    send_bulk_file,
    template_lines,
)
from referrals.capture.forms_bulk import BulkFileForm
from referrals.capture.models import BulkSubmission
from referrals.intake.selectors import programs_open_to

TONES = {"accepted": "ok", "there_already": "", "error": "bad"}


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
@unlocked(SUBMIT)
def bulk_new(request: MemberRequest) -> HttpResponse:
    """Take a file; nothing is sent before the next page says so."""
    programs = _programs(request)
    if not programs:
        partner = Partner.objects.select_related("manager").get(id=request.member.own_partner_id)
        return render(request, "referrals/intake/not_enrolled.html", {"partner": partner})
    program = _chosen(programs, request)
    posted = request.method == "POST"
    form = BulkFileForm(request.POST if posted else None, request.FILES if posted else None)
    if request.method == "POST" and form.is_valid():
        try:
            submission = _kept(request, form, program)
        except (FileRefused, BulkFileUnfit) as unfit:
            form.add_error("file", unfit.words if isinstance(unfit, FileRefused) else str(unfit))
        else:
            return redirect_to(request, _path(submission))
    context = {
        "form": form,
        "program": program,
        "programs": programs,
        "columns": columns_of(program),
    }
    return render(
        request, "referrals/capture/bulk_new.html", context, status=422 if form.errors else 200
    )


@require_safe
@needs(Capability.SUBMIT_REFERRAL)
def bulk_template(request: MemberRequest) -> HttpResponse:
    """Give a file with the program's columns to start from."""
    programs = _programs(request)
    if not programs:
        return redirect_to(request, reverse("referrals:bulk-new"))
    program = _chosen(programs, request)
    response = HttpResponse(
        "".join(template_lines(program)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="referrals-{program.slug}.csv"'
    return response


@require_http_methods(["GET", "POST"])
@needs(Capability.SUBMIT_REFERRAL)
@unlocked(SUBMIT)
def bulk_detail(request: MemberRequest, bulk_id: UUID) -> HttpResponse:
    """Show what would become of each row, and send the file when asked; once sent, its job says the rest."""
    mine = BulkSubmission.objects.filter(created_by_id=request.member.user_id)
    submission = get_object_or_404(
        mine.filter(partner_id=request.member.own_partner_id).select_related("program"), id=bulk_id
    )
    if request.method == "POST" and not submission.job_id:
        job = send_bulk_file(
            submission_id=submission.id, actor=request.member.actor, at=timezone.now()
        )
        submission.job_id = job.id
    if submission.job_id:
        return redirect_to(request, reverse("job-detail", kwargs={"job_id": submission.job_id}))
    found = looked_at(submission, vendor=request.tenant.name)
    words = result_words(ahead=True)
    context = {
        "submission": submission,
        "rows": [(one, words[one.result], TONES[one.result]) for one in found],
        "counts": Counter(one.result for one in found),
    }
    return render(request, "referrals/capture/bulk_detail.html", context)


def _kept(request: MemberRequest, form: BulkFileForm, program: Program) -> BulkSubmission:
    file = form.cleaned_data["file"]
    with TemporaryDirectory() as folder:
        upload = Path(folder) / "upload"
        with upload.open("wb") as out:
            for part in file.chunks():
                out.write(part)
        return keep_bulk_file(
            upload=upload,
            file_name=file.name,
            program=program,
            partner_id=request.member.own_partner_id,
            actor=request.member.actor,
            at=timezone.now(),
        )


def _programs(request: MemberRequest) -> list[Program]:
    return programs_open_to(request.member.own_partner_id, day=tenant_day(timezone.now()))


def _chosen(programs: list[Program], request: MemberRequest) -> Program:
    wanted = request.POST.get("program") or request.GET.get("program")
    return next((row for row in programs if str(row.id) == wanted), programs[0])


def _path(submission: BulkSubmission) -> str:
    return reverse("referrals:bulk-detail", kwargs={"bulk_id": submission.id})
