"""The machine sees: each defect that is planted here is found by the step after it, and the same story without is not.

A rule of the money that is new comes with a defect that breaks it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from commissions.accruals import budgets, reversing, splitting
from commissions.adjustments import services as adjustments
from commissions.ledger import services as ledger
from commissions.ledger.rules import period_of
from commissions.payouts import merging
from commissions.payouts import services as payouts
from commissions.plans import pricing
from commissions.statements import disputing
from commissions.tax import withholding
from commissions.vat import charging
from prm.money import Money
from tests.commissions.machine.story import BUDGETED, HISTORY, PEOPLE, PLAIN, Setting
from tests.commissions.machine.walks import Step, first_fault

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

WON: Step = ("win", {"which": 0, "minor": 99_999})
LARGE: Step = ("win", {"which": 0, "minor": 4_999_999})
OTHER_WON: Step = ("win", {"which": 1, "minor": 77_777})
WAITED: Step = ("wait", {"days": 3})
RUN: Step = ("run_payouts", {"approve": True})
ARRIVED: Step = ("hear_from_the_bank", {"which": 0})
THIRD_BACK: Step = ("refund", {"which": 0, "percent": 33})
CLOSED: Step = ("close", {})
STATED: Step = ("issue", {"which": 0})

STORIES: dict[str, tuple[Setting, list[Step]]] = {
    "refunds": (Setting(PEOPLE), [WON, THIRD_BACK, THIRD_BACK, THIRD_BACK]),
    "a payment": (Setting(PLAIN), [WON, WAITED, RUN, ARRIVED]),
    "a late release": (Setting(PLAIN), [WON, ("close", {"late": True})]),
    "a merge": (Setting(PLAIN, hold_days=3), [WON, OTHER_WON, ("merge", {})]),
    "an exchange": (Setting(PLAIN), [WON, WAITED, ("convert", {"which": 0, "percent": 50})]),
    "a dispute": (
        Setting(PLAIN),
        [
            WON,
            WAITED,
            STATED,
            ("dispute", {"which": 0}),
            ("answer", {"which": 0, "how": "refuse"}),
        ],
    ),
    "a debt": (
        Setting(PLAIN),
        [
            WON,
            WAITED,
            RUN,
            ARRIVED,
            ("refund", {"which": 0, "percent": 100, "kind": "chargeback"}),
            ("forgive", {"percent": 50}),
        ],
    ),
    "a pause": (Setting(HISTORY), [WON, CLOSED, CLOSED, ("pay", {"which": 0, "minor": 50_000})]),
    "a band": (Setting(HISTORY), [LARGE, ("pay", {"which": 0, "minor": 50_000})]),
    "taxes": (
        Setting(PLAIN, taxed=True),
        [
            ("withhold", {"country": "IT", "permille": 230, "share": 50}),
            WON,
            WAITED,
            RUN,
            ("hear_from_the_bank", {"which": 0, "comes_back": True}),
            OTHER_WON,
            ("wait", {"days": 3}),
            ("withhold", {"country": "IT", "permille": 300, "share": 100}),
            ("pay", {"which": 0, "minor": 60_000}),
            WAITED,
            RUN,
        ],
    ),
    "a split": (
        Setting(PLAIN),
        [
            WON,
            ("share_credit", {"which": 0, "with_whom": 0, "share": 3_333}),
            THIRD_BACK,
            THIRD_BACK,
        ],
    ),
    "a budget": (
        Setting(BUDGETED),
        [
            LARGE,
            OTHER_WON,
            ("change_budget", {"percent": 1_000}),
            WAITED,
            ("share_credit", {"which": 1, "with_whom": 0, "share": 5_000}),
        ],
    ),
    "a contest": (
        Setting(PLAIN),
        [("announce_contest", {}), WAITED, WON, ("settle_contest", {}), ("repeat", {})],
    ),
}


def each_refund_for_itself(patch: pytest.MonkeyPatch) -> None:
    def rounded_up(amount: int, *, refunded_minor: int, paid_minor: int) -> int:
        return -(-amount * refunded_minor // paid_minor)

    patch.setattr(reversing, "clawed_target", rounded_up)


def the_bank_is_booked_twice(patch: pytest.MonkeyPatch) -> None:
    services: Any = payouts
    once = services.post_transfer

    def twice(**facts: Any) -> Any:
        once(**facts | {"key": facts["key"] + ":again"})
        return once(**facts)

    patch.setattr(payouts, "post_transfer", twice)


def late_bookings_join_a_closed_month(patch: pytest.MonkeyPatch) -> None:
    def own(day: date, _closed_through: int) -> int:
        return period_of(day)

    patch.setattr(ledger, "booking_period", own)


def a_merge_leaves_what_is_on_hold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "MOVING", merging.MOVING[1:])


def an_exchange_forgets_the_rate(patch: pytest.MonkeyPatch) -> None:
    def same(amount: Money, currency: str, _rate: Decimal) -> Money:
        return Money(amount.minor, currency)

    patch.setattr(adjustments, "converted", same)


def an_ended_dispute_keeps_its_money(patch: pytest.MonkeyPatch) -> None:
    def nothing(_dispute: Any, *, at: Any) -> None: ...

    patch.setattr(disputing, "unfreeze", nothing)


def a_debt_is_forgiven_twice(patch: pytest.MonkeyPatch) -> None:
    services: Any = adjustments
    once = services.post_staged

    def more(transfers: Any) -> Any:
        for row in transfers:
            object.__setattr__(row, "amount_minor", row.amount_minor * 2)
        return once(transfers)

    patch.setattr(adjustments, "post_staged", more)


def a_partner_that_rests_is_paid_on(patch: pytest.MonkeyPatch) -> None:
    def always(*_: Any) -> bool:
        return True

    patch.setattr(pricing, "active_on", always)


def what_came_back_is_taxed_again(patch: pytest.MonkeyPatch) -> None:
    services: Any = charging
    once = services.dues_of

    def whole(payments: Any) -> Any:
        return [replace(due, returned_minor=0) for due in once(payments)]

    patch.setattr(charging, "dues_of", whole)


def the_first_rate_stays(patch: pytest.MonkeyPatch) -> None:
    def first(rules: Any, **_: Any) -> Any:
        return rules[0] if rules else None

    patch.setattr(withholding, "rule_for", first)


def a_share_is_rounded_for_itself(patch: pytest.MonkeyPatch) -> None:
    def each(total_minor: int, shares: Any) -> list[int]:
        return [-(-total_minor * share // 10_000) for _role, share, _pool in shares]

    patch.setattr(splitting, "split_minor", each)


def what_waits_is_dropped(patch: pytest.MonkeyPatch) -> None:
    def nothing(_gate: Any, _parts: Any) -> None: ...

    patch.setattr(budgets._Gate, "wait", nothing)


def nobody_looks_at_the_budget(patch: pytest.MonkeyPatch) -> None:
    def always(*_: Any, **__: Any) -> bool:
        return True

    patch.setattr(budgets, "fits", always)


DEFECTS: list[tuple[Callable[[pytest.MonkeyPatch], None], str, str]] = [
    (each_refund_for_itself, "refunds", "everybody_is_owed_what_happened"),
    (the_bank_is_booked_twice, "a payment", "in payout is what is under way"),
    (late_bookings_join_a_closed_month, "a late release", "close refused"),
    (a_merge_leaves_what_is_on_hold, "a merge", "a_merged_duplicate_is_owed_nothing"),
    (an_exchange_forgets_the_rate, "an exchange", "l13_a_conversion_is_two_legs"),
    (an_ended_dispute_keeps_its_money, "a dispute", "an_ended_dispute_holds_no_money"),
    (a_debt_is_forgiven_twice, "a debt", "everybody_is_owed_what_happened"),
    (what_came_back_is_taxed_again, "taxes", "no_step_saw_anything_wrong"),
    (the_first_rate_stays, "taxes", "no_step_saw_anything_wrong"),
    (a_share_is_rounded_for_itself, "a split", "shares_of_a_reward_make_the_whole"),
    (what_waits_is_dropped, "a budget", "everybody_is_owed_what_happened"),
    (nobody_looks_at_the_budget, "a budget", "no_more_is_booked_than_the_budget_has"),
    (a_partner_that_rests_is_paid_on, "a pause", "everybody_is_owed_what_happened"),
]


@pytest.mark.parametrize(
    ("plant", "story", "found"), DEFECTS, ids=[row[0].__name__ for row in DEFECTS]
)
def test_the_machine_finds_what_was_planted(
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    story: str,
    found: str,
) -> None:
    plant(monkeypatch)

    assert found in first_fault(*STORIES[story])


@pytest.mark.parametrize("story", STORIES)
def test_nothing_is_found_where_nothing_was_planted(story: str) -> None:
    assert first_fault(*STORIES[story]) == ""
