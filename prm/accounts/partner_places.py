"""What becomes of all places in a partner at once: it ends, comes back, is merged or renamed, shares its referrals."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.accounts.capabilities import Role
from prm.accounts.invitations import revoke_invitation
from prm.accounts.models import Invitation, Membership
from prm.accounts.selectors import live_places
from prm.accounts.services import tell_place
from prm.events.services import Actor


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
    places = list(live_places(tenant_id, partner_id).select_for_update().order_by("id"))
    for place in places:
        place.ended_at, place.ended_with = at, Membership.EndedWith.PARTNER
        tell_place(
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
        tell_place(
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
    for place in live_places(tenant_id, partner_id).select_for_update().order_by("id"):
        if Role.PARTNER_ADMIN in place.roles or place.sees_all_referrals == shared:
            continue
        place.sees_all_referrals = shared
        place.save(update_fields=["sees_all_referrals"])
        changed += 1
        tell_place(
            "membership.changed",
            place,
            actor=actor,
            at=at,
            changes={"sees_all_referrals": [not shared, shared]},
        )
    return changed


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


@transaction.atomic
def rename_partner_places(*, tenant_id: int, partner_id: UUID, partner_name: str) -> int:
    """Copy a partner's new name to its people's places and waiting invitations; return how many places."""
    Invitation.objects.filter(partner_id=partner_id).update(partner_name=partner_name)
    return Membership.objects.filter(tenant_id=tenant_id, partner_id=partner_id).update(
        partner_name=partner_name
    )
