"""A real Celery worker on a test's own database, for tests in which delivery is the point."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from kombu import pools

from prm.celery import app

READY = "ready."


class Worker:
    """A worker process: `kill()` is kill -9 of it and its children."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self.process, self.log = process, log

    def kill(self) -> None:
        """End it as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def broker_of_its_own() -> Iterator[str]:
    """Give this process's messages a key prefix that no other test reads; yields it."""
    options = app.conf.broker_transport_options
    before = options["global_keyprefix"]
    prefix = f"test-{secrets.token_hex(4)}:"
    options["global_keyprefix"] = prefix
    _forget_connections()
    try:
        yield prefix
    finally:
        options["global_keyprefix"] = before
        _forget_connections()


def _forget_connections() -> None:
    """Let the next message open a connection with the options as they are now."""
    pools.reset()
    app._pool = None  # type: ignore[attr-defined]
    app.amqp._producer_pool = None  # type: ignore[attr-defined]


@contextmanager
def real_worker(
    database: str,
    folder: Path,
    prefix: str,
    *,
    beat: bool = True,
    app: str = "prm",
    environment: dict[str, Any] | None = None,
) -> Iterator[Worker]:
    """Run a worker with beat on a database until the block ends; ready when it yields. app: what Celery loads."""
    url = urlsplit(os.environ["DATABASE_URL"])
    log = folder / f"worker-{secrets.token_hex(3)}.log"
    env = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{database}")),
        "DATA_DIR": str(folder),
        "CELERY_PREFIX": prefix,
        "PRM_ROLE": "worker",
        "DEBUG": "1",
        "PUBLIC_ORIGIN": settings.PUBLIC_ORIGIN,
        **(environment or {}),
    }
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "-Q", "mail,money,bulk"]
    command += ["-c", "1", "-l", "INFO", "--without-mingle", "--without-gossip"]
    if beat:
        command += ["-B", "-s", str(folder / "beat")]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    worker = Worker(process, log)
    try:
        _wait_until_ready(worker)
        yield worker
    finally:
        worker.stop()


def _wait_until_ready(worker: Worker) -> None:
    end = time.monotonic() + 60
    while READY not in worker.log.read_text():
        if worker.process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the worker did not start:\n{worker.log.read_text()[-3000:]}")
        time.sleep(0.1)


def eventually(check: Any, *, seconds: float = 30, what: str = "it") -> Any:
    """Return the first true answer of the check; fail with its name after the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {seconds} s")
