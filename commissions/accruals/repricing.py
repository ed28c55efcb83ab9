"""What a history comes to under given versions: for booking it, and for looking at other terms."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from commissions.accruals.booking import Line
from commissions.accruals.sources import Source
from commissions.accruals.splitting import credits_for_booking, split_lines
from commissions.plans.rules import (
    Happening,
    Standing,
    Version,
    clawed_target,
    priced_history,
)
from referrals.revenue.models import RevenueEvent


def lines_under(
    sources: Sequence[Source],
    versions: Mapping[UUID, Version],
    standing: Standing | None = None,
) -> list[Line]:
    """Return what the events of one history earn, each reward whole.

    sources: in their order, with what is known around them. versions: what prices each referral; events of other
    referrals earn nothing. standing: what came before them; it is taken further.
    """
    happenings = (Happening(row.facts, versions.get(row.referral_id), row) for row in sources)
    return [
        Line(event.name, draft, event.version.hold_days)
        for event, drafts in priced_history(happenings, standing)
        if event.version and isinstance(event.name, Source)
        for draft in drafts
    ]


def shared_out(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of the books by beneficiary; rewards for a person are not split, those in kind are no lines.

    Shares stay until the transaction ends.
    """
    lines = [line for line in lines if not line.draft.is_in_kind]
    shares = credits_for_booking({line.source.referral_id for line in lines})
    parts = split_lines([line for line in lines if not line.draft.payee], shares)
    return parts + [line for line in lines if line.draft.payee]


def less_refunds(lines: Sequence[Line]) -> list[tuple[Line, int]]:
    """Return each line with what is left of it, in minor units, after all refunds of its payment until today."""
    refunds = _refunds(line.source for line in lines)
    found = []
    for line in lines:
        minor = line.draft.amount.minor
        refunded, paid = refunds.get(line.source.revenue_event_id or line.source.id, (0, 0))
        if refunded:
            minor -= clawed_target(minor, refunded_minor=refunded, paid_minor=paid)
        found.append((line, minor))
    return found


def _refunds(sources: Iterable[Source]) -> dict[UUID, tuple[int, int]]:
    """Return what was given back of each payment, and the payment, in minor units."""
    ids = {row.revenue_event_id for row in sources if row.revenue_event_id and row.is_refunded}
    rows = RevenueEvent.objects.filter(id__in=ids).values_list(
        "id", "refunded_minor", "amount_minor"
    )
    return {id_: (refunded, paid) for id_, refunded, paid in rows}
