"""Reads about holds that end early: what may be asked for, and what waits for a decision."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from commissions.accruals.models import Accrual, Release
from commissions.holds.models import EarlyRelease, RequestState
from prm.accounts.members import Member
from referrals.pipeline.models import Referral


def accruals_on_hold(at: datetime) -> QuerySet[Accrual]:
    """Return rewards whose hold has not ended, with something left, that nobody asked for and no review stops.

    at: aware UTC. Each with `left_minor`, what was not taken back of it.
    """
    released = Release.objects.filter(accrual_id=OuterRef("id"))
    waiting = EarlyRelease.objects.filter(accrual_id=OuterRef("id"), state=RequestState.WAITING)
    reviewed = Referral.objects.filter(id=OuterRef("referral_id"), held_at__isnull=False)
    return (
        Accrual.objects.filter(
            ~Exists(released), ~Exists(waiting), ~Exists(reviewed), payable_at__gt=at
        )
        .exclude(clawed_minor=F("amount_minor"))
        .annotate(left_minor=F("amount_minor") - F("clawed_minor"))
    )


def requests_in(state: str) -> QuerySet[EarlyRelease]:
    """Return the requests in a state, with partner, reward and people, in no order yet."""
    return EarlyRelease.objects.filter(state=state).select_related(
        "partner", "accrual", "asked_by", "decided_by"
    )


def decided_requests() -> QuerySet[EarlyRelease]:
    """Return the requests that were decided, in no order yet."""
    return EarlyRelease.objects.exclude(state=RequestState.WAITING).select_related(
        "partner", "accrual", "asked_by", "decided_by"
    )


def decidable(member: Member, ids: list[UUID]) -> list[UUID]:
    """Return which of these requests wait and are not the person's own, in the order of their ids."""
    rows = EarlyRelease.objects.filter(id__in=ids, state=RequestState.WAITING)
    return list(
        rows.exclude(asked_by_id=member.user_id).order_by("id").values_list("id", flat=True)
    )
