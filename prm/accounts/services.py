"""How people come to a tenant, change and leave."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation, Membership, User
from prm.accounts.rules import INVITATION_LIFE, REMINDED_AFTER, roles_fit, ruling_role, tidy_email
from prm.accounts.selectors import may_still_invite, owns_address, person_with
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.scope import current_scope


class InvitationUnusable(ValueError):
    """The invitation opens nothing (any more); `reason` is "unknown", "used", "revoked" or "expired"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongAddress(ValueError):
    """The person has not proved the address that was invited."""


class AlreadyMember(ValueError):
    """The person works there already."""


class LastAdmin(ValueError):
    """Somebody must remain who can manage the team."""


class RolesDoNotFit(ValueError):
    """No role, or partner and staff roles in one place."""


@transaction.atomic
def invite(
    *,
    email: str,
    roles: Iterable[str],
    actor: Actor,
    at: datetime,
    partner_id: UUID | None = None,
    partner_name: str = "",
    name: str = "",
    language: str = "",
) -> Invitation:
    """Offer somebody a place in the open tenant: in a partner when partner_id is given, else on the staff.

    The worker mails the link (prm.signin.handlers). A waiting offer of the same place is sent again with the new
    roles; its old link is void. Raises RolesDoNotFit, AlreadyMember. Emits invitation.sent.
    """
    email, roles = tidy_email(email), sorted(set(roles))
    if not roles_fit(roles, in_partner=partner_id is not None):
        raise RolesDoNotFit(roles)
    person = person_with(email)
    waiting = (
        Invitation.objects.select_for_update()
        .filter(
            email=email,
            partner_id=partner_id,
            accepted_at=None,
            revoked_at=None,
        )
        .first()
    )
    invitation = waiting or Invitation(id=uuid4(), email=email, partner_id=partner_id)
    if person and _places(current_scope().tenant_id, partner_id).filter(user=person).exists():
        raise AlreadyMember(email)
    invitation.roles, invitation.name, invitation.language = roles, name.strip(), language
    invitation.partner_name = partner_name
    invitation.invited_by_id = actor.user_id
    return _send(invitation, new=waiting is None, actor=actor, at=at)


@transaction.atomic
def resend_invitation(*, invitation_id: UUID, actor: Actor, at: datetime) -> Invitation:
    """Send a waiting invitation again for another seven days; the link sent before is void.

    Raises Invitation.DoesNotExist, InvitationUnusable. Emits invitation.sent.
    """
    invitation = Invitation.objects.select_for_update().get(id=invitation_id)
    if invitation.accepted_at or invitation.revoked_at:
        raise InvitationUnusable("used" if invitation.accepted_at else "revoked")
    invitation.invited_by_id = actor.user_id
    return _send(invitation, new=False, actor=actor, at=at)


@transaction.atomic
def revoke_invitation(*, invitation_id: UUID, actor: Actor, at: datetime) -> Invitation:
    """Take an invitation back; a repeat writes nothing.

    Raises InvitationUnusable when it was accepted. Emits invitation.revoked.
    """
    invitation = Invitation.objects.select_for_update().get(id=invitation_id)
    if invitation.accepted_at:
        raise InvitationUnusable("used")
    if invitation.revoked_at is None:
        invitation.revoked_at = at
        invitation.save(update_fields=["revoked_at"])
        _tell("invitation.revoked", invitation, actor=actor, at=at)
    return invitation


@transaction.atomic
def remind_invited(*, at: datetime) -> list[Invitation]:
    """Remind whoever was invited three days ago and has not answered, once a sending; return up to 500 of them.

    The link stays the one that was sent. Expired invitations are left alone. Emits invitation.reminded.
    """
    waiting = Invitation.objects.select_for_update(skip_locked=True).filter(
        accepted_at=None,
        revoked_at=None,
        reminded_at=None,
        sent_at__lte=at - REMINDED_AFTER,
        expires_at__gt=at,
    )
    invitations = list(waiting.order_by("sent_at", "id")[:500])
    for invitation in invitations:
        invitation.reminded_at = at
        invitation.save(update_fields=["reminded_at"])
        _tell("invitation.reminded", invitation, actor=SYSTEM, at=at)
    return invitations


def token_of(invitation: Invitation) -> str:
    """Return the link's secret of the newest sending: 160 bits that only the server's key can make.

    The row keeps a hash of it; so the mail can be written by the worker without the secret lying anywhere.
    """
    message = (
        f"invitation:{invitation.tenant_id}:{invitation.id}:{invitation.sent_at.timestamp():.6f}"
    )
    digest = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:20]).decode().rstrip("=")


def usable_invitation(token: str, *, at: datetime, lock: bool = False) -> Invitation:
    """Return the invitation that a link opens at that moment. Raises InvitationUnusable with the reason."""
    rows = Invitation.objects.select_for_update() if lock else Invitation.objects.all()
    invitation = rows.filter(token_hash=_hash(token)).first()
    if invitation is None:
        raise InvitationUnusable("unknown")
    if invitation.accepted_at:
        raise InvitationUnusable("used")
    if invitation.revoked_at or not may_still_invite(invitation):
        raise InvitationUnusable("revoked")
    if at >= invitation.expires_at:
        raise InvitationUnusable("expired")
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, user: User, at: datetime) -> Membership:
    """Give the person the place that the link offers, once, if the invited address is theirs.

    Raises InvitationUnusable, WrongAddress. Emits invitation.accepted and membership.started.
    """
    invitation = usable_invitation(token, at=at, lock=True)
    if not owns_address(user, invitation.email):
        raise WrongAddress(invitation.email)
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    if invitation.name and not user.name:
        user.name = invitation.name
        user.save(update_fields=["name"])
    actor = Actor(user_id=user.id, name=user.get_full_name())
    _tell("invitation.accepted", invitation, actor=actor, at=at)
    return add_membership(
        tenant_id=invitation.tenant_id,
        user=user,
        roles=invitation.roles,
        partner_id=invitation.partner_id,
        partner_name=invitation.partner_name,
        actor=actor,
        at=at,
    )


@transaction.atomic
def add_membership(
    *,
    tenant_id: int,
    user: User,
    roles: Iterable[str],
    actor: Actor,
    at: datetime,
    partner_id: UUID | None = None,
    partner_name: str = "",
) -> Membership:
    """Give a person a place in the open tenant: in a partner, or on the staff when partner_id is None.

    A place that had ended starts again; one that is live keeps its roles and is returned. Raises RolesDoNotFit.
    Emits membership.started.
    """
    roles = sorted(set(roles))
    if not roles_fit(roles, in_partner=partner_id is not None):
        raise RolesDoNotFit(roles)
    shared = partner_id is not None and referrals_are_shared(
        tenant_id=tenant_id, partner_id=partner_id
    )
    membership, created = Membership.objects.select_for_update().get_or_create(
        tenant_id=tenant_id,
        user=user,
        partner_id=partner_id,
        defaults={
            "roles": roles,
            "partner_name": partner_name,
            "created_at": at,
            "sees_all_referrals": shared,
        },
    )
    if not created and membership.ended_at is None:
        return membership
    if not created:
        membership.roles, membership.partner_name, membership.ended_at = roles, partner_name, None
        membership.ended_with = Membership.EndedWith.ITSELF
        membership.sees_earnings, membership.sees_all_referrals = False, shared
        membership.save()
    _tell_place(
        "membership.started", membership, actor=actor, at=at, changes={"roles": [[], roles]}
    )
    return membership


@transaction.atomic
def change_membership(
    *,
    membership_id: int,
    tenant_id: int,
    partner_id: UUID | None,
    actor: Actor,
    at: datetime,
    roles: Iterable[str] | None = None,
    sees_earnings: bool | None = None,
    sees_all_referrals: bool | None = None,
    title: str | None = None,
) -> Membership:
    """Change what a person is and sees in one team; None leaves a thing as it is, no change writes nothing.

    Raises Membership.DoesNotExist outside the team, RolesDoNotFit, LastAdmin. Emits membership.changed.
    """
    team, membership = _locked_team(
        membership_id=membership_id, tenant_id=tenant_id, partner_id=partner_id
    )
    wanted = {
        "roles": None if roles is None else sorted(set(roles)),
        "sees_earnings": sees_earnings,
        "sees_all_referrals": sees_all_referrals,
        "title": title,
    }
    changes = {
        name: [getattr(membership, name), value]
        for name, value in wanted.items()
        if value is not None and value != getattr(membership, name)
    }
    if "roles" in changes:
        if not roles_fit(changes["roles"][1], in_partner=partner_id is not None):
            raise RolesDoNotFit(changes["roles"][1])
        _keep_an_admin(team, membership, remaining=changes["roles"][1])
    if changes:
        for name, (_before, after) in changes.items():
            setattr(membership, name, after)
        membership.save(update_fields=list(changes))
        _tell_place("membership.changed", membership, actor=actor, at=at, changes=changes)
    return membership


def change_roles(
    *,
    membership_id: int,
    tenant_id: int,
    partner_id: UUID | None,
    roles: Iterable[str],
    actor: Actor,
    at: datetime,
) -> Membership:
    """Change the roles of a person in one team; see change_membership."""
    return change_membership(
        membership_id=membership_id,
        tenant_id=tenant_id,
        partner_id=partner_id,
        roles=roles,
        actor=actor,
        at=at,
    )


@transaction.atomic
def end_membership(
    *,
    membership_id: int,
    tenant_id: int,
    partner_id: UUID | None,
    actor: Actor,
    at: datetime,
) -> Membership:
    """Take a person out of a team; their rights end with their next request. A repeat is Membership.DoesNotExist.

    Raises LastAdmin. Emits membership.ended.
    """
    team, membership = _locked_team(
        membership_id=membership_id, tenant_id=tenant_id, partner_id=partner_id
    )
    _keep_an_admin(team, membership, remaining=[])
    membership.ended_at = at
    membership.save(update_fields=["ended_at"])
    _tell_place(
        "membership.ended",
        membership,
        actor=actor,
        at=at,
        changes={"roles": [membership.roles, []]},
    )
    return membership


@transaction.atomic
def end_partner_places(
    *, tenant_id: int, partner_id: UUID, actor: Actor, at: datetime
) -> list[Membership]:
    """Close every place in a partner that ends, and take its waiting invitations back; return the places closed.

    tenant_id: the open scope's. The people's rights end with their next request; nobody has to remain. A repeat
    writes nothing. Emits invitation.revoked per invitation and membership.ended per place.
    """
    # First the invitations: whoever is accepting one holds its row, and has a place by the time it is let go.
    waiting = Invitation.objects.filter(partner_id=partner_id, accepted_at=None, revoked_at=None)
    for invitation in waiting.select_for_update().order_by("id"):
        revoke_invitation(invitation_id=invitation.id, actor=actor, at=at)
    places = list(_places(tenant_id, partner_id).select_for_update().order_by("id"))
    for place in places:
        place.ended_at, place.ended_with = at, Membership.EndedWith.PARTNER
        _tell_place(
            "membership.ended", place, actor=actor, at=at, changes={"roles": [place.roles, []]}
        )
    Membership.objects.bulk_update(places, ["ended_at", "ended_with"])
    return places


@transaction.atomic
def reopen_partner_places(
    *, tenant_id: int, partner_id: UUID, actor: Actor, at: datetime
) -> list[Membership]:
    """Open again exactly the places that ended with their partner, with the rights they had; return them.

    Who left before the partner ended stays away. A repeat writes nothing. Emits membership.started per place.
    """
    places = list(
        Membership.objects.select_for_update()
        .filter(tenant_id=tenant_id, partner_id=partner_id, ended_with=Membership.EndedWith.PARTNER)
        .order_by("id")
    )
    for place in places:
        place.ended_at, place.ended_with = None, Membership.EndedWith.ITSELF
        _tell_place(
            "membership.started", place, actor=actor, at=at, changes={"roles": [[], place.roles]}
        )
    Membership.objects.bulk_update(places, ["ended_at", "ended_with"])
    return places


@transaction.atomic
def share_referrals(
    *, tenant_id: int, partner_id: UUID, shared: bool, actor: Actor, at: datetime
) -> int:
    """Let all reps of a partner see each other's referrals, or only their own; return how many places changed.

    Reps who come later get what all the others have. A repeat changes none. Emits membership.changed per place.
    """
    changed = 0
    for place in _places(tenant_id, partner_id).select_for_update().order_by("id"):
        if Role.PARTNER_ADMIN in place.roles or place.sees_all_referrals == shared:
            continue
        place.sees_all_referrals = shared
        place.save(update_fields=["sees_all_referrals"])
        changed += 1
        _tell_place(
            "membership.changed",
            place,
            actor=actor,
            at=at,
            changes={"sees_all_referrals": [not shared, shared]},
        )
    return changed


def referrals_are_shared(*, tenant_id: int, partner_id: UUID) -> bool:
    """Tell whether every rep of a partner sees all its referrals; with no rep nobody has chosen that."""
    reps = [
        place.sees_all_referrals
        for place in _places(tenant_id, partner_id)
        if Role.PARTNER_ADMIN not in place.roles
    ]
    return bool(reps) and all(reps)


@transaction.atomic
def move_partner_places(
    *, tenant_id: int, from_id: UUID, into_id: UUID, partner_name: str, at: datetime
) -> int:
    """Give the people and waiting invitations of a merged partner to the one that stays; return how many places moved.

    Who has a place in both keeps the one in the staying partner, open as long as either was; the other one ends.
    """
    own = {
        row.user_id: row
        for row in Membership.objects.select_for_update().filter(
            tenant_id=tenant_id, partner_id=into_id
        )
    }
    moved = 0
    coming = Membership.objects.select_for_update().filter(tenant_id=tenant_id, partner_id=from_id)
    for place in coming.order_by("id"):
        kept = own.get(place.user_id)
        if kept is None:
            place.partner_id, place.partner_name = into_id, partner_name
            place.save(update_fields=["partner_id", "partner_name"])
            moved += 1
            continue
        if place.ended_at is None:
            if kept.ended_at is not None:
                kept.ended_at, kept.ended_with, kept.roles = (
                    None,
                    Membership.EndedWith.ITSELF,
                    place.roles,
                )
                kept.save(update_fields=["ended_at", "ended_with", "roles"])
            place.ended_at = at
            place.save(update_fields=["ended_at"])
    waiting = Invitation.objects.filter(partner_id=from_id, accepted_at=None, revoked_at=None)
    waiting.update(partner_id=into_id, partner_name=partner_name)
    return moved


def edit_profile(*, user_id: int, name: str, language: str, time_zone: str, theme: str) -> None:
    """Keep what a person says about themselves; it belongs to no tenant and is no tenant's event."""
    User.objects.filter(id=user_id).update(
        name=name, language=language, time_zone=time_zone, theme=theme
    )


@transaction.atomic
def rename_partner_places(*, tenant_id: int, partner_id: UUID, partner_name: str) -> int:
    """Copy a partner's new name to its people's places and waiting invitations; return how many places."""
    Invitation.objects.filter(partner_id=partner_id).update(partner_name=partner_name)
    return Membership.objects.filter(tenant_id=tenant_id, partner_id=partner_id).update(
        partner_name=partner_name
    )


def _send(invitation: Invitation, *, new: bool, actor: Actor, at: datetime) -> Invitation:
    invitation.tenant_id = current_scope().tenant_id
    invitation.sent_at, invitation.expires_at = at, at + INVITATION_LIFE
    invitation.reminded_at = None
    invitation.token_hash = _hash(token_of(invitation))
    invitation.save(force_insert=new)
    _tell("invitation.sent", invitation, actor=actor, at=at)
    return invitation


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _places(tenant_id: int, partner_id: UUID | None) -> QuerySet[Membership]:
    return Membership.objects.filter(
        tenant_id=tenant_id, partner_id=partner_id, ended_at__isnull=True
    )


def _locked_team(
    *, membership_id: int, tenant_id: int, partner_id: UUID | None
) -> tuple[list[Membership], Membership]:
    """Lock every live place of the team, so that two people cannot remove each other at once."""
    team = list(_places(tenant_id, partner_id).select_for_update().order_by("id"))
    membership = next((row for row in team if row.id == membership_id), None)
    if membership is None:
        raise Membership.DoesNotExist
    return team, membership


def _keep_an_admin(team: list[Membership], leaving: Membership, *, remaining: list[str]) -> None:
    ruling = ruling_role(in_partner=leaving.partner_id is not None)
    others = any(ruling in row.roles for row in team if row.id != leaving.id)
    if ruling in leaving.roles and ruling not in remaining and not others:
        raise LastAdmin


def _tell(event: str, invitation: Invitation, *, actor: Actor, at: datetime) -> None:
    emit(
        event,
        subject=f"invitation:{invitation.id}",
        actor=actor,
        at=at,
        partner_id=invitation.partner_id,
        payload={"invitation_id": str(invitation.id), "roles": invitation.roles},
    )


def _tell_place(
    event: str,
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    changes: dict[str, list[object]],
) -> None:
    emit(
        event,
        subject=f"membership:{membership.id}",
        actor=actor,
        at=at,
        partner_id=membership.partner_id,
        payload={"membership_id": membership.id, "user_id": membership.user_id},
        changes=changes,
    )
