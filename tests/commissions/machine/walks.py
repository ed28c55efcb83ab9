"""Steps as data: what may happen next, how often, and with which choices; stories are lists of them.

Every step can follow every other, and a step that finds nothing to do does nothing: so a part of a story is a story,
and one that fails is told again with fewer and fewer steps until each of them is needed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from commissions.accruals.models import RepRewards
from tests.commissions.machine.books import Books
from tests.commissions.machine.invariants import PROOF, broken
from tests.commissions.machine.story import Setting
from tests.commissions.machine.twin import agree, earned, twin_of

# The product's own proof is asked after so many steps; the invariants after each.
PROVED_EVERY = 5
WHICH, PERCENT = range(8), (100, 33, 50, 1, 77)
SHARES, RATES = (6_000, 5_000, 3_333, 9_999, 10_000, 1), (230, 40, 333, 1)
SAID = ("registered", "registered", "small", "person", "unregistered")
WHY = ("Closed", "AC04", "Closed")
WORDS = ("confirm", "confirm", "wait", "refuse")
Step = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Kind:
    """A method of the books, how often it comes, and what each of its arguments may be."""

    name: str
    weight: int
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)


KINDS = (
    Kind("win", 4, {"which": WHICH, "minor": range(1, 10**7), "by_rep": (True, False)}),
    Kind("pay", 5, {"which": WHICH, "minor": range(1, 10**6), "days_late": (0, 0, 2, 5, 40)}),
    Kind("refund", 4, {"which": WHICH, "percent": PERCENT, "kind": ("refund", "chargeback")}),
    Kind("share_credit", 2, {"which": WHICH, "with_whom": WHICH, "share": SHARES}),
    Kind("move_deal", 1, {"which": WHICH, "to_whom": WHICH}),
    Kind("change_plan", 1, {"permille": range(1, 400)}),
    Kind("change_budget", 1, {"percent": (300, 50, 1_000)}),
    Kind("allow_rewards", 1, {"which": WHICH, "word": tuple(RepRewards.values)[::-1]}),
    Kind("merge", 1),
    Kind("wait", 5, {"days": (3, 1, 0, 5)}),
    Kind("release_early", 1, {"which": WHICH}),
    Kind("withhold", 1, {"country": ("", "IT", "IE"), "permille": RATES, "share": (50, 100, 20)}),
    Kind("change_vat", 1, {"permille": RATES}),
    Kind("say_vat", 1, {"which": WHICH, "kind": SAID, "word": WORDS, "bills": (True, False)}),
    Kind("invoice", 5, {"which": WHICH, "word": WORDS}),
    Kind("run_payouts", 4, {"approve": (True, True, False)}),
    Kind("hear_from_the_bank", 5, {"which": WHICH, "comes_back": (False, False, True), "why": WHY}),
    Kind("confirm_account", 1, {"which": WHICH}),
    Kind("forgive", 1, {"percent": PERCENT}),
    Kind("convert", 2, {"which": WHICH, "percent": PERCENT, "back": (False, False, True)}),
    Kind("announce_contest", 1),
    Kind("settle_contest", 1),
    Kind("issue", 3, {"which": WHICH}),
    Kind("dispute", 3, {"which": WHICH}),
    Kind("answer", 1, {"which": WHICH, "how": ("accept", "refuse", "withdraw")}),
    Kind("close", 1, {"late": (False, True)}),
    Kind("repeat", 1),
)


def story_of(chance: Random, length: int) -> list[Step]:
    """Return so many steps by chance, a win first."""
    kinds = chance.choices(KINDS, [kind.weight for kind in KINDS], k=length)
    return [
        (kind.name, {name: chance.choice(values) for name, values in kind.choices.items()})
        for kind in (KINDS[0], *kinds)
    ]


def told(setting: Setting, story: Sequence[Step]) -> Iterator[tuple[Books, list[str]]]:
    """Do the steps one by one; yield the books after each with what is wrong in them, a refused step included."""
    books = Books(setting)
    for place, (name, arguments) in enumerate(story):
        try:
            getattr(books, name)(**arguments)
        except Exception as error:  # noqa: BLE001  what the product refuses here it should not
            yield books, [f"{name} refused: {type(error).__name__}: {error}"]
            return
        proved = place % PROVED_EVERY == PROVED_EVERY - 1 or place == len(story) - 1
        yield books, broken(books, leaving_out=() if proved else (PROOF,))


def first_fault(setting: Setting, story: Sequence[Step], *, order: Random | None = None) -> str:
    """Tell a story until something is wrong; return which step it was and what, empty when all stays right.

    order: also tell it to a twin in another order, and compare the ends.
    """
    last = None
    for place, (books, wrong) in enumerate(told(setting, story)):
        if wrong:
            name, arguments = story[place]
            return f"step {place}, {name} {dict(arguments)}: {'; '.join(wrong)}"
        last = books
    if order is None or last is None:
        return ""
    twin = twin_of(last, order)
    if not agree(last, twin):
        return f"in another order {earned(twin)}, not {earned(last)}"
    return "; ".join(f"twin: {wrong}" for wrong in broken(twin))


def shortest(story: Sequence[Step], fails: Callable[[Sequence[Step]], str]) -> list[Step]:
    """Leave out what is not needed for a story to fail."""
    kept, size = list(story), len(story) // 2
    while size:
        place = 0
        while place < len(kept):
            shorter = kept[:place] + kept[place + size :]
            if fails(shorter):
                kept = shorter
            else:
                place += size
        size //= 2
    return kept
