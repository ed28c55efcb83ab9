"""Whether a partner is active, until when, and whether it keeps preferred terms. Days are the tenant's."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from commissions.plans.periods import MONTHS, bucket, bucket_start, span_end
from commissions.plans.terms import Activity, Preferred


def active_on(wins: Sequence[date], day: date, activity: Activity) -> bool:
    """Tell whether a partner with these wins is active on a day; wins after it do not count, those of the day do."""
    known = sorted(won for won in wins if won <= day)
    end = inactive_from(known, day, activity)
    return end is not None and day < end


def inactive_from(wins: Sequence[date], day: date, activity: Activity) -> date | None:
    """Return the first day without activity, seen on a day from the wins up to it; None when nothing was ever won.

    A day that is not later than `day` says that the partner is inactive now.
    """
    known = sorted(won for won in wins if won <= day)
    if not known:
        return None
    if activity.mode == "calendar":
        return _calendar_end(known, activity, day)
    months = MONTHS[activity.period]
    grace = span_end(known[0], months)
    if len(known) < activity.successes:
        return grace
    # The period of the n-th last win ends first.
    return max(grace, span_end(known[-activity.successes], months))


def _calendar_end(known: Sequence[date], activity: Activity, day: date) -> date:
    """Return the end of the period that the wins carry the partner through: the one after the last with enough."""
    numbers = [bucket(activity.period, won) for won in known]
    enough = [number for number in set(numbers) if numbers.count(number) >= activity.successes]
    # The first period begins with the first win; the whole one after it is the first to count.
    carried = max([numbers[0] + 1, *(number + 1 for number in enough)])
    return bucket_start(activity.period, carried + 1)


def warned_on(end: date, days: int) -> date:
    """Return the day on which a partner hears that it lapses in so many days."""
    return end - timedelta(days=days)


def standard_from(registered: Sequence[date], day: date, preferred: Preferred) -> date | None:
    """Return from which day referrals are under standard terms, as it looks on a day; None while nothing is lost.

    registered: the days of the partner's referrals up to the day. It may lie ahead: the notice is running.
    """
    sent = Counter(bucket(preferred.period, when) for when in registered)
    if not sent:
        return None
    first, current = min(sent), bucket(preferred.period, day)
    if current <= first + 1 or max(sent[current], sent[current - 1]) >= preferred.minimum:
        return None
    start = bucket_start(preferred.period, current)
    kept_until_now = current - 1 <= first + 1 or sent[current - 2] >= preferred.minimum
    return start + timedelta(days=preferred.notice_days) if kept_until_now else start


def keeps_preferred(registered: Sequence[date], day: date, preferred: Preferred) -> bool:
    """Tell whether a referral registered on a day is under preferred terms.

    registered: the days of the partner's referrals up to this one, itself included.
    """
    lost = standard_from(registered, day, preferred)
    return lost is None or day < lost
