"""How a program's rules for answers, its approvals and its reasons for losing change."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from partners.programs.models import Program
from prm.events.services import Actor, emit
from referrals.pipeline.answer_models import (
    AnswerRules,
    ApprovalRoute,
    LossReason,
)
from referrals.pipeline.deadlines import rules_of
from referrals.pipeline.selectors import loss_reasons_of

MOST_REASONS = 40
MOST_ROUTES = 40


class TooMany(ValueError):
    """A program has at most so many of them."""


@transaction.atomic
def set_answer_rules(
    *,
    program_id: UUID,
    overdue: str,
    escalate_to_id: int | None,
    approve_after_hours: int,
    stall_days: int,
    actor: Actor,
    at: datetime,
) -> AnswerRules:
    """Write what a program does about late answers (business hours) and standing still (days; 0 never).

    Equal values write nothing. Raises Program.DoesNotExist. Emits program.answering_changed with what was before.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    rules = rules_of(program_id)
    wanted = {
        "overdue": overdue,
        "escalate_to_id": escalate_to_id,
        "approve_after_hours": approve_after_hours,
        "stall_days": stall_days,
    }
    changes = {
        name: [getattr(rules, name), value]
        for name, value in wanted.items()
        if getattr(rules, name) != value
    }
    if rules.pk and not changes:
        return rules
    for name, value in wanted.items():
        setattr(rules, name, value)
    rules.save()
    _tell(program_id, changes, actor, at)
    return rules


@transaction.atomic
def set_loss_reasons(
    *, program_id: UUID, names: Sequence[str], actor: Actor, at: datetime
) -> list[LossReason]:
    """Write a program's reasons for losing, in order; those left out are retired and stay with their referrals.

    A name that was retired comes back. Equal names write nothing. Raises TooMany.
    Emits program.answering_changed with what was before.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(wanted) > MOST_REASONS:
        raise TooMany(str(MOST_REASONS))
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    known = {row.name: row for row in LossReason.objects.filter(program_id=program_id)}
    before = [row.name for row in loss_reasons_of(program_id)]
    if before == wanted:
        return loss_reasons_of(program_id)
    LossReason.objects.filter(program_id=program_id).exclude(name__in=wanted).filter(
        retired_at=None
    ).update(retired_at=at)
    for position, name in enumerate(wanted, start=1):
        row = known.get(name) or LossReason(program_id=program_id, name=name)
        row.position, row.retired_at = position, None
        row.save()
    _tell(program_id, {"loss_reasons": [before, wanted]}, actor, at)
    return loss_reasons_of(program_id)


@transaction.atomic
def add_route(
    *,
    program_id: UUID,
    name: str,
    from_minor: int | None,
    countries: Sequence[str],
    product: str,
    approvers: Sequence[int],
    actor: Actor,
    at: datetime,
    role: str = "",
) -> ApprovalRoute:
    """Add a route at the end; it decides about referrals that come from now on.

    from_minor: in the program's currency. approvers: user ids, asked one after the other.
    role: what the partner does in the deal, empty for either.
    Raises TooMany. Emits program.answering_changed.
    """
    Program.objects.select_for_update(no_key=True).only("id").get(id=program_id)
    live = ApprovalRoute.objects.filter(program_id=program_id, retired_at=None)
    if live.count() >= MOST_ROUTES:
        raise TooMany(str(MOST_ROUTES))
    last = live.aggregate(last=Max("position"))["last"] or 0
    route = ApprovalRoute.objects.create(
        program_id=program_id,
        position=last + 1,
        name=name.strip(),
        from_minor=from_minor,
        countries=sorted(set(countries)),
        product=product.strip(),
        role=role,
        approvers=list(dict.fromkeys(approvers)),
    )
    _tell(program_id, {"approval_route": ["", route.name]}, actor, at)
    return route


@transaction.atomic
def retire_route(*, route_id: int, actor: Actor, at: datetime) -> ApprovalRoute:
    """Stop asking by a route; referrals that wait on it still do. A repeat writes nothing.

    Raises ApprovalRoute.DoesNotExist. Emits program.answering_changed.
    """
    route = ApprovalRoute.objects.select_for_update(no_key=True).get(id=route_id)
    if route.retired_at is None:
        route.retired_at = at
        route.save(update_fields=["retired_at"])
        _tell(route.program_id, {"approval_route": [route.name, ""]}, actor, at)
    return route


def _tell(program_id: UUID, changes: dict[str, list[object]], actor: Actor, at: datetime) -> None:
    emit(
        "program.answering_changed",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes=changes,
        at=at,
    )
