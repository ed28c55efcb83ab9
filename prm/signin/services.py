"""Sign up by invitation: login, proved address and place in one transaction."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from prm.accounts.invitations import (
    accept_invitation,
    usable_invitation,
)
from prm.accounts.models import Membership, User


class LoginExists(ValueError):
    """The invited address has a login already; its owner signs in to accept."""


@transaction.atomic
def join(
    *, token: str, name: str, password: str, language: str, at: datetime
) -> tuple[User, Membership]:
    """Make a login for the invited address and accept the invitation.

    The address counts as proved, since the link was mailed to it. Raises InvitationUnusable; LoginExists also when
    another invitation to the address is accepted in the same moment. Emits what accept_invitation emits.
    """
    invitation = usable_invitation(token, at=at, lock=True)
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                invitation.email, password, name=name, language=language
            )
            EmailAddress.objects.create(
                user=person, email=invitation.email, verified=True, primary=True
            )
    except IntegrityError as clash:
        raise LoginExists(invitation.email) from clash
    return person, accept_invitation(token=token, user=person, at=at)
