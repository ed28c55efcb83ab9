"""Look at the portal as one of the partners does: read-only, with a reason, for an hour, visible to the partner."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from prm.accounts.capabilities import Capability, Role, capabilities_of
from prm.accounts.members import Member, Viewing
from prm.accounts.models import PartnerView
from prm.events.services import Actor, emit

VIEW_LIFE = timedelta(hours=1)
SESSION_KEY = "partner_view"
STOP_PATH = "/partner-view/stop/"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What a partner admin may do with money; shown only to those of the staff who see money themselves.
MONEY = frozenset({Capability.SEE_EARNINGS, Capability.MANAGE_PAYOUT_DETAILS})


class ReasonMissing(ValueError):
    """Nobody looks as a partner without saying why."""


@transaction.atomic
def start_partner_view(
    *, user_id: int, partner_id: UUID, partner_name: str, reason: str, actor: Actor, at: datetime
) -> PartnerView:
    """Write down that somebody of the staff looks as a partner for an hour from `at`; their running view ends.

    Raises ReasonMissing. Emits partner.view_started.
    """
    if not reason.strip():
        raise ReasonMissing
    PartnerView.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=at).update(
        ended_at=at
    )
    view = PartnerView.objects.create(
        user_id=user_id,
        partner_id=partner_id,
        partner_name=partner_name,
        reason=reason.strip(),
        started_at=at,
        expires_at=at + VIEW_LIFE,
    )
    _tell("partner.view_started", view, changes={"reason": ["", view.reason]}, actor=actor, at=at)
    return view


@transaction.atomic
def end_partner_view(*, view_id: int, user_id: int, actor: Actor, at: datetime) -> PartnerView:
    """End one's view now; a view that is over stays as it is. Raises PartnerView.DoesNotExist.

    Emits partner.view_ended.
    """
    view = PartnerView.objects.select_for_update().get(id=view_id, user_id=user_id)
    if view.ended_at is None and view.expires_at > at:
        view.ended_at = at
        view.save(update_fields=["ended_at"])
        _tell("partner.view_ended", view, changes={}, actor=actor, at=at)
    return view


def views_of_partner(partner_id: UUID, *, limit: int = 20) -> list[PartnerView]:
    """Return who looked at the portal as the partner, newest first."""
    rows = PartnerView.objects.filter(partner_id=partner_id).select_related("user")
    return list(rows.order_by("-started_at", "-id")[:limit])


def kept_in_session(view: PartnerView) -> dict[str, Any]:
    """Return what the person's session keeps of a view."""
    return {
        "id": view.id,
        "partner_id": str(view.partner_id),
        "partner_name": view.partner_name,
        "expires_at": view.expires_at.isoformat(),
    }


def as_partner(staff: Member, kept: Any, *, at: datetime) -> Member:
    """Return the read-only member that a running view makes of somebody of the staff; else the person unchanged."""
    if not kept or not staff.is_staff or not staff.may(Capability.VIEW_AS_PARTNER):
        return staff
    expires_at = datetime.fromisoformat(kept["expires_at"])
    if expires_at <= at:
        return staff
    rights = capabilities_of([Role.PARTNER_ADMIN])
    return replace(
        staff,
        partner_id=UUID(kept["partner_id"]),
        partner_name=kept["partner_name"],
        roles=(Role.PARTNER_ADMIN.value,),
        capabilities=rights if staff.may(Capability.SEE_MONEY) else rights - MONEY,
        sees_all_referrals=True,
        viewing=Viewing(kept["id"], expires_at),
    )


class PartnerViewMiddleware:
    """Refuse everything that could change something while somebody looks as a partner, and keep nothing of a GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member: Member | None = request.member  # type: ignore[attr-defined]
        if member is None or member.viewing is None:
            return self.get_response(request)
        if request.method not in SAFE:
            return render(request, "prm/accounts/read_only.html", status=403)
        response = self.get_response(request)
        # Pages note that somebody read something; who only looks leaves no such mark on the partner.
        transaction.set_rollback(True)
        return response


def _tell(
    name: str, view: PartnerView, *, changes: dict[str, list[str]], actor: Actor, at: datetime
) -> None:
    emit(
        name,
        subject=f"partner:{view.partner_id}",
        actor=actor,
        partner_id=view.partner_id,
        payload={"view_id": view.id},
        changes=changes,
        at=at,
    )
