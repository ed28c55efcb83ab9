"""Long work: the list, a job's page that follows it, its file; and what is stuck."""

import mimetypes
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.files import open_private
from prm.jobs.selectors import failed_jobs, job_label, job_view, jobs_visible_to, stuck_events
from prm.jobs.services import ask_stop, note_download, retry_event, retry_job
from prm.jobs.tables import JobTable
from prm.notices.selectors import failed_mails
from prm.notices.services import retry_mail
from prm.web.htmx import STOP_POLLING, hx_redirect, render_part, wants_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_JOBS)
def job_list(request: MemberRequest) -> HttpResponse:
    """Show the jobs the person may see, newest first."""
    jobs = jobs_visible_to(request.member).select_related("started_by")
    page = keyset_page(
        jobs, params=request.GET, orders={"started": ("created_at",)}, default="-started"
    )
    may_see_stuck = request.member.may(Capability.SEE_AUDIT)
    context = {"page": page, "jobs": JobTable(page.rows, page=page), "may_see_stuck": may_see_stuck}
    return render_part(request, "prm/jobs/list.html", context)


@require_safe
@needs(Capability.OWN_ACCOUNT)
def job_detail(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Follow one job; the part htmx polls ends the polling when the job is over."""
    job = get_object_or_404(jobs_visible_to(request.member), id=job_id)
    view = job_view(job, request.member, now=timezone.now())
    root = reverse("start").removesuffix("start/")
    back_url = root + job.back_path.lstrip("/") if job.back_path else ""
    status = STOP_POLLING if wants_part(request) and not view.running else 200
    return render_part(
        request,
        "prm/jobs/detail.html",
        {"view": view, "back_url": back_url},
        part="job",
        status=status,
    )


@require_safe
@needs(Capability.OWN_ACCOUNT)
def job_file(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Hand out a job's file, as an attachment, to those who may see the job, until it expires."""
    job = get_object_or_404(jobs_visible_to(request.member), id=job_id)
    if not job_view(job, request.member, now=timezone.now()).has_file:
        raise Http404
    try:
        file = open_private(job.file)
    except FileNotFoundError as gone:
        raise Http404 from gone
    note_download(job_id=job.id, actor=request.member.actor, at=timezone.now())
    kind = mimetypes.guess_type(job.file_name)[0] or "application/octet-stream"
    response = FileResponse(file, as_attachment=True, filename=job.file_name, content_type=kind)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", response)  # a file, but guards and middleware see a response


@require_POST
@needs(Capability.OWN_ACCOUNT)
def job_stop(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Ask a job to stop."""
    job = get_object_or_404(jobs_visible_to(request.member), id=job_id)
    if job_view(job, request.member, now=timezone.now()).may_stop:
        ask_stop(job_id=job.id, actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_POST
@needs(Capability.OWN_ACCOUNT)
def job_retry(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Do a failed or stopped job again, from where it was."""
    job = get_object_or_404(jobs_visible_to(request.member), id=job_id)
    retry_job(job_id=job.id, actor=request.member.actor, at=timezone.now())
    return hx_redirect(request, "job-detail", job_id=job.id)


@require_safe
@needs(Capability.SEE_AUDIT)
def stuck_list(request: MemberRequest) -> HttpResponse:
    """Show what does not get done by itself: events, mails and jobs that failed, with their errors."""
    jobs = [(job, job_label(job.kind)) for job in failed_jobs()]
    return render(
        request,
        "prm/jobs/stuck.html",
        {"events": stuck_events(), "mails": failed_mails(), "jobs": jobs},
    )


@require_POST
@needs(Capability.SEE_AUDIT)
def stuck_retry_event(request: MemberRequest, queued_id: int) -> HttpResponse:
    """Try the handlers of an event again."""
    if not retry_event(queued_id=queued_id, actor=request.member.actor, at=timezone.now()):
        raise Http404
    messages.success(request, _("The event is tried again."))
    return hx_redirect(request, "stuck-list")


@require_POST
@needs(Capability.SEE_AUDIT)
def stuck_retry_mail(request: MemberRequest, mail_id: int) -> HttpResponse:
    """Send a mail again that was given up."""
    if not retry_mail(mail_id=mail_id, at=timezone.now()):
        raise Http404
    messages.success(request, _("The mail is sent again."))
    return hx_redirect(request, "stuck-list")
