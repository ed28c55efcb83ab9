"""The person of a request in the tenant of the request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest

from prm.accounts.capabilities import Capability, Role, capabilities_of
from prm.accounts.models import Membership, User
from prm.events.services import Actor
from prm.tenancy.models import Tenant

SESSION_KEY = "membership"
VISIT_LASTS = timedelta(hours=4)
SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Viewing:
    """Somebody of the staff looks as a partner: read-only, until a moment (aware UTC)."""

    view_id: int
    expires_at: datetime


@dataclass(frozen=True)
class Member:
    """Who works in the tenant: staff when partner_id is None, else one partner's person."""

    user_id: int
    name: str
    email: str
    tenant_id: int
    membership_id: int
    partner_id: UUID | None
    partner_name: str
    roles: tuple[str, ...]
    capabilities: frozenset[Capability]
    sees_all_referrals: bool
    language: str
    time_zone: str
    last_seen_at: datetime | None = None
    # Set while somebody of the staff looks as the partner; then nothing can be changed.
    viewing: Viewing | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the vendor."""
        return self.partner_id is None

    @property
    def own_partner_id(self) -> UUID:
        """The partner of partner people; for queries that staff never reach. Raises LookupError for staff."""
        if self.partner_id is None:
            raise LookupError("staff belong to no partner")
        return self.partner_id

    @property
    def actor(self) -> Actor:
        """The person as the one who did it, for services and events."""
        return Actor(user_id=self.user_id, name=self.name)

    def may(self, capability: Capability) -> bool:
        """Tell whether the person holds the right."""
        return capability in self.capabilities


class MemberRequest(HttpRequest):
    """A request whose guard has proved tenant and member."""

    user: User
    tenant: Tenant
    member: Member


def memberships_of(user: User) -> list[Membership]:
    """Return the person's live memberships with their tenants, by tenant and partner name."""
    return list(
        Membership.objects.filter(user=user, ended_at__isnull=True)
        .select_related("tenant")
        .order_by("tenant__name", "partner_name", "id"),
    )


def places_ended_with_partner(user: User) -> list[Membership]:
    """Return the person's places that closed because the partner ended, with their tenants; nobody asked them."""
    return list(
        Membership.objects.filter(user=user, ended_with=Membership.EndedWith.PARTNER)
        .select_related("tenant")
        .order_by("tenant__name", "partner_name", "id"),
    )


def member_for(user: User, tenant: Tenant, chosen_id: int | None) -> Member | None:
    """Return the person's place in the tenant: the chosen one when it is live, else the oldest; None for strangers."""
    found = list(
        Membership.objects.filter(user=user, tenant=tenant, ended_at__isnull=True).order_by(
            "created_at", "id"
        ),
    )
    if not found:
        return None
    membership = next((row for row in found if row.id == chosen_id), found[0])
    return member_of(membership, user)


def member_of(membership: Membership, user: User) -> Member:
    """Return the member that a membership makes of its person."""
    capabilities = capabilities_of(membership.roles)
    if membership.sees_earnings and membership.partner_id:
        capabilities |= {Capability.SEE_EARNINGS}
    return Member(
        user_id=user.id,
        name=user.get_full_name(),
        email=user.email,
        tenant_id=membership.tenant_id,
        membership_id=membership.id,
        partner_id=membership.partner_id,
        partner_name=membership.partner_name,
        roles=tuple(membership.roles),
        capabilities=capabilities,
        sees_all_referrals=membership.sees_all_referrals or Role.PARTNER_ADMIN in membership.roles,
        language=user.language,
        time_zone=user.time_zone,
        last_seen_at=membership.last_seen_at,
    )


def seen(member: Member, *, at: datetime) -> None:
    """Note that the person was here, at most every ten minutes, since every page would pay for it."""
    if member.last_seen_at is None or at - member.last_seen_at > SEEN_EVERY:
        Membership.objects.filter(id=member.membership_id).update(last_seen_at=at)


def note_visit(member: Member, at: datetime) -> datetime | None:
    """Return when the person's visit before this one began, None on the first; a pause of four hours ends a visit.

    Somebody who only looks through a partner's eyes leaves no trace.
    """
    place = Membership.objects.filter(id=member.membership_id).only("visit_at", "visit_before_at")
    row = place.first()
    if row is None or member.viewing:
        return None
    if row.visit_at is None or at - row.visit_at > VISIT_LASTS:
        row.visit_before_at, row.visit_at = row.visit_at, at
        row.save(update_fields=["visit_before_at", "visit_at"])
    return row.visit_before_at
