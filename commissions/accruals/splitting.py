"""Lines of one reward for several partners: by the shares of the referral's credit, to the cent."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from commissions.accruals.booking import Line
from prm.money import Money
from referrals.attribution.models import Credit
from referrals.attribution.rules import split_minor
from referrals.attribution.selectors import live_credits


def credits_for_booking(referral_ids: Collection[UUID]) -> dict[UUID, list[Credit]]:
    """Return the shares in force by referral; below lock_histories none changes until the transaction ends."""
    return live_credits(referral_ids)


def split_lines(lines: Iterable[Line], shares: dict[UUID, list[Credit]]) -> list[Line]:
    """Return the lines by beneficiary: as they are where a referral has no shares; parts of nothing are left out."""
    found: list[Line] = []
    for line in lines:
        live = shares.get(line.source.referral_id)
        found += _parts(line, live) if live else [line]
    return found


def _parts(line: Line, live: Sequence[Credit]) -> list[Line]:
    shares = tuple((row.role, row.share, row.pool) for row in live)
    amounts = split_minor(line.draft.amount.minor, shares)
    currency = line.draft.amount.currency
    return [
        replace(
            line,
            source=replace(line.source, partner_id=row.partner_id),
            draft=replace(
                line.draft,
                amount=Money(minor, currency),
                trace=replace(
                    line.draft.trace,
                    amount_minor=minor,
                    whole_minor=line.draft.amount.minor,
                    shares=shares,
                    place=place,
                ),
            ),
            split_no=row.number,
            place=place,
        )
        for place, (row, minor) in enumerate(zip(live, amounts, strict=True))
        if minor
    ]
