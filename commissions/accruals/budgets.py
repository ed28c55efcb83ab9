"""A plan's budget: what it has room for is booked, what it has no room for waits in order and is never lost."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet, Sum

from commissions.accruals.booking import Line, RewardKey
from commissions.accruals.histories import ORDER, Place, place_of
from commissions.accruals.models import Accrual, WaitingReward
from commissions.ledger.selectors import tenant_zone
from commissions.plans.periods import bucket, bucket_start
from commissions.plans.rules import Version
from commissions.plans.selectors import published_terms
from commissions.plans.terms import Budget
from prm.events.services import Actor, emit
from prm.tenancy.scope import current_scope

# The period of a budget without periods.
EVER = date(2000, 1, 1)


def still_waiting(program_id: UUID | None = None) -> QuerySet[WaitingReward]:
    """Return what waits for room, first come first, of one program or of all."""
    rows = WaitingReward.objects.filter(booked_at=None, dropped_at=None)
    if program_id:
        rows = rows.filter(program_id=program_id)
    return rows.order_by("earned_at", "id")


def period_start(budget: Budget, at: datetime) -> date:
    """Return the first day of the budget's period at a moment, in the tenant's zone."""
    if budget.period == "lifetime":
        return EVER
    day = at.astimezone(tenant_zone()).date()
    return bucket_start(budget.period, bucket(budget.period, day))


def used_minor(program_id: UUID, start: date) -> int:
    """Return how much of a program's budget is used in the period: what was booked in it and not taken back."""
    total = Accrual.objects.filter(budget_on=start, version__program_id=program_id).aggregate(
        total=Sum(F("amount_minor") - F("clawed_minor"))
    )
    return int(total["total"] or 0)


def fits(amount_minor: int, *, used: int, budget: Budget) -> bool:
    """Tell whether a reward has room. One that is larger than the whole budget has a period for itself."""
    return used + amount_minor <= budget.minor or used <= 0


def budget_now(terms: Sequence[Version], own: Budget, at: datetime) -> Budget | None:
    """Return the budget that counts for a reward when it is booked; None when there is none any more.

    The program's budget in force at the moment, or the one of the reward's own version while that is larger.
    """
    version = next((row for row in terms if row.covers(at)), None)
    if version is None:
        return own
    budget = version.policy.budget
    is_less = budget and budget.period == own.period and budget.minor < own.minor
    return own if is_less else budget


def lock_budget(program_id: UUID) -> None:
    """Let nobody else book under the program's budget until the transaction ends; after the histories' locks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"budget of {program_id}", current_scope().tenant_id],
        )


def admitted(
    program_id: UUID,
    referral_ids: Iterable[UUID],
    lines: Sequence[Line],
    *,
    after: Place | None,
    versions: Mapping[str, Version],
    wanted: Collection[RewardKey],
    again: Mapping[RewardKey, date | None],
    taking: Collection[RewardKey],
    actor: Actor,
    at: datetime,
) -> list[Line]:
    """Return the lines that may be booked now; the others wait. Lines without a budget pass.

    versions: by the id in a trace. wanted: all rewards of the referrals after a place (None for the beginning); what
    waits of those and is not among them is dropped.
    again: rewards computed anew, with the first day of the period in which they had their room.
    taking: rewards whose turn has come.
    Emits plan.budget_reached when the first one has to wait.
    """
    rows = still_waiting(program_id).filter(referral_id__in=list(referral_ids))
    waiting: dict[RewardKey, list[WaitingReward]] = defaultdict(list)
    for row in rows:
        place = row.earned_at, ORDER[row.source_kind], str(row.source_id)
        if after is None or place > after:
            waiting[row.source_kind, row.source_id, row.rule_id, row.split_no].append(row)
    void = [row.id for key, kept in waiting.items() if key not in wanted for row in kept]
    WaitingReward.objects.filter(id__in=void).update(dropped_at=at)
    rewards: dict[RewardKey, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (*place_of(line.source), line.place)):
        rewards[line.reward].append(line)
    if not any(versions[line.draft.trace.version_id].policy.budget for line in lines):
        return list(lines)
    lock_budget(program_id)
    gate = _Gate(program_id, actor, at)
    terms = published_terms([program_id]).get(program_id, [])
    # Also under other shares: an admitted reward is never pushed out again.
    had_room = {key[:3]: start for key, start in again.items()}
    passed: list[Line] = []
    for key, parts in rewards.items():
        own = versions[parts[0].draft.trace.version_id].policy.budget
        if own is None:
            passed += parts
            continue
        budget = budget_now(terms, own, at)
        if key in waiting and key not in taking:
            _renew(waiting[key], parts)
        elif key[:3] in had_room or key in taking or gate.has_room(parts, budget):
            start = had_room.get(key[:3]) or period_start(budget or own, at)
            passed += [replace(part, budget_on=start) for part in parts]
            gate.use(start, parts)
            ids = [row.id for row in waiting.get(key, [])]
            WaitingReward.objects.filter(id__in=ids).update(booked_at=at)
        else:
            gate.wait(parts)
    return passed


class _Gate:
    """How much room there is while one batch passes."""

    def __init__(self, program_id: UUID, actor: Actor, at: datetime) -> None:
        self.program_id, self.actor, self.at = program_id, actor, at
        self.is_queued = still_waiting(program_id).exists()
        self._used: dict[date, int] = {}

    def has_room(self, parts: Sequence[Line], budget: Budget | None) -> bool:
        """Tell whether a reward may be booked: nobody waits before it, and there is room for the whole of it."""
        if budget is None:
            return not self.is_queued
        start = period_start(budget, self.at)
        return not self.is_queued and fits(_sum(parts), used=self.used(start), budget=budget)

    def used(self, start: date) -> int:
        if start not in self._used:
            self._used[start] = used_minor(self.program_id, start)
        return self._used[start]

    def use(self, start: date, parts: Sequence[Line]) -> None:
        self._used[start] = self.used(start) + _sum(parts)

    def wait(self, parts: Sequence[Line]) -> None:
        """Put a reward into the queue; the first one is told of."""
        WaitingReward.objects.bulk_create(_row(self.program_id, part, self.at) for part in parts)
        if not self.is_queued:
            emit(
                "plan.budget_reached",
                subject=f"program:{self.program_id}",
                actor=self.actor,
                payload={
                    "program_id": str(self.program_id),
                    "version_id": parts[0].draft.trace.version_id,
                },
                at=self.at,
            )
        self.is_queued = True


def _row(program_id: UUID, line: Line, at: datetime) -> WaitingReward:
    trace = line.draft.trace
    return WaitingReward(
        program_id=program_id,
        partner_id=line.source.partner_id,
        source_kind=line.source.kind,
        source_id=line.source.id,
        referral_id=line.source.referral_id,
        version_id=UUID(trace.version_id),
        rule_id=trace.rule_id,
        split_no=line.split_no,
        place=line.place,
        amount_minor=trace.amount_minor,
        currency=trace.currency,
        earned_at=line.source.earned_at,
        trace=trace.as_json(),
        since=at,
    )


def _renew(rows: Sequence[WaitingReward], parts: Sequence[Line]) -> None:
    """Keep what waits as it is computed now."""
    by_place = {part.place: part for part in parts}
    for row in rows:
        part = by_place.get(row.place)
        if part and part.draft.amount.minor != row.amount_minor:
            row.amount_minor = part.draft.amount.minor
            row.trace = part.draft.trace.as_json()
            row.save(update_fields=["amount_minor", "trace"])


def _sum(parts: Sequence[Line]) -> int:
    return sum(part.draft.amount.minor for part in parts)
