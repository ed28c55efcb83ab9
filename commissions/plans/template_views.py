"""Plans to start from: read why each is as it is, and make a draft of one."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from commissions.plans.editor import preview_of
from commissions.plans.pages import start_of_day, usual_start
from commissions.plans.selectors import draft_of, newest_published
from commissions.plans.services import create_version
from commissions.plans.templates import TEMPLATES, template_named
from commissions.plans.wording import rule_words
from commissions.plans.wording_terms import policy_lines
from partners.programs.models import Program
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.web.htmx import hx_redirect


@require_safe
@needs(Capability.EDIT_PROGRAMS)
def plan_templates(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show the templates with their sentences in the program's currency, and why they are so."""
    program = get_object_or_404(Program, id=program_id)
    rows = []
    for template in TEMPLATES:
        terms = template.terms(program.currency)
        version = preview_of(terms.rules, program.currency, terms.policy)
        lines = [rule_words(rule, program.currency) for rule in version.rules]
        lines += [words for _, words in policy_lines(version.policy, program.currency)]
        rows.append((template, lines))
    context = {"program": program, "rows": rows, "draft": draft_of(program.id)}
    return render(request, "commissions/plans/templates.html", context)


@require_POST
@needs(Capability.EDIT_PROGRAMS)
def plan_from_template(request: MemberRequest, program_id: UUID, key: str) -> HttpResponse:
    """Make a draft of a template; a draft that is there says what the template says from now on."""
    program, template = get_object_or_404(Program, id=program_id), template_named(key)
    if template is None:
        raise Http404
    now, zone = timezone.now(), ZoneInfo(request.tenant.time_zone)
    start = usual_start(newest_published(program.id), timezone.localdate(now, zone), zone)
    create_version(
        program_id=program.id,
        terms=template.terms(program.currency),
        starts_at=start_of_day(start, zone),
        actor=request.member.actor,
        at=now,
    )
    messages.success(request, gettext("The draft is made: change what you like, then publish it"))
    return hx_redirect(request, "commissions:plan-draft", program_id=program.id)
