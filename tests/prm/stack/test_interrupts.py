"""A signal is heard wherever it meets the manager."""

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from prm.stack.interrupts import Asked

LONGEST_SECONDS = 20.0


@pytest.fixture
def asked() -> Iterator[Asked]:
    """What a handler sets; who waits for ever is broken off."""
    made = Asked()

    def broken_off(*_: object) -> None:
        raise TimeoutError

    before = {
        signal.SIGUSR1: signal.signal(signal.SIGUSR1, lambda *_: made.set()),
        signal.SIGALRM: signal.signal(signal.SIGALRM, broken_off),
    }
    signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
    yield made
    sys.setprofile(None)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("place", range(8))
def test_a_signal_in_the_midst_of_a_wait_ends_it(asked: Asked, place: int) -> None:
    """The handler runs within wait(), at one call after the other that it makes."""
    calls = 0

    def meet(frame: Any, event: str, arg: object) -> None:
        nonlocal calls
        if event == "c_call" and arg is not sys.setprofile:
            if calls == place:
                os.kill(os.getpid(), signal.SIGUSR1)
            calls += 1

    sys.setprofile(meet)
    asked.wait(0.01)
    sys.setprofile(None)
    if calls <= place:
        os.kill(os.getpid(), signal.SIGUSR1)

    assert asked.is_set()
