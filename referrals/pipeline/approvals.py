"""Who must approve a referral before it is accepted: routes by amount, country, product, role; person by person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope
from referrals.pipeline.answer_models import (
    Approval,
    ApprovalRoute,
)
from referrals.pipeline.hooks import MoveRefused, Moving, after_submit, before_move
from referrals.pipeline.models import (
    Referral,
    StageKind,
)


class NotYourTurn(ValueError):
    """Somebody else has to approve first, or at all."""


@dataclass(frozen=True)
class Asked:
    """What decides about the route.

    estimate_minor: in the program's currency, None when unknown. country: ISO code. role: of Role.
    """

    estimate_minor: int | None
    country: str
    product: str
    role: str = ""


def fits(route: ApprovalRoute, asked: Asked) -> bool:
    """Tell whether a referral takes a route: each of its conditions holds; an unknown amount meets no amount."""
    if route.from_minor is not None and (
        asked.estimate_minor is None or asked.estimate_minor < route.from_minor
    ):
        return False
    if route.countries and asked.country not in route.countries:
        return False
    if route.role and route.role != asked.role:
        return False
    return not route.product or route.product.casefold() == asked.product.casefold()


def route_for(routes: Sequence[ApprovalRoute], asked: Asked) -> ApprovalRoute | None:
    """Return the first route that fits; None when whoever decides may decide alone."""
    return next((route for route in routes if fits(route, asked)), None)


def routes_of(program_id: UUID) -> list[ApprovalRoute]:
    """Return a program's live routes in the order in which they are tried."""
    live = ApprovalRoute.objects.filter(program_id=program_id, retired_at=None)
    return list(live.order_by("position", "id"))


def approvals_of(referral_ids: Sequence[UUID]) -> dict[UUID, list[Approval]]:
    """Return the approvals that referrals need, given or open, in order; referrals without any are left out."""
    found: dict[UUID, list[Approval]] = {}
    rows = Approval.objects.filter(referral_id__in=referral_ids).select_related("approver", "route")
    for row in rows.order_by("referral_id", "level"):
        found.setdefault(row.referral_id, []).append(row)
    return found


def next_approval(approvals: Sequence[Approval]) -> Approval | None:
    """Return the first that is still open."""
    return next((row for row in approvals if row.given_at is None), None)


@after_submit
def ask_for_approvals(referral: Referral, actor: Actor, at: datetime) -> None:
    """Write down who must approve a new referral; emits referral.approval_asked."""
    asked = Asked(referral.estimate_minor, referral.country, referral.product, referral.role)
    route = route_for(routes_of(referral.program_id), asked)
    if route is None or not route.approvers:
        return
    Approval.objects.bulk_create(
        Approval(referral=referral, route=route, level=level, approver_id=user_id)
        for level, user_id in enumerate(route.approvers, start=1)
    )
    _tell_next(referral, actor, at)


@before_move
def needs_approvals(moving: Moving) -> None:
    """Refuse to accept what somebody still has to approve."""
    if moving.to_stage.kind != StageKind.ACCEPTED:
        return
    waiting = next_approval(approvals_of([moving.referral.id]).get(moving.referral.id, []))
    if waiting:
        raise MoveRefused(
            gettext("%(person)s has to approve it first (%(route)s)")
            % {"person": waiting.approver, "route": waiting.route.name}
        )


@transaction.atomic
def approve(*, referral_id: UUID, actor: Actor, at: datetime) -> Approval | None:
    """Give the next approval of a referral; return the one that is still needed, None when it may be accepted now.

    The person whose turn it is gives it; for somebody who has left the vendor any program admin may. A referral that
    needs none is left alone. Raises Referral.DoesNotExist, NotYourTurn. Emits referral.approved_by, and
    referral.approval_asked for the next.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    approvals = approvals_of([referral.id]).get(referral.id, [])
    here = next_approval(approvals)
    if here is None:
        return None
    if not _may_give(here, actor):
        raise NotYourTurn(str(here.approver))
    here.given_at = at
    here.approver_id = actor.user_id or here.approver_id
    here.save(update_fields=["given_at", "approver"])
    emit(
        "referral.approved_by",
        subject=f"referral:{referral.id}",
        actor=actor,
        payload={"referral_id": str(referral.id), "level": here.level},
        at=at,
        queue=False,
    )
    following = next_approval(approvals)
    if following:
        _tell_next(referral, actor, at)
    return following


def may_approve(waiting: Approval, user_id: int, roles: Sequence[str]) -> bool:
    """Tell whether a person may give an approval: the one who is asked, or an admin for one who has left."""
    if waiting.approver_id == user_id:
        return True
    return Role.PROGRAM_ADMIN in roles and not _is_here(waiting.approver_id)


def _may_give(waiting: Approval, actor: Actor) -> bool:
    if actor.user_id is None:
        return False
    return may_approve(waiting, actor.user_id, _roles(actor.user_id))


def _roles(user_id: int) -> list[str]:
    found = Membership.objects.filter(
        tenant_id=current_scope().tenant_id, user_id=user_id, partner_id=None, ended_at=None
    ).first()
    return list(found.roles) if found else []


def _is_here(user_id: int) -> bool:
    return bool(_roles(user_id))


def _tell_next(referral: Referral, actor: Actor, at: datetime) -> None:
    emit(
        "referral.approval_asked",
        subject=f"referral:{referral.id}",
        actor=actor,
        # In the scope of the partner that submits, an event of the vendor's alone cannot be written.
        partner_id=current_scope().partner_id,
        payload={"referral_id": str(referral.id)},
        at=at,
    )
