"""Issuing statements to everybody, what came of it, and all papers of a batch or a month in one file."""

import re
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from commissions.ledger.selectors import tenant_zone
from commissions.statements.batch_page import batch_page
from commissions.statements.batches import (
    ISSUE,
    due_counts,
    outcome_of,
    start_archive,
    start_batch,
)
from commissions.statements.forms import IssueForm
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.jobs.selectors import jobs_visible_to
from prm.web.htmx import hx_redirect

_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_CURRENCY = re.compile(r"[A-Z]{3}")


@require_http_methods(["GET", "POST"])
@needs(Capability.ISSUE_STATEMENTS)
def manage_statement_issue(request: MemberRequest) -> HttpResponse:
    """Ask up to which day; the end of last month is offered when something is due by then."""
    today = timezone.now().astimezone(tenant_zone()).date()
    month_end = today.replace(day=1) - timedelta(days=1)
    through_month, in_all = due_counts(month_end=month_end, today=today)
    form = IssueForm(
        request.POST or None,
        today=today,
        initial={"until_on": month_end if through_month else today},
    )
    if request.method == "POST" and form.is_valid():
        job = start_batch(until_on=form.cleaned_data["until_on"], **acting(request))
        return hx_redirect(request, "job-detail", job_id=job.id)
    context = {
        "form": form,
        "month_end": month_end,
        "through_month": through_month,
        "in_all": in_all,
    }
    return render(
        request, "commissions/statements/issue.html", context, status=422 if form.errors else 200
    )


@require_GET
@needs(Capability.ISSUE_STATEMENTS)
def statement_batch(request: MemberRequest, job_id: UUID) -> HttpResponse:
    """Show what a batch issued, who got none and why, and who has read theirs."""
    job = get_object_or_404(jobs_visible_to(request.member), id=job_id, kind=ISSUE)
    context = batch_page(job, outcome_of(job))
    return render(request, "commissions/statements/batch.html", context)


@require_POST
@needs(Capability.ISSUE_STATEMENTS)
def statement_archive(request: MemberRequest) -> HttpResponse:
    """Start the file with all papers of a batch, or of a month in one currency or all."""
    params = _archive_params(request)
    if params is None:
        messages.info(request, gettext("Choose the month whose statements you want"))
        return hx_redirect(request, "commissions:manage-statement-list")
    back = f"batches/{params['run_id']}/" if "run_id" in params else ""
    job = start_archive(params=params, back_path=f"manage/statements/{back}", **acting(request))
    return hx_redirect(request, "job-detail", job_id=job.id)


def _archive_params(request: MemberRequest) -> dict[str, str] | None:
    """Return what the form names, None for what no page offers. Raises Http404 for a batch out of sight."""
    language = request.POST.get("language", "")
    params = {"language": language} if language in dict(settings.LANGUAGES) else {}
    if run := request.POST.get("run", ""):
        try:
            job = get_object_or_404(jobs_visible_to(request.member), id=UUID(run), kind=ISSUE)
        except ValueError:
            return None
        return {**params, "run_id": str(job.id)}
    period, currency = request.POST.get("period", ""), request.POST.get("currency", "")
    if not _MONTH.fullmatch(period) or (currency and not _CURRENCY.fullmatch(currency)):
        return None
    return {**params, "period": period} | ({"currency": currency} if currency else {})
