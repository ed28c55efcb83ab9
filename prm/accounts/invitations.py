"""How people are invited to a tenant, and accept."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from prm.accounts.models import Invitation, Membership, User
from prm.accounts.rules import INVITATION_LIFE, REMINDED_AFTER, roles_fit, tidy_email
from prm.accounts.selectors import live_places, may_still_invite, owns_address, person_with
from prm.accounts.services import AlreadyMember, RolesDoNotFit, add_membership
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.scope import current_scope


class InvitationUnusable(ValueError):
    """The invitation opens nothing (any more); `reason` is "unknown", "used", "revoked" or "expired"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongAddress(ValueError):
    """The person has not proved the address that was invited."""


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
    if person and live_places(current_scope().tenant_id, partner_id).filter(user=person).exists():
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


def _tell(event: str, invitation: Invitation, *, actor: Actor, at: datetime) -> None:
    emit(
        event,
        subject=f"invitation:{invitation.id}",
        actor=actor,
        at=at,
        partner_id=invitation.partner_id,
        payload={"invitation_id": str(invitation.id), "roles": invitation.roles},
    )
