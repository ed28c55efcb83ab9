"""A new event prices what lies after the last point only, and the books are those of the whole history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from commissions.accruals import pinning, points, restating
from commissions.accruals.models import Accrual, HistoryPoint
from commissions.accruals.services import (
    accrue_for_events,
    accrue_for_referrals,
    claw_back_refund,
    restate_referrals,
)
from commissions.accruals.sources import Source
from commissions.plans.terms import Policy
from prm.events.services import SYSTEM
from prm.money import Money
from prm.tenancy.models import Tenant
from referrals.pipeline.models import Referral
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import record_refund
from tests.builders.commissions import a_payment, a_won_deal
from tests.builders.refined import a_refined_plan, bands_at

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def close_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "TAIL", 2)
    monkeypatch.setattr(points, "SPREAD", 2)


@contextmanager
def _looking(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Collect how many events each computation prices."""
    seen: list[int] = []
    real = pinning.pinned

    def counted(*args: Any, at: datetime) -> list[Source]:
        seen.append(len(args[1]))
        return real(*args, at=at)

    with monkeypatch.context() as patch:
        patch.setattr(restating, "pinned", counted)
        yield seen


def _pay(customer: Customer, minor: int, at: datetime) -> None:
    payment = a_payment(customer, minor, at)
    accrue_for_events(revenue_event_ids=[payment.id], actor=SYSTEM, at=at)


def _won(at: datetime) -> Customer:
    customer = a_won_deal(at, deal_minor=40_000)
    accrue_for_referrals(kind="won", referral_ids=[customer.referral_id], actor=SYSTEM, at=at)
    sale = RevenueEvent.objects.get(customer=customer)
    accrue_for_events(revenue_event_ids=[sale.id], actor=SYSTEM, at=at)
    return customer


def _is_whole(customer: Customer, at: datetime) -> bool:
    """Tell whether pricing everything again books nothing and takes nothing back."""
    before = list(Accrual.objects.order_by("id").values("id", "clawed_minor", "replaced_at"))
    HistoryPoint.objects.all().delete()
    restate_referrals(referral_ids=[customer.referral_id], actor=SYSTEM, at=at)
    return before == list(
        Accrual.objects.order_by("id").values("id", "clawed_minor", "replaced_at")
    )


def test_a_new_event_prices_the_tail_and_a_late_one_what_lies_after_it(
    acme: Tenant, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_refined_plan(bands_at(270_000), policy=Policy())
    customer = _won(at)
    for number in range(1, 20):
        _pay(customer, 20_000, at + number * DAY)

    with _looking(monkeypatch) as seen:
        for hour in (1, 2, 4, 5, 6, 7):
            _pay(customer, 20_000, at + 30 * DAY + timedelta(hours=hour))
        amounts = set(Accrual.objects.order_by("-id")[:6].values_list("amount_minor", flat=True))
        for moment in (timedelta(days=30, hours=3), timedelta(days=15), timedelta(hours=1)):
            _pay(customer, 10_000, at + moment)
    *newest, late, older, ancient = seen

    # Everything before it counts: the sum is beyond the band's edge.
    assert amounts == {3_000}
    assert max(newest) <= 2 * points.TAIL
    assert 4 < late <= 10 < older < 30 == ancient
    assert HistoryPoint.objects.count() < 9
    assert _is_whole(customer, at + 31 * DAY)


Change = Callable[[Customer, datetime], object]


def _refund_old(customer: Customer, at: datetime) -> None:
    first = RevenueEvent.objects.filter(customer=customer).earliest("booked_at")
    refund = record_refund(
        external_id="late",
        kind="refund",
        refunds_id=first.id,
        amount=Money(30_000, "EUR"),
        booked_at=first.booked_at + timedelta(hours=2),
        source="form",
        actor=SYSTEM,
        at=at,
    )
    claw_back_refund(refund_id=refund.id, actor=SYSTEM, at=at)


def _decline(customer: Customer, at: datetime) -> None:
    """Another referral of the partner, declined after a look: its payments are no part of the history any more."""
    other = _won(at - 11 * DAY)
    _pay(customer, 15_000, at)
    Referral.objects.filter(id=other.referral_id).update(declined_at=at)


@pytest.mark.parametrize("change", [_refund_old, _decline])
def test_what_changes_the_past_is_never_passed_over(
    acme: Tenant, at: datetime, change: Change
) -> None:
    a_refined_plan(bands_at(270_000), policy=Policy())
    customer = _won(at)
    for number in range(1, 16):
        _pay(customer, 20_000 + number, at + number * DAY)
    assert HistoryPoint.objects.exists()

    change(customer, at + 16 * DAY)
    _pay(customer, 20_000, at + 17 * DAY)

    assert _is_whole(customer, at + 18 * DAY)


def test_points_of_other_terms_are_thrown_away(acme: Tenant, at: datetime) -> None:
    a_refined_plan(bands_at(270_000), policy=Policy())
    customer = _won(at)
    for number in range(1, 8):
        _pay(customer, 20_000, at + number * DAY)
    made = set(HistoryPoint.objects.values_list("id", flat=True))

    HistoryPoint.objects.update(terms="those of a release ago")
    _pay(customer, 20_000, at + 9 * DAY)

    assert not made & set(HistoryPoint.objects.values_list("id", flat=True))
    assert _is_whole(customer, at + 18 * DAY)
