"""Books what waited for a budget, in order, as soon as there is room."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.accruals.budgets import (
    budget_now,
    fits,
    lock_budget,
    period_start,
    still_waiting,
    used_minor,
)
from commissions.accruals.histories import History, lock_histories
from commissions.accruals.models import WaitingReward
from commissions.accruals.restating import restate
from commissions.plans.selectors import published_terms
from commissions.plans.terms import Policy
from prm.events.services import Actor
from referrals.attribution.crediting import lock_credits
from referrals.pipeline.models import Referral


def book_waiting(*, program_id: UUID, actor: Actor, at: datetime, limit: int = 500) -> int:
    """Book the rewards at the head of a program's queue that have room now; return how many left the queue.

    Their room is taken in the budget's present period. A repeat without new room books nothing. Emits as booking does.
    """
    left = 0
    while left < limit and _book_first(program_id, actor, at):
        left += 1
    return left


@transaction.atomic
def _book_first(program_id: UUID, actor: Actor, at: datetime) -> bool:
    """Book the first reward of the queue, or drop it when it is void; False when there is none, or no room."""
    first = still_waiting(program_id).select_related("version").first()
    if first is None:
        return False
    lock_credits(shared=True)
    partner_id = (
        Referral.objects.values_list("partner_id", flat=True).filter(id=first.referral_id).first()
    )
    if partner_id is None:
        # The referral is gone with an undone import or an erased person.
        WaitingReward.objects.filter(id=first.id).update(dropped_at=at)
        return True
    history = History(partner_id, program_id, frozenset({first.referral_id}))
    lock_histories([history])
    lock_budget(program_id)
    head = still_waiting(program_id).first()
    if head is None or head.id != first.id:
        return head is not None
    key = (first.source_kind, first.source_id, first.rule_id, first.split_no)
    own = Policy.from_json(first.version.policy).budget
    terms = published_terms([program_id]).get(program_id, [])
    budget = budget_now(terms, own, at) if own else None
    whole = sum(
        still_waiting(program_id)
        .filter(source_kind=key[0], source_id=key[1], rule_id=key[2], split_no=key[3])
        .values_list("amount_minor", flat=True)
    )
    if budget and not fits(
        whole, used=used_minor(program_id, period_start(budget, at)), budget=budget
    ):
        return False
    restate(history, actor=actor, at=at, tell=True, taking={key})
    # Void by now, for another reason than its history: it must not stop those behind it.
    still_waiting(program_id).filter(id=first.id).update(dropped_at=at)
    return True
