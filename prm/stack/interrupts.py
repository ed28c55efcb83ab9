"""How the manager is told to stop."""

import signal
import threading
from types import FrameType

from prm.stack.children import Children


class Interrupts:
    """Ctrl-C, TERM and a closed terminal ask to stop; a second time kills."""

    def __init__(self, children: Children) -> None:
        self.asked = threading.Event()
        self.last = 0
        self._children = children
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.last = number
        if self.asked.is_set():
            self._children.kill_all()
        self.asked.set()
