"""PostgreSQL and Valkey together: one lock on the data directory, one set of variables."""

import base64
import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from prm.stack.children import Children
from prm.stack.console import StackFailed, say
from prm.stack.identity import NOBODY, PostgresIdentity
from prm.stack.postgres import NOT_DURABLE, Postgres
from prm.stack.valkey import Valkey

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL")
MEMORY = Path("/dev/shm")  # noqa: S108  a folder of one's own is made in it
PASSING = "prm-passing-"
# What the databases of a whole test run take at most, with room to spare.
MEMORY_WANTED = 4 * 1024**3


def start_stores(
    children: Children,
    *,
    data: Path,
    settings: Mapping[str, str] | None = None,
    identity: str | None = None,
) -> dict[str, str]:
    """Start what no variable points at yet and return the variables, written to `data`/env as well.

    DATABASE_URL or REDIS_URL in the environment keep their servers. `settings` are PostgreSQL's own.
    Raises StackFailed.
    """
    sockets = _socket_folder(data)
    variables = {"DATA_DIR": str(data), **_kept_keys(data)}
    if os.environ.get("DATABASE_URL"):
        say("DATABASE_URL is set: using that server.")
        variables |= {name: os.environ[name] for name in SERVERS if name in os.environ}
    else:
        postgres = Postgres(data=data, sockets=sockets, identity=PostgresIdentity(identity))
        postgres.start(children, settings or {})
        variables |= {
            "DATABASE_URL": postgres.address("prm_app"),
            "DATABASE_OWNER_URL": postgres.address("prm_owner"),
            "DATABASE_ADMIN_URL": postgres.address("postgres", "postgres"),
        }
    if os.environ.get("REDIS_URL"):
        say("REDIS_URL is set: using that server.")
        variables["REDIS_URL"] = os.environ["REDIS_URL"]
    else:
        valkey = Valkey(data=data, sockets=sockets)
        valkey.start(children)
        variables["REDIS_URL"] = valkey.address
    _write_env(data / "env", variables)
    return variables


@contextmanager
def passing_stores(*, verbose: bool = False, in_memory: bool = False) -> Iterator[dict[str, str]]:
    """Run stores of one's own for as long as the block and throw their data away. For tests and benchmarks.

    in_memory: keep the data in memory where the machine has plenty, else on the disk like others.
    Servers that the environment names are left alone, unless KEEP_SERVERS=1 asks for them (machines
    for which there is no wheel).
    """
    if os.environ.get("KEEP_SERVERS") != "1":
        for name in SERVERS:
            os.environ.pop(name, None)
    _clear_what_a_kill_left()
    where = MEMORY if in_memory and _has_memory() else None
    with (
        tempfile.TemporaryDirectory(prefix=PASSING, dir=where) as room,
        (Path(room) / "in-use").open("w") as mark,
    ):
        fcntl.flock(mark, fcntl.LOCK_EX)
        data, children = Path(room), Children(verbose=verbose)
        try:
            yield start_stores(
                children, data=data, settings=NOT_DURABLE | {"max_connections": "120"}
            )
        finally:
            children.stop_all()
            shutil.rmtree(_socket_folder(data), ignore_errors=True)


def _clear_what_a_kill_left() -> None:
    """Give back the memory that the stores of a killed run hold."""
    for mark in MEMORY.glob(f"{PASSING}*/in-use"):
        with suppress(OSError), mark.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(mark.parent, ignore_errors=True)


def _has_memory() -> bool:
    """Tell whether MEMORY may take what is wanted and leave as much to the programs."""
    try:
        free = shutil.disk_usage(MEMORY).free
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    available = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "0")
    return free >= MEMORY_WANTED and int(available) * 1024 >= 2 * MEMORY_WANTED


@contextmanager
def data_directory(data: Path) -> Iterator[Path]:
    """Hold the data directory for one manager. Raises StackFailed while another one holds it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data / "stack.lock").open("a+") as lock:
        _hold(lock, data)
        yield data


def _hold(lock: IO[str], data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another manager"
        raise StackFailed(
            f"Already running on {data}: {holder}. Stop it with Ctrl-C there, or choose another DATA_DIR.",
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"process {os.getpid()}")
    lock.flush()


def _socket_folder(data: Path) -> Path:
    """Return a short private folder: the path of a socket may have 107 bytes, a data directory may be longer."""
    short = hashlib.sha256(str(data).encode()).hexdigest()[:10]
    folder = Path(f"/tmp/prm-{os.getuid()}-{short}")  # noqa: S108  made 0700, and its owner is checked
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.getuid(), NOBODY}:
        raise StackFailed(
            f"{folder} belongs to somebody else. Remove it or choose another DATA_DIR."
        )
    if os.geteuid() == 0:
        os.chown(folder, 0, 0)
    folder.chmod(0o700)
    return folder


def _kept_keys(data: Path) -> dict[str, str]:
    """Return the secrets of this installation, made on its first start."""
    keys = {}
    for name, made in (
        ("SECRET_KEY", secrets.token_urlsafe(48)),
        ("FIELD_KEYS", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()),
    ):
        if name in os.environ:
            keys[name] = os.environ[name]
            continue
        file = data / f"{name.lower()}.txt"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(made)
        keys[name] = file.read_text().strip()
    return keys


def _write_env(file: Path, variables: Mapping[str, str]) -> None:
    """Write lines a shell can source: `set -a; . FILE; set +a`."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()))
