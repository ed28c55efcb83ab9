"""A person's own account, a partner's team and the vendor's staff."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from prm.accounts import invitations, partner_places, services
from prm.accounts.capabilities import Capability, Role
from prm.accounts.forms import (
    InviteForm,
    ProfileForm,
    StaffInviteForm,
    StaffMemberForm,
    TeamMemberForm,
)
from prm.accounts.gates import unlocked
from prm.accounts.guards import needs
from prm.accounts.members import MemberRequest
from prm.accounts.models import Invitation, Membership
from prm.accounts.selectors import open_invitations, people_of, referrals_are_shared, sign_in_facts
from prm.accounts.tables import PeopleTable, role_words
from prm.accounts.viewing import SESSION_KEY as VIEW_KEY
from prm.accounts.viewing import end_partner_view, views_of_partner
from prm.web.htmx import hx_redirect

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Pages:
    """The words, forms and URL names of one kind of team: a partner's, or the vendor's staff."""

    prefix: str
    invite_form: Callable[..., forms.Form]
    member_form: Callable[..., forms.Form]

    def partner_id(self, request: MemberRequest) -> UUID | None:
        """Return the partner whose team it is, None for staff; neither kind has pages of the other."""
        if (self.prefix == "staff") != (request.member.partner_id is None):
            raise Http404
        return request.member.partner_id

    def context(self, **more: Any) -> dict[str, Any]:
        """Return what every page of the kind shows."""
        names = ("list", "invite", "edit", "remove", "invitation-resend", "invitation-revoke")
        return {
            "staff": self.prefix == "staff",
            "names": {name.replace("-", "_"): f"{self.prefix}-{name}" for name in names},
            **more,
        }


TEAM = Pages("team", InviteForm, TeamMemberForm)
STAFF = Pages("staff", StaffInviteForm, StaffMemberForm)


@needs(Capability.OWN_ACCOUNT)
def account_profile(request: MemberRequest) -> HttpResponse:
    """Show and change the person's own settings; links lead to password, addresses, factors and sessions."""
    user = request.user
    fields = ("name", "language", "time_zone", "theme")
    form = ProfileForm(request.POST or None, initial={name: getattr(user, name) for name in fields})
    if request.method == "POST" and form.is_valid():
        services.edit_profile(user_id=user.id, **form.cleaned_data)
        with translation.override(form.cleaned_data["language"] or request.LANGUAGE_CODE):
            messages.success(request, _("Your settings are saved"))
        return hx_redirect(request, "account-profile")
    context = {"form": form, "email": user.email, "facts": sign_in_facts(user)}
    return render(
        request,
        "prm/accounts/profile.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _list(request: MemberRequest, pages: Pages) -> HttpResponse:
    partner_id = pages.partner_id(request)
    people = people_of(
        tenant_id=request.tenant.id, partner_id=partner_id, self_id=request.member.user_id
    )
    waiting = [
        {
            "id": row.id,
            "email": row.email,
            "name": row.name,
            "roles": role_words(row.roles),
            "sent_at": row.sent_at,
            "expires_at": row.expires_at,
            "expired": row.expires_at <= timezone.now(),
        }
        for row in open_invitations(partner_id=partner_id)
    ]
    table = PeopleTable(people, edit_url=f"{pages.prefix}-edit")
    return render(
        request,
        "prm/accounts/team_list.html",
        pages.context(
            table=table,
            invitations=waiting,
            alone=len(people) == 1,
            views=views_of_partner(partner_id) if partner_id else [],
            shared=partner_id is not None
            and referrals_are_shared(tenant_id=request.tenant.id, partner_id=partner_id),
        ),
    )


def _invite(request: MemberRequest, pages: Pages) -> HttpResponse:
    partner_id = pages.partner_id(request)
    form = pages.invite_form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(
                email=form.cleaned_data["email"],
                roles=form.roles,  # type: ignore[attr-defined]
                partner_id=partner_id,
                partner_name=request.member.partner_name,
                name=form.cleaned_data["name"],
                language=request.LANGUAGE_CODE,
                actor=request.member.actor,
                at=timezone.now(),
            )
        except services.AlreadyMember:
            form.add_error("email", _("This person is on the team already"))
        else:
            messages.success(
                request, _("An invitation is on its way to %(email)s") % {"email": invitation.email}
            )
            return hx_redirect(request, f"{pages.prefix}-list")
    return render(
        request,
        "prm/accounts/team_invite.html",
        pages.context(form=form),
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _edit(request: MemberRequest, pages: Pages, membership_id: int) -> HttpResponse:
    place = _place(request, pages, membership_id)
    initial = {
        "title": place.title,
        "role": Role.PARTNER_ADMIN if Role.PARTNER_ADMIN in place.roles else Role.PARTNER_REP,
        "roles": place.roles,
        "sees_all_referrals": place.sees_all_referrals,
        "sees_earnings": place.sees_earnings,
    }
    form = pages.member_form(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_membership(
                membership_id=place.id,
                tenant_id=request.tenant.id,
                partner_id=place.partner_id,
                actor=request.member.actor,
                at=timezone.now(),
                **form.changes,  # type: ignore[attr-defined]
            )
        except services.LastAdmin:
            form.add_error("role" if "role" in form.fields else "roles", _last_admin_words(place))
        else:
            messages.success(
                request, _("%(name)s is changed") % {"name": place.user.get_full_name()}
            )
            return hx_redirect(request, f"{pages.prefix}-list")
    context = pages.context(form=form, place=place, is_self=place.user_id == request.member.user_id)
    return render(
        request,
        "prm/accounts/team_edit.html",
        context,
        status=UNPROCESSABLE if form.is_bound else 200,
    )


def _remove(request: MemberRequest, pages: Pages, membership_id: int) -> HttpResponse:
    place = _place(request, pages, membership_id)
    if request.method != "POST":
        return render(request, "prm/accounts/team_remove.html", pages.context(place=place))
    try:
        services.end_membership(
            membership_id=place.id,
            tenant_id=request.tenant.id,
            partner_id=place.partner_id,
            actor=request.member.actor,
            at=timezone.now(),
        )
    except services.LastAdmin:
        return render(
            request,
            "prm/accounts/team_remove.html",
            pages.context(place=place, problem=_last_admin_words(place)),
            status=UNPROCESSABLE,
        )
    if place.user_id == request.member.user_id:
        return redirect("start")
    messages.success(
        request, _("%(name)s no longer belongs to the team") % {"name": place.user.get_full_name()}
    )
    return hx_redirect(request, f"{pages.prefix}-list")


def _answer_invitation(
    request: MemberRequest, pages: Pages, invitation_id: UUID, *, resend: bool
) -> HttpResponse:
    invitation = get_object_or_404(
        Invitation, id=invitation_id, partner_id=pages.partner_id(request)
    )
    act = invitations.resend_invitation if resend else invitations.revoke_invitation
    try:
        act(invitation_id=invitation.id, actor=request.member.actor, at=timezone.now())
    except invitations.InvitationUnusable:
        messages.error(
            request,
            _("%(email)s has answered the invitation already") % {"email": invitation.email},
        )
    else:
        said = (
            _("A new invitation is on its way to %(email)s")
            if resend
            else _("The invitation to %(email)s is taken back")
        )
        messages.success(request, said % {"email": invitation.email})
    return hx_redirect(request, f"{pages.prefix}-list")


def _place(request: MemberRequest, pages: Pages, membership_id: int) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user"),
        id=membership_id,
        tenant=request.tenant,
        partner_id=pages.partner_id(request),
        ended_at=None,
    )


def _last_admin_words(place: Membership) -> str:
    if place.partner_id:
        return _("The team needs at least one partner admin. Make somebody else an admin first")
    return _("The staff needs at least one program admin. Make somebody else an admin first")


@require_safe
@needs(Capability.MANAGE_TEAM)
def team_list(request: MemberRequest) -> HttpResponse:
    """Show the partner's people and who is invited."""
    return _list(request, TEAM)


@needs(Capability.MANAGE_TEAM)
@unlocked("team.invite")
def team_invite(request: MemberRequest) -> HttpResponse:
    """Invite somebody to the partner's team."""
    return _invite(request, TEAM)


@needs(Capability.MANAGE_TEAM)
def team_edit(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Change what a person of the partner is and sees."""
    return _edit(request, TEAM, membership_id)


@needs(Capability.MANAGE_TEAM)
def team_remove(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Take a person out of the partner's team."""
    return _remove(request, TEAM, membership_id)


@require_POST
@needs(Capability.MANAGE_TEAM)
def team_sharing(request: MemberRequest) -> HttpResponse:
    """Decide for the whole organisation whether reps see each other's referrals."""
    partner_id = TEAM.partner_id(request)
    if partner_id is None:
        raise Http404
    shared = request.POST.get("shared") == "yes"
    partner_places.share_referrals(
        tenant_id=request.tenant.id,
        partner_id=partner_id,
        shared=shared,
        actor=request.member.actor,
        at=timezone.now(),
    )
    said = _("All reps see each other's referrals") if shared else _("Reps see their own referrals")
    messages.success(request, said)
    return hx_redirect(request, "team-list")


@require_POST
@needs(Capability.MANAGE_TEAM)
def team_invitation_resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation to the team again."""
    return _answer_invitation(request, TEAM, invitation_id, resend=True)


@require_POST
@needs(Capability.MANAGE_TEAM)
def team_invitation_revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation to the team back."""
    return _answer_invitation(request, TEAM, invitation_id, resend=False)


@require_POST
@needs(Capability.VIEW_AS_PARTNER)
def partner_view_stop(request: MemberRequest) -> HttpResponse:
    """Stop looking as a partner, back to its page."""
    kept = request.session.get(VIEW_KEY, {}).pop(str(request.tenant.id), None)
    request.session.modified = True
    if kept is None:
        return redirect("start")
    end_partner_view(
        view_id=kept["id"],
        user_id=request.member.user_id,
        actor=request.member.actor,
        at=timezone.now(),
    )
    return hx_redirect(request, "partners:partner-detail", partner_id=kept["partner_id"])


@require_safe
@needs(Capability.MANAGE_STAFF)
def staff_list(request: MemberRequest) -> HttpResponse:
    """Show the vendor's staff and who is invited."""
    return _list(request, STAFF)


@needs(Capability.MANAGE_STAFF)
def staff_invite(request: MemberRequest) -> HttpResponse:
    """Invite somebody to the vendor's staff."""
    return _invite(request, STAFF)


@needs(Capability.MANAGE_STAFF)
def staff_edit(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Change what a person of the staff is."""
    return _edit(request, STAFF, membership_id)


@needs(Capability.MANAGE_STAFF)
def staff_remove(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Take a person off the staff."""
    return _remove(request, STAFF, membership_id)


@require_POST
@needs(Capability.MANAGE_STAFF)
def staff_invitation_resend(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Send an invitation to the staff again."""
    return _answer_invitation(request, STAFF, invitation_id, resend=True)


@require_POST
@needs(Capability.MANAGE_STAFF)
def staff_invitation_revoke(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    """Take an invitation to the staff back."""
    return _answer_invitation(request, STAFF, invitation_id, resend=False)
