"""The page on which a program is published, and the checklist that stands before it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.applications.publishing import (
    ProgramClosed,
    ProgramIncomplete,
    publish_program,
)
from partners.applications.services import unpublish_page
from partners.programs.checklist import checklist, page_of, published_since
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PROGRAMS)
def program_publish(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show what a public program lacks, publish it, or take it down again."""
    program = get_object_or_404(Program, id=program_id)
    refused = ""
    if request.method == "POST":
        refused = _changed(request, program)
        if not refused:
            return hx_redirect(request, "partners:program-publish", program_id=program.id)
    items = checklist(program, timezone.now())
    context = {
        "program": program,
        "items": items,
        "open_count": sum(not item.is_done for item in items),
        "done_count": sum(item.is_done for item in items),
        "published_at": published_since(program.id),
        "public_url": page_of("partners:join", program),
        "refused": refused,
    }
    return render(
        request, "partners/applications/publish.html", context, status=422 if refused else 200
    )


def _changed(request: MemberRequest, program: Program) -> str:
    """Publish or take down; return why that was refused."""
    actor = request.member.actor
    if request.POST.get("do") == "unpublish":
        unpublish_page(program_id=program.id, actor=actor, at=timezone.now())
        messages.success(request, _("The public page is down. Nobody can apply now."))
        return ""
    try:
        publish_program(program_id=program.id, actor=actor, at=timezone.now())
    except ProgramClosed:
        return _("The program is closed. Open it again first.")
    except ProgramIncomplete as lacking:
        names = ", ".join(str(item.title) for item in lacking.items)
        return _("It was not published. Still missing: %(names)s") % {"names": names}
    messages.success(request, _("The public page is up, and applications can come in."))
    return ""
