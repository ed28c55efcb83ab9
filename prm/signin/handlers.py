"""What follows from invitations (the mail with the link) and from a changed second factor (other sessions end)."""

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from prm.accounts.invitations import token_of
from prm.accounts.models import Invitation, User
from prm.accounts.selectors import person_with
from prm.events.models import Event
from prm.events.subscriptions import on
from prm.signin.codes import mark_used
from prm.signin.mails import mail_invitation


@on("invitation.sent", name="signin.mail_invitation")
def send_invitation(event: Event) -> None:
    """Mail the newest link; an invitation that was answered or sent again in the meantime is left to that event."""
    invitation = Invitation.objects.filter(
        id=UUID(event.payload["invitation_id"]),
        accepted_at=None,
        revoked_at=None,
        sent_at=event.at,
    ).first()
    if invitation is not None:
        mail_invitation(
            invitation, token=token_of(invitation), person=person_with(invitation.email)
        )


@on("invitation.reminded", name="signin.mail_reminder")
def send_reminder(event: Event) -> None:
    """Mail the same link once more, unless it was answered, taken back or sent again in the meantime."""
    invitation = Invitation.objects.filter(
        id=UUID(event.payload["invitation_id"]),
        accepted_at=None,
        revoked_at=None,
        reminded_at=event.at,
    ).first()
    if invitation is not None:
        mail_invitation(
            invitation,
            token=token_of(invitation),
            person=person_with(invitation.email),
            reminds=True,
        )


def end_other_sessions(
    *, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """Sign the person out everywhere else when a second factor changes (THREATS.md, S21); use the proving code up."""
    for session in UserSession.objects.filter(user_id=user.pk).exclude(
        session_key=request.session.session_key
    ):
        session.end()
    if authenticator.pk and authenticator.type == Authenticator.Type.TOTP:
        mark_used(authenticator)


# allauth tells by signals only.
for signal in (authenticator_added, authenticator_removed, authenticator_reset):
    signal.connect(end_other_sessions, dispatch_uid="prm.signin.end_other_sessions")
