"""Rewards for a partner's own people: only what their employer allows, from the moment it does."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from commissions.accruals.models import RepPolicy, RepRewards
from commissions.accruals.sources import Source
from prm.accounts.models import Membership
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope


def policy_of(partner_id: UUID, at: datetime) -> str:
    """Return what a partner allows its people at a moment (RepRewards); none before it says anything."""
    row = (
        RepPolicy.objects.filter(partner_id=partner_id, from_at__lte=at)
        .order_by("-from_at", "-id")
        .first()
    )
    return row.allows if row else RepRewards.NONE.value


def policies_of(partner_ids: Iterable[UUID], at: datetime) -> dict[UUID, str]:
    """Return what each of the partners allows its people at a moment; one statement."""
    found = dict.fromkeys(partner_ids, RepRewards.NONE.value)
    rows = RepPolicy.objects.filter(partner_id__in=list(found), from_at__lte=at)
    return found | dict(
        rows.order_by("partner_id", "-from_at", "-id")
        .distinct("partner_id")
        .values_list("partner_id", "allows")
    )


@transaction.atomic
def set_policy(*, partner_id: UUID, allows: str, actor: Actor, at: datetime) -> RepPolicy:
    """Say what the partner's people may receive from now on; what they earned before stays theirs.

    allows: a value of RepRewards. A repeat of what holds writes nothing. Emits partner.rep_rewards_set.
    """
    newest = RepPolicy.objects.filter(partner_id=partner_id).order_by("-from_at", "-id").first()
    before = newest.allows if newest else RepRewards.NONE.value
    if newest is not None and before == allows:
        return newest
    row = RepPolicy.objects.create(
        partner_id=partner_id, allows=RepRewards(allows), from_at=at, set_by_id=actor.user_id
    )
    emit(
        "partner.rep_rewards_set",
        subject=f"partner:{partner_id}",
        actor=actor,
        partner_id=partner_id,
        changes={"allows": [before, allows]},
        payload={"partner_id": str(partner_id)},
        at=at,
        queue=False,
    )
    return row


def payees(
    partner_id: UUID, sources: Sequence[Source], referrals: Mapping[UUID, Mapping[str, Any]]
) -> dict[tuple[str, UUID], tuple[str, bool]]:
    """Return who sent the referral of each event, where that is one of the partner's people and it allows rewards.

    referrals: rows by id with submitted_by_id. Beside each person: whether the partner allows no money at that moment.
    """
    senders = {row["submitted_by_id"] for row in referrals.values() if row["submitted_by_id"]}
    own = set(
        Membership.objects.filter(
            tenant_id=current_scope().tenant_id, partner_id=partner_id, user_id__in=senders
        ).values_list("user_id", flat=True)
    )
    if not own:
        return {}
    said = list(
        RepPolicy.objects.filter(partner_id=partner_id)
        .order_by("from_at", "id")
        .values_list("from_at", "allows")
    )
    found = {}
    for source in sources:
        sender = referrals[source.referral_id]["submitted_by_id"]
        allows = [value for moment, value in said if moment <= source.earned_at]
        if sender in own and allows and allows[-1] != RepRewards.NONE:
            found[source.kind, source.id] = str(sender), allows[-1] == RepRewards.NON_CASH
    return found
