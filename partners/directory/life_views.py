"""The vendor's pages about a partner's life: pause, end, take up again, move, change type."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.directory.forms import MoveForm, StateForm, TypeForm, ViewForm
from partners.directory.models import Partner, PartnerState
from partners.directory.money import digest_of, effects_of, money_of
from partners.directory.moves import (
    DayIsPast,
    InProgramAlready,
    NotInProgram,
    PartnerIsEnded,
    change_type,
    move_enrollment,
    tenant_day,
)
from partners.directory.selectors import enrollments_of
from partners.directory.services import PartnerWasMerged, PreviewOutdated, change_partner_state
from partners.programs.selectors import open_programs
from prm.accounts.capabilities import Capability
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.viewing import SESSION_KEY as VIEW_KEY
from prm.accounts.viewing import kept_in_session, start_partner_view
from prm.web.formats import day_text
from prm.web.htmx import hx_redirect


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_state(request: MemberRequest, partner_id: UUID, state: str) -> HttpResponse:
    """Pause, end or take up a partner again: what happens to its money first, then cause and reason."""
    partner = partner_or_404(request, partner_id)
    if state not in PartnerState.values:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = StateForm(posted, state=state)
    if form.is_bound and form.is_valid():
        try:
            change_partner_state(
                partner_id=partner.id,
                state=state,
                cause=form.cleaned_data["cause"],
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"] or None,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except PreviewOutdated:
            form.add_error(
                None, _("The amounts have changed since you opened this page. Look at them again.")
            )
        except PartnerWasMerged:
            form.add_error(
                None, _("This partner went into another one as a duplicate and stays ended.")
            )
        else:
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    money = money_of(partner.id)
    context = {
        "form": form,
        "partner": partner,
        "state": state,
        "effects": effects_of(money, state),
        "seen": digest_of(money),
        "same": partner.state == state,
    }
    return render(
        request, "partners/directory/state.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_move(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Move a partner to another program from a day on."""
    partner = partner_or_404(request, partner_id)
    today = tenant_day(timezone.now())
    here = [row.program for row in enrollments_of(partner.id) if row.is_open_on(today)]
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        from_programs=here,
        to_programs=[row for row in open_programs() if row.id not in {known.id for known in here}],
        initial={"on": today},
    )
    if form.is_bound and form.is_valid():
        facts = form.cleaned_data
        try:
            move_enrollment(
                partner_id=partner.id,
                from_program_id=UUID(facts["from_program"]),
                to_program_id=UUID(facts["to_program"]),
                on=facts["on"],
                cause=facts["cause"],
                reason=facts["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except DayIsPast:
            form.add_error("on", _("Choose today or a later day"))
        except InProgramAlready:
            form.add_error("to_program", _("The partner works in this program already"))
        except NotInProgram:
            form.add_error(
                "from_program", _("The partner does not work in this program on that day")
            )
        except PartnerIsEnded:
            form.add_error(None, _("This partnership has ended. Take the partner up again first."))
        else:
            _say_from(request, facts["on"])
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    context = {"form": form, "partner": partner, "possible": bool(here)}
    return render(
        request, "partners/directory/move.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.EDIT_PARTNERS)
def partner_type(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Make a partner another type from a day on."""
    partner = partner_or_404(request, partner_id)
    form = TypeForm(
        request.POST if request.method == "POST" else None,
        initial={"type": partner.type, "on": tenant_day(timezone.now())},
    )
    if form.is_bound and form.is_valid():
        facts = form.cleaned_data
        try:
            change_type(
                partner_id=partner.id,
                to_type=facts["type"],
                on=facts["on"],
                cause=facts["cause"],
                reason=facts["reason"],
                actor=request.member.actor,
                at=timezone.now(),
            )
        except DayIsPast:
            form.add_error("on", _("Choose today or a later day"))
        except PartnerIsEnded:
            form.add_error(None, _("This partnership has ended. Take the partner up again first."))
        else:
            _say_from(request, facts["on"])
            return hx_redirect(request, "partners:partner-detail", partner_id=partner.id)
    context = {"form": form, "partner": partner}
    return render(
        request, "partners/directory/type.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.VIEW_AS_PARTNER)
def partner_view(request: MemberRequest, partner_id: UUID) -> HttpResponse:
    """Begin to look as the partner, after saying why."""
    partner = partner_or_404(request, partner_id)
    form = ViewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and not partner.merged_into_id:
        view = start_partner_view(
            user_id=request.member.user_id,
            partner_id=partner.id,
            partner_name=partner.name,
            reason=form.cleaned_data["reason"],
            actor=request.member.actor,
            at=timezone.now(),
        )
        kept = request.session.setdefault(VIEW_KEY, {})
        kept[str(request.tenant.id)] = kept_in_session(view)
        request.session.modified = True
        return hx_redirect(request, "partner-home")
    context = {"form": form, "partner": partner}
    return render(
        request, "partners/directory/view.html", context, status=422 if form.is_bound else 200
    )


def _say_from(request: MemberRequest, on: date) -> None:
    messages.success(request, _("The change holds from %(day)s.") % {"day": day_text(on)})


def partner_or_404(request: MemberRequest, partner_id: UUID) -> Partner:
    """Return a partner in the person's sight."""
    return get_object_or_404(Partner.objects.visible_to(request.member), id=partner_id)
