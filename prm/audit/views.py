"""The audit trail: searched, and exported."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.audit.forms import AuditFilterForm
from prm.audit.selectors import audit_events, audit_lines
from prm.events.seals import chain_head
from prm.jobs.services import start_job
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page


@require_safe
@needs(Capability.SEE_AUDIT)
def audit_list(request: MemberRequest) -> HttpResponse:
    """Show who did what, newest first."""
    form = AuditFilterForm(request.GET)
    events = audit_events(form.wanted)
    page = keyset_page(
        events, params=request.GET, orders={"newest": ("id",)}, default="-newest", bound=None
    )
    position, chain = chain_head()
    context = {
        "page": page,
        "lines": audit_lines(page.rows),
        "filter": form,
        "position": position,
        "chain": chain,
    }
    return render_part(request, "prm/audit/list.html", context)


@require_POST
@needs(Capability.SEE_AUDIT)
def audit_export(request: MemberRequest) -> HttpResponse:
    """Write what the filters show to a file."""
    wanted, now = AuditFilterForm(request.POST).wanted, timezone.now()
    job = start_job(
        kind="audit.export",
        params={
            "words": wanted.words,
            "area": wanted.area,
            "since_on": wanted.since_on.isoformat() if wanted.since_on else "",
            "until_on": wanted.until_on.isoformat() if wanted.until_on else "",
            "on": timezone.localdate().isoformat(),
        },
        actor=request.member.actor,
        at=now,
        back_path="manage/audit/",
    )
    return hx_redirect(request, "job-detail", job_id=job.id)
