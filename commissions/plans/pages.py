"""Parts of the plan pages: the worked example, the state of a version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext

from commissions.plans.models import PlanVersion
from commissions.plans.rules import Facts, Happening, Version, priced_history
from commissions.plans.wording import calculation, reward_name
from prm.money import Money, currency_exponent


@dataclass(frozen=True)
class ExampleLine:
    """What one event of the example earns under one rule."""

    event: str
    name: str
    calculation: str
    amount_minor: int
    currency: str


def example_of(version: Version, deal: Money) -> list[ExampleLine]:
    """Return what a referral earns that qualifies, is won for the deal, and pays it again; by the engine itself.

    Nothing came before it, and the partner is active.
    """
    day = timezone.localdate()
    events = [
        (
            gettext("The referral qualifies"),
            Facts("qualified", Money(0, deal.currency), day, deal_minor=deal.minor),
        ),
        (gettext("The referral is won"), Facts("won", deal, day, deal_minor=deal.minor)),
        (gettext("The customer's first payment"), _payment(deal, deal, day, day, 1)),
        (gettext("Each further payment"), _payment(deal, deal, day, day, 2)),
    ]
    told = [Happening(facts, version, words) for words, facts in events]
    return [
        ExampleLine(
            str(event.name),
            reward_name(draft.trace),
            calculation(draft.trace),
            draft.amount.minor,
            deal.currency,
        )
        for event, drafts in priced_history(told)
        for draft in drafts
    ]


def _payment(amount: Money, deal: Money, day: date, first_on: date, number: int) -> Facts:
    return Facts(
        "revenue",
        amount,
        day,
        number,
        first_on,
        referral="example",
        kind="sale" if number == 1 else "renewal",
        deal_minor=deal.minor,
    )


def example_deal(currency: str) -> Money:
    """Return the deal the example starts with: ten thousand of the currency."""
    return Money(10_000 * 10 ** currency_exponent(currency), currency)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return midnight of a day in a zone, as an aware UTC moment."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def usual_start(newest: PlanVersion | None, today: date, zone: ZoneInfo) -> date:
    """Return the day a new draft offers: today for a first version, else after the notice and the version before."""
    if newest is None:
        return today
    noticed = today + timedelta(days=max(30, newest.notice_days) + 1)
    return max(noticed, newest.starts_at.astimezone(zone).date() + timedelta(days=1))


@dataclass(frozen=True)
class VersionState:
    """Where a version stands: words and tone of its badge."""

    label: str
    tone: str


def state_of(version: PlanVersion, now: datetime) -> VersionState:
    """Return whether a version is a draft, to come, in force or past."""
    if version.published_at is None:
        return VersionState(gettext("Draft"), "")
    if version.starts_at > now:
        return VersionState(gettext("Scheduled"), "info")
    if version.ends_at is None or version.ends_at > now:
        return VersionState(gettext("In force"), "ok")
    return VersionState(gettext("Past"), "")


def listed(
    versions: Sequence[PlanVersion], terms: dict[Any, list[str]], now: datetime
) -> list[dict[str, Any]]:
    """Return versions for the list: row, state and terms in words."""
    return [
        {"version": row, "state": state_of(row, now), "terms": terms[row.id]} for row in versions
    ]
