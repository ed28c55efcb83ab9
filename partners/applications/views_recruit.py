"""Whom the vendor goes after: prospects, and invitations of many at once."""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.applications import inviting, prospects
from partners.applications.models import Application, Prospect, ProspectState
from partners.applications.prospects import (
    SETTABLE,
    CannotInvite,
    ProspectExists,
    add_prospect,
    edit_prospect,
    invite_to_apply,
    make_partner,
    move_prospect,
)
from partners.applications.queue import starts_with
from partners.applications.recruit_forms import (
    APPLY,
    InviteManyForm,
    InviteProspectForm,
    ProspectForm,
    SheetForm,
)
from partners.applications.sheets import queue_rows, queue_sheet
from partners.applications.similar import hosts_of
from partners.applications.tables import PROSPECT_TONES, InvitationTable, ProspectTable
from partners.directory.models import Partner, PartnerType
from partners.directory.rules import folded_name
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.invitations import (
    InvitationUnusable,
    resend_invitation,
    revoke_invitation,
)
from prm.accounts.members import MemberRequest
from prm.accounts.models import Invitation
from prm.jobs.models import Job
from prm.web.choices import country_name
from prm.web.counts import bounded_counts, count_text
from prm.web.exports import csv_lines
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.htmx import hx_redirect, redirect_to, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab
from prm.web.spreadsheets import FileRefused


@require_safe
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_list(request: MemberRequest) -> HttpResponse:
    """List prospects, best fit first."""
    state = request.GET.get("state", "")
    state = state if state in ProspectState.values else ""
    url = reverse("partners:prospect-list")
    kind = select_from(request.GET, "type", _("Type"), PartnerType.choices)
    bar = FilterBar(
        url, _("Filter prospects"), request.GET, _("Company"), (kind,), keep=("sort", "state")
    )
    every = Prospect.objects.all()
    words = search_words(request.GET)
    if words:
        every = every.filter(**starts_with("company_norm", folded_name(words)))
    if kind.value:
        every = every.filter(type=kind.value)
    views = {"": every, **{value: every.filter(state=value) for value in ProspectState.values}}
    page = keyset_page(
        views[state].select_related("owner").defer("fit_parts", "notes"),
        params=request.GET,
        orders={"fit": ("fit",)},
        default="-fit",
        bound=None,
    )
    counts = bounded_counts(views)
    labels: dict[str, Any] = {"": _("All"), **dict(ProspectState.choices)}
    tabs = []
    for name, label in labels.items():
        asked = {"state": name, "q": words, "type": kind.value}
        query = urlencode({key: value for key, value in asked.items() if value})
        target = f"{url}?{query}" if query else url
        tabs.append(Tab(label, target, name == state, count_text(counts[name])))
    context = {"page": page, "prospects": ProspectTable(page.rows, page=page), "bar": bar}
    return render_part(
        request,
        "partners/applications/prospect_list.html",
        {**context, "tabs": tabs},
        say=page.shown_text,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_new(request: MemberRequest) -> HttpResponse:
    """Write a prospect down."""
    initial = {"owner": str(request.member.user_id)}
    form = ProspectForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            prospect = add_prospect(actor=request.member.actor, at=timezone.now(), **form.facts)
        except ProspectExists:
            form.add_error("company", _("A prospect of this name is there already"))
        else:
            return hx_redirect(request, "partners:prospect-detail", prospect_id=prospect.id)
    return _prospect_form(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_edit(request: MemberRequest, prospect_id: UUID) -> HttpResponse:
    """Change what is known of a prospect."""
    prospect = get_object_or_404(Prospect, id=prospect_id)
    initial = {name: getattr(prospect, name, "") for name in ProspectForm.base_fields}
    initial |= {"owner": str(prospect.owner_id or ""), "website": prospect.domain}
    form = ProspectForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            edit_prospect(
                prospect_id=prospect.id, actor=request.member.actor, at=timezone.now(), **form.facts
            )
        except ProspectExists:
            form.add_error("company", _("A prospect of this name is there already"))
        else:
            messages.success(request, _("The changes are saved."))
            return hx_redirect(request, "partners:prospect-detail", prospect_id=prospect.id)
    return _prospect_form(request, form, prospect)


def _prospect_form(
    request: MemberRequest, form: ProspectForm, prospect: Prospect | None
) -> HttpResponse:
    return render(
        request,
        "partners/applications/prospect_edit.html",
        {"form": form, "prospect": prospect},
        status=422 if form.errors else 200,
    )


@require_safe
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_detail(request: MemberRequest, prospect_id: UUID) -> HttpResponse:
    """Show a prospect, its fit with the reasons, and what may be done."""
    prospect = get_object_or_404(
        Prospect.objects.select_related("owner", "partner", "program"), id=prospect_id
    )
    facts = [
        (_("Contact person"), prospect.contact),
        (_("Email"), prospect.email),
        (_("Website"), prospect.domain),
        (_("Country"), country_name(prospect.country) if prospect.country else ""),
        (_("Type"), prospect.get_type_display()),
        (_("Source"), prospect.source),
        (_("Campaign"), prospect.campaign),
        (_("Owner"), str(prospect.owner) if prospect.owner else ""),
        (_("Program"), prospect.program.name if prospect.program else ""),
    ]
    done = prospect.state == ProspectState.PARTNER
    context = {
        "prospect": prospect,
        "tone": PROSPECT_TONES.get(prospect.state, ""),
        "facts": [(term, value) for term, value in facts if value],
        "moves": []
        if done
        else [(state.value, state.label) for state in SETTABLE if state != prospect.state],
        "may_invite": not done,
        "applications": Application.objects.filter(prospect_id=prospect.id)
        .exclude(state="draft")
        .order_by("-submitted_at", "-id")[:5],
        "alike": Partner.objects.filter(
            domain__in=hosts_of(prospect.domain), merged_into=None
        ).exclude(id__in=[prospect.partner_id] if prospect.partner_id else [])[:5],
    }
    return render(request, "partners/applications/prospect_detail.html", context)


@require_POST
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_move(request: MemberRequest, prospect_id: UUID) -> HttpResponse:
    """Say that a prospect was contacted, dropped, or taken up again."""
    prospect = get_object_or_404(Prospect, id=prospect_id)
    if request.POST.get("state", "") in {state.value for state in SETTABLE}:
        move_prospect(
            prospect_id=prospect.id,
            state=request.POST["state"],
            actor=request.member.actor,
            at=timezone.now(),
        )
    return hx_redirect(request, "partners:prospect-detail", prospect_id=prospect.id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_invite(request: MemberRequest, prospect_id: UUID) -> HttpResponse:
    """Invite a prospect to apply, or make it a partner at once."""
    prospect = get_object_or_404(Prospect, id=prospect_id)
    initial = {"program": str(prospect.program_id or "")}
    form = InviteProspectForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        given = {
            "prospect_id": prospect.id,
            "program_id": UUID(form.cleaned_data["program"]),
            "actor": request.member.actor,
            "at": timezone.now(),
        }
        invite: Callable[..., Any] = (
            invite_to_apply if form.cleaned_data["how"] == APPLY else make_partner
        )
        try:
            invite(**given)
        except CannotInvite as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("The invitation is on its way."))
            return hx_redirect(request, "partners:prospect-detail", prospect_id=prospect.id)
    return render(
        request,
        "partners/applications/prospect_invite.html",
        {"form": form, "prospect": prospect},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_import(request: MemberRequest) -> HttpResponse:
    """Take a file of prospects; a job writes them down and tells of each row."""
    form = SheetForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        job = _queued(request, form, "prospects.import", {}, "manage/prospects/")
        if job:
            return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    context = {"form": form, "columns": prospects.COLUMNS}
    return render(
        request,
        "partners/applications/prospect_import.html",
        context,
        status=422 if form.errors else 200,
    )


@require_safe
@needs(Capability.DECIDE_APPLICATIONS)
def prospect_template(request: MemberRequest) -> HttpResponse:
    """Give a file of prospects to start from."""
    return _template(prospects.COLUMNS, prospects.EXAMPLES, "prospects-template.csv")


@require_safe
@needs(Capability.EDIT_PARTNERS)
def invitation_list(request: MemberRequest) -> HttpResponse:
    """List the invitations to partners that wait for an answer."""
    page = keyset_page(
        Invitation.objects.filter(accepted_at=None, revoked_at=None, partner_id__isnull=False),
        params=request.GET,
        orders={"sent": ("sent_at",)},
        default="-sent",
    )
    table = InvitationTable(page.rows, page=page, csrf_token=get_token(request), now=timezone.now())
    return render_part(
        request,
        "partners/applications/invitation_list.html",
        {"page": page, "invitations": table},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def invitations_send(request: MemberRequest) -> HttpResponse:
    """Invite many partners at once, pasted or from a file; a job tells what became of each."""
    form = InviteManyForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        params = {"program": form.cleaned_data["program"]}
        back, kind = "manage/invitations/", "invitations.send"
        if form.cleaned_data.get("file"):
            job = _queued(request, form, kind, params, back)
        else:
            job = queue_rows(
                kind=kind,
                columns=inviting.COLUMNS,
                rows=form.cleaned_data["rows"],
                params=params,
                back_path=back,
                actor=request.member.actor,
                at=timezone.now(),
            )
        if job:
            return redirect_to(request, reverse("job-detail", kwargs={"job_id": job.id}))
    context = {"form": form, "columns": inviting.COLUMNS}
    return render(
        request,
        "partners/applications/invitations_send.html",
        context,
        status=422 if form.errors else 200,
    )


@require_safe
@needs(Capability.EDIT_PARTNERS)
def invitations_template(request: MemberRequest) -> HttpResponse:
    """Give a file of partners to start from."""
    return _template(inviting.COLUMNS, inviting.EXAMPLES, "invitations-template.csv")


@require_POST
@needs(Capability.EDIT_PARTNERS)
def invitation_resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation again; the link sent before is void."""
    invitation = _invitation(invitation_id)
    try:
        resend_invitation(
            invitation_id=invitation.id, actor=request.member.actor, at=timezone.now()
        )
    except InvitationUnusable:
        messages.error(request, _("It was answered or taken back in the meantime."))
    else:
        messages.success(request, _("The invitation is on its way; the link before is void."))
    return redirect_to(request, reverse("partners:invitation-list"))


@require_POST
@needs(Capability.EDIT_PARTNERS)
def invitation_revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation back."""
    invitation = _invitation(invitation_id)
    try:
        revoke_invitation(
            invitation_id=invitation.id, actor=request.member.actor, at=timezone.now()
        )
    except InvitationUnusable:
        messages.error(request, _("It was accepted in the meantime."))
    else:
        messages.success(request, _("The invitation is taken back."))
    return redirect_to(request, reverse("partners:invitation-list"))


def _invitation(invitation_id: UUID) -> Invitation:
    return get_object_or_404(Invitation, id=invitation_id, partner_id__isnull=False)


def _queued(
    request: MemberRequest, form: Any, kind: str, params: dict[str, str], back_path: str
) -> Job | None:
    """Queue an uploaded file; put the problem into the form and return None when it cannot be read."""
    with NamedTemporaryFile() as kept:
        for part in form.cleaned_data["file"].chunks():
            kept.write(part)
        kept.flush()
        try:
            return queue_sheet(
                kind=kind,
                upload=Path(kept.name),
                params=params,
                back_path=back_path,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except FileRefused as refused:
            form.add_error("file", refused.words)
            return None


def _template(columns: Any, examples: Any, name: str) -> HttpResponse:
    response = HttpResponse(
        "".join(csv_lines(columns, examples)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
