"""Rewards of people whose employer allows no money: kept beside the books, worth what the plan says, paid to nobody."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from commissions.accruals.booking import Line
from commissions.accruals.models import RewardInKind
from commissions.accruals.sources import QUALIFIED, RECEIPT, REVENUE, WON, Source
from prm.events.batches import Fact, emit_batch
from prm.events.services import SYSTEM
from referrals.revenue.models import RevenueEvent

# Kind and id of an event, rule.
_Key = tuple[str, UUID, int]


def keep_in_kind(
    lines: Sequence[Line],
    sources: Collection[Source],
    *,
    program_id: UUID,
    at: datetime,
) -> None:
    """Keep what events earn a person in kind, each once; end what nothing earns any more.

    lines: everything that the sources earn. A reward ends with the whole refund of its payment, or when its event earns
    it no longer; it does not come back. Its worth stays what it was at first. A repeat writes nothing.
    Emits spiff.earned and spiff.void per reward.
    """
    ids = {source.id for source in sources} | {
        source.revenue_event_id for source in sources if source.revenue_event_id
    }
    kinds = (QUALIFIED, WON, REVENUE, RECEIPT)
    rows = RewardInKind.objects.filter(source_kind__in=kinds, source_id__in=ids)
    kept = {_key(row): row for row in rows}
    earned = {
        (line.source.kind, line.source.id, line.draft.rule_id): line
        for line in lines
        if line.draft.is_in_kind
    }
    if not kept and not earned:
        return
    gone = _given_back(ids)
    new = [
        _row(line, program_id, at)
        for key, line in earned.items()
        if key not in kept and line.source.revenue_event_id not in gone
    ]
    made = RewardInKind.objects.bulk_create(new)
    asked = {(source.kind, source.id) for source in sources}
    void = [
        row
        for key, row in kept.items()
        if row.void_at is None
        and (row.source_id in gone or (key not in earned and key[:2] in asked))
    ]
    RewardInKind.objects.filter(id__in=[row.id for row in void]).update(void_at=at)
    emit_batch("spiff.earned", [_fact(row) for row in made], actor=SYSTEM, at=at, queue=True)
    emit_batch("spiff.void", [_fact(row) for row in void], actor=SYSTEM, at=at, queue=True)


def _given_back(ids: Collection[UUID]) -> set[UUID]:
    """Return the payments among the ids that were wholly refunded."""
    rows = RevenueEvent.objects.filter(id__in=ids, refunded_minor__gt=0)
    return {row.id for row in rows if row.refunded_minor >= row.amount_minor}


def _key(row: RewardInKind) -> _Key:
    return row.source_kind, row.source_id, row.rule_id


def _row(line: Line, program_id: UUID, at: datetime) -> RewardInKind:
    source, trace = line.source, line.draft.trace
    return RewardInKind(
        program_id=program_id,
        partner_id=source.partner_id,
        payee_id=int(line.draft.payee),
        source_kind=source.kind,
        source_id=source.id,
        referral_id=source.referral_id,
        version_id=trace.version_id,
        rule_id=trace.rule_id,
        worth_minor=trace.amount_minor,
        currency=trace.currency,
        earned_at=source.earned_at,
        trace=trace.as_json(),
        at=at,
    )


def _fact(row: RewardInKind) -> Fact:
    return Fact(
        f"reward_in_kind:{row.id}",
        row.partner_id,
        {
            "reward_id": row.id,
            "partner_id": str(row.partner_id),
            "program_id": str(row.program_id),
            "user_id": row.payee_id,
        },
    )
