"""Goals that vendor and partner set together, and how far they are; packages above count the progress."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from partners.directory.models import Partner, PartnerGoal
from prm.events.services import Actor, emit

# (goals of one partner) -> what was reached of each, by id: a count, or minor units of its currency
Progress = Callable[[Sequence[PartnerGoal]], Mapping[int, int]]
_counters: list[Progress] = []


class GoalNotPossible(ValueError):
    """A goal needs a target above 0, an end after its begin, and a currency when it counts money."""


@dataclass(frozen=True)
class GoalLine:
    """A goal with what was reached of it."""

    goal: PartnerGoal
    reached: int

    @property
    def percent(self) -> int:
        """How much of it is reached, rounded down, 0 to 100."""
        return max(0, min(100, self.reached * 100 // self.goal.target))

    @property
    def is_reached(self) -> bool:
        """Whether the target is met."""
        return self.reached >= self.goal.target


def counts_progress(counter: Progress) -> Progress:
    """Register what counts progress. Raises ValueError for a second one."""
    if _counters and _counters != [counter]:
        raise ValueError("progress is counted already")
    _counters[:] = [counter]
    return counter


def goal_lines(partner_id: UUID) -> list[GoalLine]:
    """Return a partner's goals that nobody ended, the latest end first, with their progress."""
    goals = list(
        PartnerGoal.objects.filter(partner_id=partner_id, ended_at=None).order_by(
            "-until_on", "-id"
        )
    )
    reached = _counters[0](goals) if _counters and goals else {}
    return [GoalLine(goal, reached.get(goal.id, 0)) for goal in goals]


@transaction.atomic
def set_goal(
    *,
    partner_id: UUID,
    metric: str,
    target: int,
    currency: str,
    from_on: date,
    until_on: date,
    note: str,
    actor: Actor,
    at: datetime,
) -> PartnerGoal:
    """Set a goal for the days from from_on to until_on, both included, in the tenant's zone.

    target: a count, or minor units of `currency` for revenue. The same goal again returns the first.
    Raises GoalNotPossible. Emits partner.goal_set.
    """
    wanted = PartnerGoal.Metric(metric)
    money = wanted == PartnerGoal.Metric.REVENUE
    if target <= 0 or until_on < from_on or (money and len(currency) != 3):
        raise GoalNotPossible(metric)
    Partner.objects.select_for_update(no_key=True).only("id").get(id=partner_id)
    goal, made = PartnerGoal.objects.get_or_create(
        partner_id=partner_id,
        metric=wanted.value,
        target=target,
        currency=currency if money else "",
        from_on=from_on,
        until_on=until_on,
        ended_at=None,
        defaults={"note": note.strip(), "set_by_id": actor.user_id, "created_at": at},
    )
    if made:
        _tell("partner.goal_set", goal, actor, at)
    return goal


@transaction.atomic
def end_goal(*, goal_id: int, actor: Actor, at: datetime) -> None:
    """Take a goal off the pages; a repeat writes nothing. Emits partner.goal_ended."""
    goal = PartnerGoal.objects.select_for_update(no_key=True).get(id=goal_id)
    if goal.ended_at is None:
        goal.ended_at = at
        goal.save(update_fields=["ended_at"])
        _tell("partner.goal_ended", goal, actor, at)


def _tell(name: str, goal: PartnerGoal, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"partner:{goal.partner_id}",
        actor=actor,
        partner_id=goal.partner_id,
        payload={"partner_id": str(goal.partner_id), "goal_id": goal.id},
        at=at,
    )
