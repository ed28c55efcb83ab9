"""What the manager says to the person at the terminal."""

import os
import sys
import threading
import time
from pathlib import Path

START = time.monotonic()
_PRINTING = threading.Lock()
_quiet = threading.Event()


class StackFailed(Exception):
    """Something the person at the terminal can mend; the message says how."""


def be_quiet() -> None:
    """Say nothing from now on: another program's output is what counts."""
    _quiet.set()


def say(message: str, *, who: str = "stack") -> None:
    """Print one line with the seconds since the start; a closed pipe is no reason to stop."""
    if _quiet.is_set():
        return
    with _PRINTING:
        try:
            sys.stdout.write(f"[{time.monotonic() - START:6.2f}s] {who:6s} | {message}\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            # The reader has gone (`make demo | head`): go on silently, children must keep draining.
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  lives as long as the process
