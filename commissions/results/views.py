"""Answers of banks: bring one, see what it means, book it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.results.forms import MAX_BYTES, ResultForm
from commissions.results.models import Match, ResultFile, ResultRow, ResultState
from commissions.results.pages import result_stats, result_tabs
from commissions.results.selectors import listed_files, match_counts, open_rows
from commissions.results.services import ReadBefore, read_before, read_results
from commissions.results.tables import ResultFileTable, ResultRowTable
from commissions.results.values import NotReadable
from commissions.results.wording import shape_words, unreadable_words
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.services import start_job
from prm.uploads.services import UploadRefused, keep_upload, remove_upload
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_http_methods(["GET", "POST"])
@needs(Capability.SETTLE_PAYOUTS)
def result_list(request: MemberRequest) -> HttpResponse:
    """List the answers, and take another one."""
    form = ResultForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = ResultForm(request.POST, request.FILES)
        if form.is_valid() and (file := _taken(request, form)):
            return hx_redirect(request, "commissions:result-detail", file_id=file.id)
    page = keyset_page(
        listed_files(), params=request.GET, orders={"read": ("read_at",)}, default="-read"
    )
    table = ResultFileTable(
        page.rows, page=page, counts=match_counts([row.id for row in page.rows])
    )
    return render_part(
        request,
        "commissions/results/list.html",
        {"form": form, "page": page, "table": table},
        status=422 if form.errors else 200,
    )


def _taken(request: MemberRequest, form: ResultForm) -> ResultFile | None:
    """Keep and read the file; put the problem into the form and return None when that fails."""
    given = form.cleaned_data["file"]
    content = given.read(MAX_BYTES + 1)
    if known := read_before(content):
        return _known(request, known)
    try:
        given.seek(0)
        upload = keep_upload(
            file=given,
            purpose="payouts.result",
            allowed=frozenset({"xml", "csv"}),
            max_bytes=MAX_BYTES,
            partner_id=None,
            actor=request.member.actor,
            at=timezone.now(),
        )
        return read_results(
            content=content,
            upload_id=upload.id,
            file_name=upload.file_name,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except UploadRefused as refused:
        form.add_error("file", refused.words)
    except NotReadable as problem:
        # What nobody can read takes none of the tenant's space.
        remove_upload(upload_id=upload.id, actor=request.member.actor, at=timezone.now())
        form.add_error("file", unreadable_words(problem))
    except ReadBefore as twice:
        # Somebody brought the very same file at the same moment.
        remove_upload(upload_id=upload.id, actor=request.member.actor, at=timezone.now())
        return _known(request, twice.file)
    return None


def _known(request: MemberRequest, file: ResultFile) -> ResultFile:
    messages.info(request, gettext("This file was read before. Here is what came of it."))
    return file


@require_GET
@needs(Capability.SETTLE_PAYOUTS)
def result_detail(request: MemberRequest, file_id: UUID) -> HttpResponse:
    """Show what a file says, what it means, and what nobody could match."""
    file = get_object_or_404(listed_files(), id=file_id)
    view = request.GET.get("view", "")
    view = view if view in Match.values else ""
    rows = ResultRow.objects.filter(file_id=file.id).select_related("payout__partner")
    page = keyset_page(
        rows.filter(match=view) if view else rows,
        params=request.GET,
        orders={"position": ("position",)},
        default="position",
    )
    counts = match_counts([file.id])[file.id]
    context = {
        "file": file,
        "shape": shape_words(file.shape),
        "stats": result_stats(file.id, counts),
        "tabs": result_tabs(file.id, counts, view),
        "page": page,
        "table": ResultRowTable(page.rows, page=page),
        "open_count": 0 if file.state == ResultState.APPLIED else open_rows(file.id).count(),
        "left_count": counts[Match.UNMATCHED],
    }
    return render_part(request, "commissions/results/detail.html", context)


@require_POST
@needs(Capability.SETTLE_PAYOUTS)
def result_apply(request: MemberRequest, file_id: UUID) -> HttpResponse:
    """Start the job that books a file; one that is booked says so."""
    file = get_object_or_404(ResultFile, id=file_id)
    if file.state == ResultState.APPLIED:
        messages.info(request, gettext("This file is booked already"))
        return hx_redirect(request, "commissions:result-detail", file_id=file.id)
    job = start_job(
        kind="payouts.results",
        params={"file_id": str(file.id)},
        actor=request.member.actor,
        at=timezone.now(),
        back_path=f"manage/payouts/results/{file.id}/",
    )
    return hx_redirect(request, "job-detail", job_id=job.id)
