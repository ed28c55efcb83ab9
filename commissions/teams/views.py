"""Where a partner's admin says how its commission is shared out among its people."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from commissions.ledger.selectors import tenant_zone
from commissions.teams.forms import TeamSplitForm
from commissions.teams.selectors import split_on, splits_of
from commissions.teams.services import NotAhead, NotOneOfTheTeam, set_team_split
from commissions.teams.wording import shares_text
from partners.agreements.selectors import signing_programs
from prm.accounts.acting import acting
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.selectors import people_of
from prm.web.htmx import hx_redirect


@require_safe
@needs(Capability.MANAGE_TEAM)
def team_split_list(request: MemberRequest) -> HttpResponse:
    """Show the programs with who gets what; a single one is opened at once."""
    partner_id, today = request.member.own_partner_id, timezone.localdate(timezone=tenant_zone())
    programs = signing_programs(partner_id)
    if len(programs) == 1:
        return redirect("commissions:team-split", program_id=programs[0].id)
    rows = [
        (program, shares_text(split_on(splits_of(partner_id, program.id), today)))
        for program in programs
    ]
    return render(request, "commissions/teams/list.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_TEAM)
def team_split(request: MemberRequest, program_id: UUID) -> HttpResponse:
    """Show and set who gets which part of what a program pays."""
    partner_id, today = request.member.own_partner_id, timezone.localdate(timezone=tenant_zone())
    programs = signing_programs(partner_id)
    program = next((row for row in programs if row.id == program_id), None)
    if program is None:
        raise Http404
    splits = splits_of(partner_id, program.id)
    people = people_of(tenant_id=request.tenant.id, partner_id=partner_id)
    newest = max(splits, key=lambda split: split.id, default=None)
    form = TeamSplitForm(request.POST or None, people=people, now=newest, today=today)
    if form.is_bound and form.is_valid():
        try:
            set_team_split(
                partner_id=partner_id,
                program_id=program.id,
                shares=form.shares,
                from_on=form.cleaned_data["from_on"],
                is_shown=form.cleaned_data["is_shown"],
                **acting(request),
            )
        except NotAhead:
            form.add_error("from_on", _("Choose a day after today"))
        except NotOneOfTheTeam:
            form.add_error(
                None, _("Somebody has left your team meanwhile: look at the people again")
            )
        else:
            messages.success(request, _("Saved. Your vendor pays your company as before."))
            return hx_redirect(request, "commissions:team-split", program_id=program.id)
    context = {
        "program": program,
        "has_other_programs": len(programs) > 1,
        "form": form,
        "now": shares_text(split_on(splits, today)),
        "history": [(split, shares_text(split)) for split in splits],
        "today": today,
    }
    status = 422 if form.is_bound else 200
    return render(request, "commissions/teams/split.html", context, status=status)
