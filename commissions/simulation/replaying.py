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
from commissions.accruals.sources import Source
from commissions.accruals.splitting import credits_for_booking, split_lines
from commissions.overrides.rules import Override, version_priced
from commissions.plans.rules import Happening, Version, clawed_target, priced_history
from referrals.revenue.models import RevenueEvent

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
    """What one history comes to in the span, net of what refunds took back; amounts by (partner, month yyyymm)."""

    old: dict[tuple[UUID, str], int]
    new: dict[tuple[UUID, str], int]
    booked_minor: int
    differing: list[str]
    events: int
    skipped: int


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
    refunds = _refunds(fitting)
    old = _lines(known_around(history, fitting, versions), versions)
    new = _lines(known_around(history, fitting, under_draft), under_draft)
    booked, differing = _compared(old, {row.referral_id for row in fitting}, span)
    return Replayed(
        _summed(old, refunds, span),
        _summed(new, refunds, span),
        booked,
        differing,
        sum(span.covers(row.facts.earned_on) for row in fitting),
        len(sources) - len(fitting),
    )


def _lines(sources: Sequence[Source], versions: dict[UUID, Version]) -> list[Line]:
    lines: list[Line] = []
    happenings = (Happening(row.facts, versions.get(row.referral_id), row) for row in sources)
    for event, drafts in priced_history(happenings):
        if event.version and isinstance(event.name, Source):
            lines += [Line(event.name, draft, event.version.hold_days) for draft in drafts]
    shares = credits_for_booking({line.source.referral_id for line in lines})
    parts = split_lines([line for line in lines if not line.draft.payee], shares)
    return parts + [line for line in lines if line.draft.payee]


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


def _summed(
    lines: Iterable[Line], refunds: dict[UUID, tuple[int, int]], span: Span
) -> dict[tuple[UUID, str], int]:
    sums: dict[tuple[UUID, str], int] = defaultdict(int)
    for line in lines:
        if not _in(line, span):
            continue
        minor = line.draft.amount.minor
        refunded, paid = refunds.get(line.source.revenue_event_id or line.source.id, (0, 0))
        if refunded:
            minor -= clawed_target(minor, refunded_minor=refunded, paid_minor=paid)
        day = line.source.facts.earned_on
        sums[line.source.partner_id, f"{day:%Y%m}"] += minor
    return dict(sums)


def _refunds(sources: Iterable[Source]) -> dict[UUID, tuple[int, int]]:
    """Return what was given back of each payment, and the payment, in minor units."""
    ids = {row.revenue_event_id for row in sources if row.revenue_event_id and row.is_refunded}
    rows = RevenueEvent.objects.filter(id__in=ids).values_list(
        "id", "refunded_minor", "amount_minor"
    )
    return {id_: (refunded, paid) for id_, refunded, paid in rows}


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
