"""Whatever happens in whatever order, every invariant holds after every step, and another order ends the same.

Stories by seed, so that each has steps of all kinds; `MACHINE=deep` lets hypothesis search as well, for as long as
MACHINE_EXAMPLES says.
"""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from commissions.accruals import points
from commissions.payouts.models import Payout
from prm.tenancy.scope import tenant_scope
from tests.commissions.machine.books import Books
from tests.commissions.machine.invariants import broken
from tests.commissions.machine.story import BUDGETED, HISTORY, PEOPLE, PLAIN, Setting
from tests.commissions.machine.twin import agree, twin_of
from tests.commissions.machine.walks import (
    KINDS,
    Kind,
    Step,
    first_fault,
    shortest,
    story_of,
    told,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
DEEP = os.environ.get("MACHINE") == "deep"
FLAVOURS = (HISTORY, PEOPLE, PLAIN, BUDGETED)
FIRST = int(os.environ.get("MACHINE_FIRST", "0"))
SEEDS = int(os.environ.get("MACHINE_SEEDS", "300" if DEEP else len(FLAVOURS)))
STEPS = int(os.environ.get("MACHINE_STEPS", "60" if DEEP else "25"))
WON: Step = ("win", {"which": 0, "minor": 100_000})
LARGE: Step = ("win", {"which": 0, "minor": 4_999_999})
SHARED: Step = ("share_credit", {"which": 0, "with_whom": 0, "share": 3_333})
GIVEN: Step = ("move_deal", {"which": 0, "to_whom": 0})
PREPARED: Step = ("run_payouts", {"approve": True})


@pytest.fixture(autouse=True)
def _short_tails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on from points in a history after a few events, as long histories do."""
    monkeypatch.setattr(points, "TAIL", 2)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_every_invariant_holds_after_every_step(seed: int) -> None:
    chance = Random(seed)
    setting = Setting(
        FLAVOURS[seed % len(FLAVOURS)],
        chance.choice([1, 0, 3]),
        chance.choice([100, 40]),
        taxed=chance.choice([True, True, False]),
        invoiced=chance.choice([False, True]),
    )
    story = story_of(chance, STEPS)

    fault = first_fault(setting, story, order=Random(seed))

    if fault and DEEP:
        story = shortest(story, lambda part: first_fault(setting, part, order=Random(seed)))
        fault = first_fault(setting, story, order=Random(seed))
    assert not fault, "\n".join([fault, str(setting), *map(str, story)])


# Stories that failed once.
FOUND: dict[str, tuple[Setting, list[Step]]] = {
    "a duplicate got back by a cap what the merge had moved": (
        Setting(PLAIN, 0, 40),
        [("win", {"which": 1, "minor": 100_000}), ("wait", {"days": 1}), ("merge", {}), PREPARED],
    ),
    "what came again after a merge was refused": (
        Setting(PLAIN, 3),
        [WON, ("win", {"which": 1, "minor": 77_777}), ("merge", {}), ("repeat", {})],
    ),
    "a cap took what was exchanged for something taken back": (
        Setting(PLAIN, 0, 40),
        [WON, ("wait", {"days": 1}), ("convert", {"which": 0, "percent": 50}), PREPARED],
    ),
    "a cap paid what a dispute had frozen": (
        Setting(PLAIN, 0, 40),
        [
            WON,
            ("wait", {"days": 3}),
            ("issue", {"which": 0}),
            ("dispute", {"which": 0}),
            PREPARED,
        ],
    ),
    "a person lost its reward when its deal's credit was split": (
        Setting(PEOPLE),
        [
            ("allow_rewards", {"which": 0, "word": "cash"}),
            ("win", {"which": 0, "minor": 100_000, "by_rep": True}),
            SHARED,
        ],
    ),
    "a reward computed anew was corrected by what it had replaced": (
        Setting(HISTORY),
        [
            ("win", {"which": 0, "minor": 4_960_000}),
            ("wait", {"days": 5}),
            ("pay", {"which": 0, "minor": 50_000}),
            ("pay", {"which": 0, "minor": 40_000, "days_late": 2}),
            SHARED,
        ],
    ),
    "a deal that was given away left another's bonus for the second win": (
        Setting(HISTORY),
        [WON, WON, ("win", {"which": 1, "minor": 100_000}), GIVEN],
    ),
    "a refund of a dearer reward was a correction of the one that came in its place": (
        Setting(HISTORY),
        [
            ("win", {"which": 0, "minor": 6_000_000}),
            WON,
            ("refund", {"which": 1, "percent": 50, "kind": "refund"}),
            ("move_deal", {"which": 1, "to_whom": 0}),
        ],
    ),
    "a larger budget made no room for what waited": (
        Setting(BUDGETED),
        [LARGE, WON, ("change_budget", {"percent": 1_000}), ("wait", {"days": 1})],
    ),
    "what waited for a budget stayed the old partner's": (
        Setting(BUDGETED),
        [LARGE, WON, ("share_credit", {"which": 1, "with_whom": 0, "share": 5_000})],
    ),
    "what a budget had admitted was pushed out by a split": (
        Setting(BUDGETED),
        [WON, LARGE, SHARED],
    ),
}


@pytest.mark.parametrize("story", FOUND)
def test_what_was_found_once_stays_mended(story: str) -> None:
    assert not first_fault(*FOUND[story])


WAIT: Step = ("wait", {"days": 3})
INVOICE: Step = ("invoice", {"which": 0, "word": "confirm"})
BACK: Step = ("hear_from_the_bank", {"which": 0, "comes_back": True})
PAID: Step = ("run_payouts", {"approve": True})


@pytest.mark.parametrize(
    ("between", "paid"),
    [
        pytest.param([WON, BACK, WAIT], [21_350, 35_000], id="with what came back and what is new"),
        pytest.param([("change_vat", {"permille": 250})], [17_500], id="out of date"),
    ],
)
def test_a_partners_own_invoice_is_paid_as_it_is(between: list[Step], paid: list[int]) -> None:
    story = [WON, WAIT, PAID, WON, WAIT, INVOICE, *between, PAID, PAID]
    seen = list(told(Setting(PLAIN, taxed=True, invoiced=True), story))
    assert [wrong for _books, wrong in seen if wrong] == []
    with tenant_scope(seen[-1][0].tenant.id):
        found = Payout.objects.order_by("id").values_list("amount_minor", flat=True)
        assert list(found) == [17_500, *paid]


class Machine(RuleBasedStateMachine):
    """The same steps for hypothesis to choose from."""

    books: Books
    flavour = PLAIN

    @initialize(
        hold_days=st.sampled_from([1, 0, 3]),
        cap=st.sampled_from([100, 40]),
        taxed=st.booleans(),
        invoiced=st.booleans(),
    )
    def found(self, hold_days: int, cap: int, taxed: bool, invoiced: bool) -> None:
        self.books = Books(Setting(self.flavour, hold_days, cap, taxed, invoiced))
        self.books.win(0, 99_999)

    def check_invariants(self, *arguments: Any, **keywords: Any) -> None:
        """Ask all of them after every step; before the first there is nothing to ask."""
        super().check_invariants(*arguments, **keywords)
        if hasattr(self, "books"):
            assert broken(self.books) == []

    def teardown(self) -> None:
        if hasattr(self, "books"):
            assert agree(self.books, twin_of(self.books, Random(1)))


def _rule_of(kind: Kind) -> Any:
    def step(self: Machine, **arguments: Any) -> None:
        getattr(self.books, kind.name)(**arguments)

    step.__name__ = kind.name
    choices: dict[str, Any] = {
        name: st.sampled_from(values) for name, values in kind.choices.items()
    }
    as_rule: Any = rule
    return as_rule(**choices)(step)


# As many of each as it has weight: what happens often is chosen often.
RULES = {f"{kind.name}_{n}": _rule_of(kind) for kind in KINDS for n in range(kind.weight)}


@pytest.mark.skipif(not DEEP, reason="MACHINE=deep searches")
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_search_finds_nothing_wrong(flavour: str) -> None:
    machine = type(f"{flavour.title()}Machine", (Machine,), {"flavour": flavour, **RULES})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("MACHINE_EXAMPLES", "50")),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
