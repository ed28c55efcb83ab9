"""Under which user PostgreSQL runs: it refuses to be root."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return a function for the child that makes the kernel signal it when the manager is killed."""
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # the manager died before the line above
            os.kill(os.getpid(), number)

    return in_child


def enter_user_namespace() -> None:
    """Become uid 65534 in a namespace of one's own; files stay the caller's outside of it."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1")


def namespaces_allowed() -> bool:
    """Say whether this kernel and container permit an unprivileged user namespace."""
    try:
        return (
            subprocess.run(["true"], preexec_fn=enter_user_namespace, check=False).returncode == 0
        )
    except (OSError, subprocess.SubprocessError):
        return False


class PostgresIdentity:
    """How PostgreSQL's processes are started so that they are not root and have a name.

    "self": as the caller. "namespace": as 65534 in a user namespace, for root and for uids without
    a passwd entry (docker --user 1234): no account is made, nothing is chowned. "nobody": root where
    namespaces are forbidden; the data directory is given to uid 65534.
    """

    def __init__(self, forced: str | None = None) -> None:
        root = os.geteuid() == 0
        try:
            pwd.getpwuid(os.geteuid())
            named = True
        except KeyError:
            named = False
        if named and not root:
            self.mode = "self"
        elif forced:
            self.mode = forced
        elif namespaces_allowed():
            self.mode = "namespace"
        else:
            self.mode = "nobody" if root else "self"

    def popen_options(self) -> dict[str, Any]:
        """Return the keyword arguments for subprocess.Popen."""
        bind = die_with_parent(signal.SIGINT)

        def in_child() -> None:
            if self.mode == "namespace":
                enter_user_namespace()
            bind()

        options: dict[str, Any] = {"preexec_fn": in_child}
        if self.mode == "nobody":
            options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        return options

    def give(self, *paths: Path) -> None:
        """Hand files to the user PostgreSQL runs as, where that is another one."""
        if self.mode != "nobody":
            return
        for path in paths:
            for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
                os.chown(each, NOBODY, NOBODY)
