"""Builders of places and invitations."""

from typing import Any

from prm.accounts.capabilities import Role
from prm.accounts.invitations import invite
from prm.accounts.models import Invitation, Membership
from prm.events.services import Actor
from tests.builders.objects import Cast, builds
from tests.conftest import NOON


def an_invitation(*, email: str = "new@partner.example", **fields: Any) -> Invitation:
    """Invite somebody in the open scope; by the operator, unless an actor is given."""
    wanted = {
        "roles": [Role.PARTNER_REP if fields.get("partner_id") else Role.FINANCE],
        "actor": Actor(user_id=None),
        "at": NOON,
    }
    return invite(email=email, **{**wanted, **fields})


@builds("team_member")
def _team_member(cast: Cast) -> int:
    return Membership.objects.get(user=cast.rep, partner_id=cast.partner.id).id


@builds("staff_member")
def _staff_member(cast: Cast) -> int:
    return Membership.objects.get(user=cast.finance, tenant=cast.tenant, partner_id=None).id


@builds("team_invitation")
def _team_invitation(cast: Cast) -> Any:
    partner = cast.partner
    return an_invitation(
        email=f"new@p{partner.id.hex}.example", partner_id=partner.id, partner_name=partner.name
    ).id


@builds("staff_invitation")
def _staff_invitation(cast: Cast) -> Any:
    return an_invitation(email="colleague@vendor.example").id
