"""The vendor's pages about partners."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.forms import InvitePersonForm, NewPartnerForm, PartnerForm
from partners.directory.models import Partner, PartnerState, PartnerType
from partners.directory.moves import tenant_day
from partners.directory.panels import counts_are_known, panel
from partners.directory.selectors import (
    changes_of,
    enrollments_of,
    lookalikes,
    manager_choices,
    merged_end,
    partner_rows,
    partners_found,
)
from partners.directory.services import (
    WORKING,
    PartnerNameTaken,
    PartnershipEnded,
    add_partner,
    edit_partner,
    end_enrollment,
    enroll,
    invite_person,
)
from partners.directory.tables import STATE_TONES, PartnerTable
from partners.programs.models import Program
from partners.programs.selectors import open_programs
from prm.accounts.capabilities import Capability, Role
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.selectors import open_invitations, people_ended_with_partner, people_of
from prm.accounts.services import AlreadyMember
from prm.audit.selectors import history_of
from prm.web.choices import country_name
from prm.web.counts import bounded_counts, count_text
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.htmx import hx_redirect, render_part
from prm.web.paging import keyset_page
from prm.web.parts import Tab

ORDERS = {"name": ("name",), "newest": ("created_at",)}


@require_safe
@needs(Capability.SEE_PARTNERS)
def partner_list(request: MemberRequest) -> HttpResponse:
    """Find partners."""
    state = request.GET.get("state", "")
    state = state if state in PartnerState.values else ""
    bar = _filter_bar(request)
    type_, program, manager = (select.value for select in bar.selects)
    every = partners_found(
        Partner.objects.visible_to(request.member),
        words=search_words(request.GET),
        type_=type_,
        program_id=program,
        manager_id=manager,
    )
    views = {"": every, **{value: every.filter(state=value) for value in PartnerState.values}}
    page = keyset_page(
        views[state].select_related("manager"),
        params=request.GET,
        orders=ORDERS,
        default="name",
        bound=None,
    )
    hidden = () if counts_are_known() else ("open_count", "won_count")
    context = {
        "page": page,
        "partners": PartnerTable(partner_rows(page.rows), page=page, without=hidden),
        "bar": bar,
        "tabs": _tabs(bounded_counts(views), state, bar),
        "may_edit": request.member.may(Capability.EDIT_PARTNERS),
        "may_merge": request.member.may(Capability.MERGE_PARTNERS),
    }
    return render_part(request, "partners/directory/list.html", context, say=page.shown_text)


def _filter_bar(request: MemberRequest) -> FilterBar:
    programs = [(str(row.id), row.name) for row in open_programs()]
    return FilterBar(
        reverse("partners:partner-list"),
        _("Filter partners"),
        request.GET,
        _("Search by name or domain"),
        (
            select_from(request.GET, "type", _("Type"), PartnerType.choices),
            select_from(request.GET, "program", _("Program"), programs),
            select_from(
                request.GET, "manager", _("Manager"), manager_choices(), any_label=_("Anyone")
            ),
        ),
        keep=("sort", "state"),
    )


def _tabs(counts: Mapping[str, int], state: str, bar: FilterBar) -> list[Tab]:
    """Return a tab for each state, which keeps the words and the filters."""
    labels: Mapping[str, Any] = {"": _("All"), **dict(PartnerState.choices)}
    kept = {"q": search_words(bar.params)} | {
        name: select.value
        for name, select in zip(("type", "program", "manager"), bar.selects, strict=True)
    }
    tabs = []
    for name in counts:
        query = urlencode({key: value for key, value in {"state": name, **kept}.items() if value})
        url = f"{bar.url}?{query}" if query else bar.url
        tabs.append(Tab(labels[name], url, name == state, count_text(counts[name])))
    return tabs


@require_safe
@needs(Capability.SEE_PARTNERS)
def partner_detail(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Show the whole relationship with one partner."""
    partner = _partner(request, partner_id)
    if partner.merged_into_id:
        return redirect("partners:partner-detail", partner_id=merged_end(partner).id)
    enrollments = enrollments_of(partner.id)
    today = tenant_day(timezone.now())
    taken = {
        row.program_id for row in enrollments if row.state in WORKING and not row.is_over_on(today)
    }
    context = {
        "partner": partner,
        "tone": STATE_TONES.get(PartnerState(partner.state), ""),
        "facts": _facts(partner),
        "enrollments": enrollments,
        "programs_left": [program for program in open_programs() if program.id not in taken],
        "people": people_of(tenant_id=request.tenant.id, partner_id=partner.id),
        "left_count": people_ended_with_partner(tenant_id=request.tenant.id, partner_id=partner.id)
        if partner.state == PartnerState.ENDED
        else 0,
        "roles": dict(Role.choices),
        "invitations": open_invitations(partner_id=partner.id),
        "referrals": panel("partner.referrals", partner, request.member),
        "earnings": panel("partner.earnings", partner, request.member),
        "terms": panel("partner.terms", partner, request.member),
        "tiers": panel("partner.tiers", partner, request.member),
        "origin": panel("partner.origin", partner, request.member),
        "sharing": panel("partner.sharing", partner, request.member),
        "changes": changes_of(partner.id),
        "history": history_of(f"partner:{partner.id}"),
        "may_merge_people": request.member.may(Capability.MANAGE_STAFF),
        "may_edit": request.member.may(Capability.EDIT_PARTNERS),
        "may_view": request.member.may(Capability.VIEW_AS_PARTNER),
    }
    return render(request, "partners/directory/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_new(request: MemberRequest) -> HttpResponse:
    """Add an organisation, enrol it, and invite its first person."""
    form = NewPartnerForm(request.POST or None)
    alike: list[Partner] = []
    if form.is_bound and form.is_valid():
        if not form.cleaned_data["confirmed"]:
            alike = lookalikes(name=form.cleaned_data["name"], website=form.cleaned_data["website"])
        if not alike and (partner := _added(request, form)):
            messages.success(request, _("%(name)s is a partner now.") % {"name": partner.name})
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    status = 422 if form.is_bound else 200
    return render(
        request, "partners/directory/new.html", {"form": form, "alike": alike}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_edit(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Change a partner's facts."""
    partner = _partner(request, partner_id)
    names = ("name", "type", "country", "website", "segment", "legal_name", "address", "tax_number")
    initial = {name: getattr(partner, name) for name in names} | {
        "manager": str(partner.manager_id or "")
    }
    form = PartnerForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            edit_partner(
                partner_id=partner.id, actor=request.member.actor, at=timezone.now(), **form.facts
            )
        except PartnerNameTaken:
            form.add_error("name", _("Another partner has this name"))
        else:
            messages.success(request, _("The changes are saved."))
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    status = 422 if form.is_bound else 200
    return render(
        request, "partners/directory/edit.html", {"form": form, "partner": partner}, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_invite(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Invite somebody into a partner."""
    partner = _partner(request, partner_id)
    form = InvitePersonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            invite_person(
                partner_id=partner.id,
                **form.cleaned_data,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except AlreadyMember:
            form.add_error("email", _("This person works for the partner already"))
        except PartnershipEnded:
            form.add_error(None, _("This partnership has ended. Take the partner up again first."))
        else:
            messages.success(request, _("The invitation is on its way."))
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    status = 422 if form.is_bound else 200
    return render(
        request, "partners/directory/invite.html", {"form": form, "partner": partner}, status=status
    )


@require_POST
@needs(Capability.EDIT_PARTNERS)
def partner_enroll(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Take a partner into a program, or out of one."""
    partner = _partner(request, partner_id)
    program = _posted_program(request)
    change = end_enrollment if request.POST.get("do") == "end" else enroll
    if program is not None:
        change(
            partner_id=partner.id,
            program_id=program.id,
            actor=request.member.actor,
            at=timezone.now(),
        )
    return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)


def _added(request: MemberRequest, form: NewPartnerForm) -> Partner | None:
    """Add the partner with everything asked for; put the problem into the form and return None when it cannot be."""
    try:
        with transaction.atomic():
            programs = [UUID(value) for value in form.cleaned_data["programs"]]
            partner = add_partner(
                program_ids=programs, actor=request.member.actor, at=timezone.now(), **form.facts
            )
            if email := form.cleaned_data["email"]:
                invite_person(
                    partner_id=partner.id,
                    email=email,
                    name=form.cleaned_data["person"],
                    role=Role.PARTNER_ADMIN,
                    actor=request.member.actor,
                    at=timezone.now(),
                )
    except PartnerNameTaken:
        form.add_error("name", _("Another partner has this name"))
        return None
    return partner


def _partner(request: MemberRequest, partner_id: UUID) -> Partner:
    return get_object_or_404(
        Partner.objects.visible_to(request.member).select_related("manager"), id=partner_id
    )


def _posted_program(request: MemberRequest) -> Program | None:
    try:
        return Program.objects.filter(id=UUID(request.POST.get("program", ""))).first()
    except ValueError:
        return None


def _facts(partner: Partner) -> list[tuple[str, Any]]:
    rows = [
        (_("Type"), partner.get_type_display()),
        (_("Segment"), partner.segment),
        (_("Country"), country_name(partner.country) if partner.country else ""),
        (_("Website"), partner.domain),
        (
            _("Channel manager"),
            partner.manager.get_full_name() if partner.manager else _("Nobody yet"),
        ),
        (_("Legal name"), partner.legal_name),
        (_("Address"), partner.address),
        (_("VAT or tax number"), partner.tax_number),
    ]
    return [(term, value) for term, value in rows if value]
