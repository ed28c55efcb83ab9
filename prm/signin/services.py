"""Sign up by invitation: login, proved address and place in one transaction."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from prm.accounts.models import Membership, User
from prm.accounts.services import accept_invitation, usable_invitation


@transaction.atomic
def join(
    *, token: str, name: str, password: str, language: str, at: datetime
) -> tuple[User, Membership]:
    """Make a login for the invited address and accept the invitation.

    The address counts as proved, since the link was mailed to it. Raises InvitationUnusable; IntegrityError when the
    address has a login already. Emits what accept_invitation emits.
    """
    invitation = usable_invitation(token, at=at, lock=True)
    person = User.objects.create_user(invitation.email, password, name=name, language=language)
    EmailAddress.objects.create(user=person, email=invitation.email, verified=True, primary=True)
    return person, accept_invitation(token=token, user=person, at=at)
