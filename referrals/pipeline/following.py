"""Who hears of a referral's steps: its sender, and whoever follows it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from prm.accounts.capabilities import Role
from prm.accounts.members import Member
from prm.accounts.models import Membership, User
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Follower, Referral, Source


@dataclass(frozen=True)
class Listener:
    """A person who hears of steps, as one of the vendor's people or of the partner's."""

    user: User
    is_staff: bool


def listeners_of(referral: Referral) -> list[Listener]:
    """Return the sender and the followers who still belong to the partner or to the vendor, in order of id.

    For what the vendor entered without naming a sender, the partner's admins hear instead.
    """
    followers = Follower.objects.filter(referral_id=referral.id).values_list("user_id", flat=True)
    wanted = set(followers)
    if referral.submitted_by_id is not None:
        wanted.add(referral.submitted_by_id)
    elif referral.source == Source.STAFF:
        wanted |= _admins_of(referral)
    places = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, user_id__in=wanted, ended_at=None
    ).select_related("user")
    found: dict[int, Listener] = {}
    for place in places.order_by("user_id", "id"):
        if place.partner_id in {None, referral.partner_id}:
            is_staff = place.partner_id is None
            # One of the partner's people who also works for the vendor hears as the partner.
            if place.user_id not in found or not is_staff:
                found[place.user_id] = Listener(place.user, is_staff)
    return list(found.values())


def _admins_of(referral: Referral) -> set[int]:
    admins = Membership.objects.filter(
        tenant_id=current_scope().tenant_id,
        partner_id=referral.partner_id,
        ended_at=None,
        roles__contains=[Role.PARTNER_ADMIN],
    )
    return set(admins.values_list("user_id", flat=True))


def follows(referral: Referral, user_id: int) -> bool:
    """Tell whether a person follows a referral."""
    return Follower.objects.filter(referral_id=referral.id, user_id=user_id).exists()


@transaction.atomic
def set_following(*, referral: Referral, member: Member, follow: bool, at: datetime) -> None:
    """Let a person who sees a referral hear of its steps, or no longer. A repeat writes nothing."""
    mine = Follower.objects.filter(referral_id=referral.id, user_id=member.user_id)
    if not follow:
        mine.delete()
    elif not mine.exists():
        Follower.objects.create(
            referral_id=referral.id,
            partner_id=referral.partner_id,
            user_id=member.user_id,
            since=at,
        )
