"""Proof of closed months: their transfers, totals and digests are those of the closing, and none is missing."""

from collections.abc import Iterator

from commissions.closing.rules import month_digest
from commissions.closing.selectors import fingerprints, open_totals
from commissions.ledger.models import ClosedPeriod
from commissions.ledger.rules import next_period
from prm.events.models import Event

# check, row, what is wrong
Found = tuple[str, str, str]
DAYS = "closed month keeps its transfers"
TOTALS = "closed month keeps its totals"
DIGEST = "closed month keeps its digest"
TRAIL = "closed month is in the audit trail"
ORDER = "closed months follow each other"


def month_faults() -> Iterator[Found]:
    """Yield what is wrong with closed months, oldest first: the day whose transfers changed, sums, digests, gaps."""
    sealed = {
        int(row["period"]): str(row["digest"])
        for row in Event.objects.filter(name="books.month_closed").values_list("payload", flat=True)
    }
    now, owed, before = open_totals(0, {}), dict[str, int](), 0
    for month in ClosedPeriod.objects.order_by("period").iterator(50):
        place = f"month {month.period}"
        if before and month.period != next_period(before):
            yield ORDER, place, f"follows {before}"
        before = month.period
        yield from _changed_days(month, place)
        totals = now.get(month.period, ({}, 0))[0] or _carried(month, owed)
        if totals != month.totals:
            yield TOTALS, place, f"closed with {month.totals}, transfers say {totals}"
        owed = {currency: parts["owed"] for currency, parts in totals.items()}
        digest = month_digest(
            period=month.period, days=month.days, totals=month.totals, frozen=month.frozen
        )
        if digest != month.digest:
            yield DIGEST, place, f"closed with {month.digest[:12]}, its row says {digest[:12]}"
        if sealed.pop(month.period, None) != month.digest:
            yield TRAIL, place, f"no event tells of {month.digest[:12]}"
    for period in sorted(sealed):
        yield TRAIL, f"month {period}", "was closed, and its row is gone"


def _changed_days(month: ClosedPeriod, place: str) -> Iterator[Found]:
    days = fingerprints(month.period)
    for day in sorted({*days, *month.days}):
        count, digest = month.days.get(day, [0, ""])
        now_count, now_digest = days.get(day, [0, ""])
        if count != now_count:
            yield DAYS, f"{place}, {day}", f"closed with {count} transfers, there are {now_count}"
        elif digest != now_digest:
            yield DAYS, f"{place}, {day}", f"one of its {count} transfers is another"


def _carried(month: ClosedPeriod, owed: dict[str, int]) -> dict[str, dict[str, int]]:
    """Return the totals of a month in which nothing moved."""
    return {
        currency: dict.fromkeys(month.totals.get(currency, {}), 0) | {"owed": minor}
        for currency, minor in owed.items()
    }
