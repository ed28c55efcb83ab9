"""End a hold before its day: one person asks, another decides; small amounts one person may end alone."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.accruals.models import Accrual, Release
from commissions.accruals.services import release_due
from commissions.holds.models import EarlyRelease, RequestState
from commissions.holds.selectors import accruals_on_hold
from commissions.payouts.settings import may_release_alone
from prm.events.services import Actor, emit
from prm.money import Money
from referrals.attribution.crediting import lock_credits


class AskedByYou(ValueError):
    """Who asked for an early release may not decide about it."""


class AlreadyDecided(ValueError):
    """Somebody else decided otherwise before."""


@transaction.atomic
def ask_early_releases(
    *, accrual_ids: Sequence[int], reason: str, actor: Actor, at: datetime
) -> list[EarlyRelease]:
    """Ask that rewards are payable now; those up to the vendor's limit are at once.

    What is released, taken back, under review or asked for already is left out. A repeat asks for nothing twice.
    Emits commission.release_asked each, and commission.released_early for those that nobody else has to see.
    """
    lock_credits(shared=True)
    locked = Accrual.objects.select_for_update(no_key=True, of=("self",)).filter(id__in=accrual_ids)
    wanted = set(locked.order_by("id").values_list("id", flat=True))
    found = []
    for accrual in accruals_on_hold(at).filter(id__in=wanted).order_by("id"):
        left = Money(accrual.amount_minor - accrual.clawed_minor, accrual.currency)
        request = EarlyRelease.objects.create(
            accrual=accrual,
            partner_id=accrual.partner_id,
            amount_minor=left.minor,
            currency=left.currency,
            reason=reason[:200],
            asked_by_id=actor.user_id,
            asked_at=at,
        )
        _emit_request("commission.release_asked", request, actor, at)
        if may_release_alone(left):
            _release(request, None, actor, at)
        found.append(request)
    return found


@transaction.atomic
def approve_early_release(*, request_id: UUID, actor: Actor, at: datetime) -> EarlyRelease:
    """Release a reward as the second person. A repeat returns the request and moves nothing.

    A hold that ended by itself, or a reward taken back meanwhile, moves nothing either.
    Raises AskedByYou, AlreadyDecided when it was refused. Emits commission.released_early.
    """
    request = _locked(request_id, actor, RequestState.APPROVED)
    if request.state == RequestState.WAITING:
        _release(request, actor.user_id, actor, at)
    return request


@transaction.atomic
def refuse_early_release(*, request_id: UUID, actor: Actor, at: datetime) -> EarlyRelease:
    """Leave the hold as it is. A repeat returns the request.

    Raises AskedByYou, AlreadyDecided when it was approved. Emits commission.release_refused.
    """
    request = _locked(request_id, actor, RequestState.REFUSED)
    if request.state == RequestState.WAITING:
        _decide(request, RequestState.REFUSED, actor.user_id, at)
        _emit_request("commission.release_refused", request, actor, at)
    return request


def _locked(request_id: UUID, actor: Actor, wanted: str) -> EarlyRelease:
    lock_credits(shared=True)
    request = EarlyRelease.objects.select_for_update(of=("self",)).get(id=request_id)
    if request.state not in {RequestState.WAITING, wanted}:
        raise AlreadyDecided
    if request.state == RequestState.WAITING and request.asked_by_id == actor.user_id:
        raise AskedByYou
    return request


def _release(request: EarlyRelease, decided_by: int | None, actor: Actor, at: datetime) -> None:
    release_due(until=request.accrual.payable_at, at=at, accrual_ids=[request.accrual_id])
    _decide(request, RequestState.APPROVED, decided_by, at)
    if Release.objects.filter(accrual_id=request.accrual_id).exists():
        _emit_request("commission.released_early", request, actor, at)


def _decide(request: EarlyRelease, state: str, decided_by: int | None, at: datetime) -> None:
    request.state, request.decided_by_id, request.decided_at = state, decided_by, at
    request.save(update_fields=["state", "decided_by", "decided_at"])


def _emit_request(name: str, request: EarlyRelease, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"commission:{request.accrual_id}",
        actor=actor,
        partner_id=request.partner_id,
        payload={
            "request_id": str(request.id),
            "amount_minor": request.amount_minor,
            "currency": request.currency,
        },
        at=at,
    )
