"""A partner's history priced twice: under what was in force, and under another version. Books nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from commissions.accruals.booking import Line
from commissions.accruals.histories import History, events_of
from commissions.accruals.models import Accrual
from commissions.accruals.pinning import known_around
from commissions.accruals.repricing import less_refunds, lines_under, shared_out
from commissions.overrides.rules import Override, version_priced
from commissions.plans.rules import Version

# (kind, source, rule, set of shares, place): one line of the books.
LineKey = tuple[str, UUID, int, int, int]


@dataclass(frozen=True)
class Span:
    """The days whose events are counted, both included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Tell whether a day is counted."""
        return self.first <= day <= self.last


@dataclass
class Replayed:
    """What one history comes to in the span, net of what refunds took back; amounts by (partner, month yyyymm).

    things: rewards that are not money, for people whose employer allows none, at their worth in minor units.
    """

    old: dict[tuple[UUID, str], int]
    new: dict[tuple[UUID, str], int]
    booked_minor: int
    differing: list[str]
    events: int
    skipped: int
    old_things_minor: int = 0
    new_things_minor: int = 0


def replay(
    history: History,
    *,
    terms: Sequence[Version],
    overrides: Sequence[Override],
    draft: Version,
    span: Span,
) -> Replayed:
    """Price everything that happened to a partner in a program, as it was and under the draft.

    The whole history counts towards bands, bonuses and caps; what happened in the span is summed. Refunds take back
    at each line's own rate. Rewards split between partners are each partner's own part. Events in another currency
    than the draft's are left out and counted. Nothing is written.
    """
    sources = events_of(history, whole=True)
    fitting = [row for row in sources if row.facts.base.currency == draft.currency]
    versions = {
        row.referral_id: version
        for row in fitting
        if (version := version_priced(terms, overrides, row.registered_at))
    }
    under_draft = {row.referral_id: draft for row in fitting}
    was, would = (
        lines_under(known_around(history, fitting, chosen), chosen)
        for chosen in (versions, under_draft)
    )
    old, new = shared_out(was), shared_out(would)
    booked, differing = _compared(old, {row.referral_id for row in fitting}, span)
    return Replayed(
        _summed(old, span),
        _summed(new, span),
        booked,
        differing,
        sum(span.covers(row.facts.earned_on) for row in fitting),
        len(sources) - len(fitting),
        _things(was, span),
        _things(would, span),
    )


def _compared(lines: Iterable[Line], referral_ids: set[UUID], span: Span) -> tuple[int, list[str]]:
    """Return what the books say of the span's rewards, and the rewards of which they say something else."""
    wanted = {_key(line): line.draft.amount.minor for line in lines if _in(line, span)}
    rows = Accrual.objects.filter(
        referral_id__in=list(referral_ids),
        replaced_at=None,
        earned_on__range=(span.first, span.last),
    ).values_list("source_kind", "source_id", "rule_id", "split_no", "place", "amount_minor")
    booked: dict[LineKey, int] = {}
    for kind, source_id, rule_id, split_no, place, minor in rows:
        booked[kind, source_id, rule_id, split_no, place] = minor
    differing = [
        f"{key[0]}:{key[1]}: {booked.get(key, 0)} / {wanted.get(key, 0)}"
        for key in sorted({*wanted, *booked}, key=str)
        if wanted.get(key) != booked.get(key)
    ]
    return sum(booked.values()), differing


def _summed(lines: Sequence[Line], span: Span) -> dict[tuple[UUID, str], int]:
    sums: dict[tuple[UUID, str], int] = defaultdict(int)
    for line, minor in less_refunds([line for line in lines if _in(line, span)]):
        sums[line.source.partner_id, f"{line.source.facts.earned_on:%Y%m}"] += minor
    return dict(sums)


def _things(lines: Sequence[Line], span: Span) -> int:
    """Return the worth of rewards that are not money; a whole refund ends them, a part of one changes nothing."""
    kept = less_refunds([line for line in lines if line.draft.is_in_kind and _in(line, span)])
    return sum(line.draft.amount.minor for line, left in kept if left > 0)


def _in(line: Line, span: Span) -> bool:
    return span.covers(line.source.facts.earned_on)


def _key(line: Line) -> LineKey:
    return (
        line.source.kind,
        line.source.id,
        line.draft.rule_id,
        line.split_no,
        line.place,
    )
