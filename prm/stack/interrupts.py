"""How the manager is told to stop."""

import os
import select
import signal
from types import FrameType

from prm.stack.children import Children


class Asked:
    """A flag that a signal's handler may set while the main thread waits for it.

    threading.Event may not: its lock is held at the edges of wait(), and set() in a handler waits for it for ever.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def set(self) -> None:
        """Wake whoever waits, now and from now on."""
        os.write(self._write, b".")

    def is_set(self) -> bool:
        """Whether it was set."""
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, for so many seconds at most, and return whether it is."""
        return bool(select.select([self._read], [], [], seconds)[0])


class Interrupts:
    """Ctrl-C, TERM and a closed terminal ask to stop; a second time kills."""

    def __init__(self, children: Children) -> None:
        self.asked = Asked()
        self.last = 0
        self._children = children
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.last = number
        if self.asked.is_set():
            self._children.kill_all()
        self.asked.set()
