"""Reads about people of a tenant and their invitations."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import QuerySet

from prm.accounts.capabilities import Capability, Role, capabilities_of
from prm.accounts.models import Invitation, Membership, User
from prm.accounts.rules import right_to_invite, tidy_email
from prm.tenancy.scope import current_scope


@dataclass(frozen=True)
class TeamMember:
    """One person of a team, for its table."""

    membership_id: int
    user_id: int
    name: str
    email: str
    roles: tuple[str, ...]
    title: str
    sees_earnings: bool
    sees_all_referrals: bool
    last_seen_at: datetime | None
    is_self: bool


def live_places(tenant_id: int, partner_id: UUID | None) -> QuerySet[Membership]:
    """The places that have not ended in a partner, or on the staff when partner_id is None."""
    return Membership.objects.filter(
        tenant_id=tenant_id, partner_id=partner_id, ended_at__isnull=True
    )


def people_of(*, tenant_id: int, partner_id: UUID | None, self_id: int = 0) -> list[TeamMember]:
    """Return who works in a partner, or for the vendor when partner_id is None, by name."""
    rows = (
        live_places(tenant_id, partner_id)
        .select_related("user")
        .order_by("user__name", "user__email", "id")
    )
    return [
        TeamMember(
            membership_id=row.id,
            user_id=row.user_id,
            name=row.user.get_full_name(),
            email=row.user.email,
            roles=tuple(row.roles),
            title=row.title,
            sees_earnings=row.sees_earnings or Role.PARTNER_ADMIN in row.roles,
            sees_all_referrals=row.sees_all_referrals or Role.PARTNER_ADMIN in row.roles,
            last_seen_at=row.last_seen_at,
            is_self=row.user_id == self_id,
        )
        for row in rows
    ]


def people_ended_with_partner(*, tenant_id: int, partner_id: UUID) -> int:
    """Return how many people lost their place when the partner ended, and get it back with it."""
    return Membership.objects.filter(
        tenant_id=tenant_id, partner_id=partner_id, ended_with=Membership.EndedWith.PARTNER
    ).count()


def open_invitations(*, partner_id: UUID | None) -> list[Invitation]:
    """Return the invitations to a partner, or to the vendor's staff, that wait for an answer, newest first."""
    return list(
        Invitation.objects.filter(partner_id=partner_id, accepted_at=None, revoked_at=None)
        .select_related("invited_by")
        .order_by("-sent_at"),
    )


def members_with(
    capability: Capability, *, tenant_id: int, partner_id: UUID | None = None
) -> list[User]:
    """Return the live people of the staff, or of one partner, who hold a right, by id; for notices."""
    rows = (
        live_places(tenant_id, partner_id)
        .filter(user__is_active=True)
        .select_related("user")
        .order_by("user_id")
    )
    return [
        row.user
        for row in rows
        if capability in capabilities_of(row.roles)
        or (capability is Capability.SEE_EARNINGS and row.partner_id and row.sees_earnings)
    ]


def owns_address(user: User, email: str) -> bool:
    """Tell whether the person has proved that the address is theirs."""
    return bool(
        EmailAddress.objects.filter(user=user, email=tidy_email(email), verified=True).exists()
    )


def person_with(email: str) -> User | None:
    """Return the person who has proved the address, or whose login it is; None for nobody."""
    proved = (
        EmailAddress.objects.filter(email=tidy_email(email), verified=True)
        .select_related("user")
        .first()
    )
    return proved.user if proved else User.objects.filter(email=tidy_email(email)).first()


@dataclass(frozen=True)
class SignInFacts:
    """How many ways in a person has, for their own account's page."""

    passkeys: int
    authenticator_app: bool
    recovery_codes: bool
    sessions: int


def sign_in_facts(user: User) -> SignInFacts:
    """Return the person's second factors and open sessions."""
    kinds = list(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
    return SignInFacts(
        passkeys=kinds.count(Authenticator.Type.WEBAUTHN),
        authenticator_app=Authenticator.Type.TOTP in kinds,
        recovery_codes=Authenticator.Type.RECOVERY_CODES in kinds,
        sessions=UserSession.objects.filter(user_id=user.pk).count(),
    )


def may_still_invite(invitation: Invitation) -> bool:
    """Tell whether whoever invited could still do so; the operator (nobody) always can."""
    if invitation.invited_by_id is None:
        return True
    places = Membership.objects.filter(
        tenant_id=invitation.tenant_id,
        user_id=invitation.invited_by_id,
        user__is_active=True,
        ended_at__isnull=True,
    )
    wanted = right_to_invite(in_partner=invitation.partner_id is not None)
    for place in places:
        rights = capabilities_of(place.roles)
        if place.partner_id is None and rights & wanted:
            return True
        if (
            place.partner_id
            and place.partner_id == invitation.partner_id
            and Capability.MANAGE_TEAM in rights
        ):
            return True
    return False


def people_who_may(capability: Capability, *, partner_id: UUID | None = None) -> list[int]:
    """Return the ids of the live people of the open tenant's staff, or of one partner, who hold a right."""
    return [
        user.id
        for user in members_with(
            capability, tenant_id=current_scope().tenant_id, partner_id=partner_id
        )
    ]


def referrals_are_shared(*, tenant_id: int, partner_id: UUID) -> bool:
    """Tell whether every rep of a partner sees all its referrals; with no rep nobody has chosen that."""
    reps = [
        place.sees_all_referrals
        for place in live_places(tenant_id, partner_id)
        if Role.PARTNER_ADMIN not in place.roles
    ]
    return bool(reps) and all(reps)
