"""The processes the manager has started: their output, their order of stopping."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prm.stack.console import say
from prm.stack.identity import die_with_parent


@dataclass(frozen=True)
class Child:
    """One process; stop_signal asks it to end, after grace seconds it is killed."""

    name: str
    process: subprocess.Popen[str]
    stop_signal: signal.Signals
    grace: float

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Children:
    """All children, in the order they were started."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self._all: list[Child] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        folder: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 15.0,
        quiet: bool = False,
        **options: Any,
    ) -> Child:
        """Start a process in a session of its own, so that Ctrl-C reaches only the manager."""
        options.setdefault("preexec_fn", die_with_parent())
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env=dict(env),
            cwd=folder,
            **options,
        )
        child = Child(name, process, stop_signal, grace)
        self._all.append(child)
        shown = self.verbose or not quiet
        threading.Thread(
            target=self._pass_on, args=(child,), kwargs={"shown": shown}, daemon=True
        ).start()
        return child

    def ended(self) -> Child | None:
        """Return the first child that is no longer running."""
        return next((child for child in self._all if not child.running), None)

    def forget(self, child: Child) -> None:
        """Leave out a child that was meant to end."""
        self._all.remove(child)

    def stop(self, *names: str) -> None:
        """Ask the named children to end, all at once; kill those that outlast their grace."""
        group = [child for child in self._all if child.name in names]
        for child in group:
            if child.running:
                child.process.send_signal(child.stop_signal)
        for child in group:
            try:
                child.process.wait(child.grace)
            except subprocess.TimeoutExpired:
                say(f"{child.name} did not stop in {child.grace:.0f} s: killed")
                child.kill()
                child.process.wait()

    def stop_all(self) -> None:
        """End everything: users of the stores first, then Valkey, then PostgreSQL."""
        if not self._all:
            return
        began = time.monotonic()
        self.stop(*(child.name for child in self._all if child.name not in {"valkey", "pg"}))
        self.stop("valkey")
        self.stop("pg")
        say(f"Stopped in {time.monotonic() - began:.1f} s.")

    def kill_all(self) -> None:
        """End everything at once; the stores recover on the next start."""
        for child in self._all:
            if child.running:
                child.kill()

    @staticmethod
    def _pass_on(child: Child, *, shown: bool) -> None:
        for line in child.process.stdout or ():
            if shown:
                say(line.rstrip(), who=child.name)
