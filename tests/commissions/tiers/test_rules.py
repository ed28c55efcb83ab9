"""Where a partner stands: every kind of move at its boundary days."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from commissions.tiers.rules import Move, Numbers, Place, Settings, Step, meets, missing, move_of

ON = date(2026, 11, 23)
STEPS = [
    Step(UUID(int=1), 1, "Registered", Numbers(), Numbers()),
    Step(UUID(int=2), 2, "Silver", Numbers(wins=2), Numbers(wins=1)),
    Step(UUID(int=3), 3, "Gold", Numbers(wins=4, minor=1_000_000), Numbers(wins=3)),
]
SETTINGS = Settings(months=12, match="all", grace_days=90, notice_days=30)
LONG = ON - timedelta(days=400)


@pytest.mark.parametrize(
    ("place", "numbers", "move"),
    [
        (Place(), Numbers(), Move("stays", 1)),
        (Place(), Numbers(wins=1), Move("stays", 1)),
        (Place(), Numbers(wins=2), Move("up", 2)),
        # Not by wins alone, where sales are asked for too; two steps at once when both are there.
        (Place(), Numbers(wins=9, minor=999_999), Move("up", 2)),
        (Place(), Numbers(wins=4, minor=1_000_000), Move("up", 3)),
        # To stay takes less than to come.
        (Place(2, LONG), Numbers(wins=1), Move("stays", 2)),
        (Place(3, LONG), Numbers(wins=3), Move("stays", 3)),
        # Below: told first, with the day; then the day comes.
        (Place(3, LONG), Numbers(wins=2), Move("warned", 2, ON + timedelta(days=30))),
        (
            Place(3, LONG, ON + timedelta(days=1)),
            Numbers(wins=2),
            Move("waits", 2, ON + timedelta(days=1)),
        ),
        (Place(3, LONG, ON), Numbers(wins=2), Move("down", 2, ON)),
        # Down to what it may keep, which asks for one win; without any to the lowest.
        (Place(3, LONG, ON), Numbers(wins=1), Move("down", 2, ON)),
        (Place(3, LONG, ON), Numbers(), Move("down", 1, ON)),
        # Caught up after the warning.
        (Place(3, LONG, ON + timedelta(days=1)), Numbers(wins=3), Move("recovered", 3)),
        (Place(2, LONG, ON), Numbers(wins=1), Move("recovered", 2)),
        # The grace ends with its last day.
        (Place(2, ON - timedelta(days=89)), Numbers(), Move("grace", 2, ON + timedelta(days=1))),
        (Place(2, ON - timedelta(days=90)), Numbers(), Move("warned", 1, ON + timedelta(days=30))),
    ],
)
def test_moves(place: Place, numbers: Numbers, move: Move) -> None:
    assert move_of(STEPS, place, numbers, SETTINGS, ON) == move


def test_without_notice_the_move_is_at_once() -> None:
    settings = Settings(grace_days=0, notice_days=0)

    assert move_of(STEPS, Place(2, ON), Numbers(), settings, ON) == Move("down", 1, ON)


def test_any_of_what_is_asked() -> None:
    needed = Numbers(wins=4, minor=1_000_000)

    assert meets(needed, Numbers(wins=4), "any")
    assert not meets(needed, Numbers(wins=4), "all")
    assert meets(Numbers(), Numbers(), "any")
    assert missing(needed, Numbers(wins=5, minor=1)) == Numbers(minor=999_999)
