"""The places people have in a tenant: how they begin, change and end."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.accounts.models import Membership, User
from prm.accounts.rules import roles_fit, ruling_role
from prm.accounts.selectors import live_places, referrals_are_shared
from prm.events.services import Actor, emit


class AlreadyMember(ValueError):
    """The person works there already."""


class LastAdmin(ValueError):
    """Somebody must remain who can manage the team."""


class RolesDoNotFit(ValueError):
    """No role, or partner and staff roles in one place."""


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
    tell_place("membership.started", membership, actor=actor, at=at, changes={"roles": [[], roles]})
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
        tell_place("membership.changed", membership, actor=actor, at=at, changes=changes)
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
    tell_place(
        "membership.ended",
        membership,
        actor=actor,
        at=at,
        changes={"roles": [membership.roles, []]},
    )
    return membership


def edit_profile(*, user_id: int, name: str, language: str, time_zone: str, theme: str) -> None:
    """Keep what a person says about themselves; it belongs to no tenant and is no tenant's event."""
    User.objects.filter(id=user_id).update(
        name=name, language=language, time_zone=time_zone, theme=theme
    )


def _locked_team(
    *, membership_id: int, tenant_id: int, partner_id: UUID | None
) -> tuple[list[Membership], Membership]:
    """Lock every live place of the team, so that two people cannot remove each other at once."""
    team = list(live_places(tenant_id, partner_id).select_for_update().order_by("id"))
    membership = next((row for row in team if row.id == membership_id), None)
    if membership is None:
        raise Membership.DoesNotExist
    return team, membership


def _keep_an_admin(team: list[Membership], leaving: Membership, *, remaining: list[str]) -> None:
    ruling = ruling_role(in_partner=leaving.partner_id is not None)
    others = any(ruling in row.roles for row in team if row.id != leaving.id)
    if ruling in leaving.roles and ruling not in remaining and not others:
        raise LastAdmin


def tell_place(
    event: str,
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    changes: dict[str, list[object]],
) -> None:
    """Emit an event of a place, with what changed as {column: [before, after]}; in the caller's transaction."""
    emit(
        event,
        subject=f"membership:{membership.id}",
        actor=actor,
        at=at,
        partner_id=membership.partner_id,
        payload={"membership_id": membership.id, "user_id": membership.user_id},
        changes=changes,
    )
