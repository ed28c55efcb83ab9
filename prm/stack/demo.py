"""The whole portal on one machine: stores, preparation, web, worker, beat, and a word when it is ready."""

import argparse
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from prm.stack.children import Child, Children
from prm.stack.console import StackFailed, say
from prm.stack.interrupts import Interrupts
from prm.stack.stores import start_stores

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90
QUEUES = "mail,money,bulk"


def run_demo(children: Children, interrupts: Interrupts, options: argparse.Namespace) -> None:
    """Start everything, say where it is, stay until told to stop. Raises StackFailed."""
    _see_that_port_is_free(options.host, options.port)
    env = _environment(options) | start_stores(children, data=options.data)
    if not _prepared(children, interrupts, env):
        return
    web = _start_processes(children, env, options)
    if not _ready(web, children, interrupts, options):
        return
    _welcome(options)
    while not interrupts.asked.wait(0.5):
        _refuse_dead_children(children)


def _environment(options: argparse.Namespace) -> dict[str, str]:
    """Return what the processes read; what is set outside wins, except that the demo is never in debug mode."""
    usual = {
        "DJANGO_SETTINGS_MODULE": "prm.settings",
        "PUBLIC_ORIGIN": f"http://localhost:{options.port}",
        "ALLOWED_HOSTS": f"localhost,127.0.0.1,{options.host}",
        "STATIC_ROOT": str(options.data / "static"),
        "MAILBOX": "1",
        "LOG_JSON": "0",
        "PYTHONUNBUFFERED": "1",
    }
    # A developer's shell has DEBUG=1, which would show technical pages and other addresses than a real portal's.
    return usual | os.environ | {"PORT": str(options.port), "DEBUG": "0"}


def _see_that_port_is_free(host: str, port: int) -> None:
    for attempt in range(10):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except PermissionError:
                raise StackFailed(
                    f"Port {port} needs more rights than you have. Choose one above 1023: make demo PORT=8000",
                ) from None
            except OSError as error:
                reason = error.strerror
            else:
                return
        if attempt < 9:
            time.sleep(0.2)  # a web process of a killed manager may still be on its way out
    raise StackFailed(
        f"Port {port} is in use ({reason}). Stop what listens there, or choose another: make demo PORT={port + 1}",
    )


def _prepared(children: Children, interrupts: Interrupts, env: dict[str, str]) -> bool:
    """Bring database, texts and static files up to date; False when told to stop meanwhile."""
    began = time.monotonic()
    setup = children.start(
        "setup", [sys.executable, "manage.py", "prepare_demo"], env=env, folder=ROOT
    )
    while setup.running:
        if interrupts.asked.wait(0.1):
            return False
    if setup.process.returncode != 0:
        raise StackFailed("The preparation failed; its messages stand above.")
    children.forget(setup)
    say(f"Database, texts and files ready in {time.monotonic() - began:.1f} s.")
    return True


def _start_processes(children: Children, env: dict[str, str], options: argparse.Namespace) -> Child:
    web = children.start(
        "web",
        [
            sys.executable,
            "-m",
            "gunicorn",
            "prm.wsgi:application",
            "--config",
            "prm/stack/gunicorn.py",
        ],
        env=env | {"HOST": options.host},
        folder=ROOT,
    )
    background = env | {"PRM_ROLE": "worker"}
    # Celery fears pickled messages for root; here every message is JSON.
    calm = ["-W", "ignore:An entry for the specified gid", "-W", "ignore:You're running the worker"]
    celery = [sys.executable, *calm, "-m", "celery", "--quiet", "-A", "prm"]
    children.start(
        "worker",
        [
            *celery,
            "worker",
            "-Q",
            QUEUES,
            "-c",
            "2",
            "-l",
            "INFO",
            "--without-mingle",
            "--without-gossip",
        ],
        env=background,
        folder=ROOT,
        grace=30,
    )
    children.start(
        "beat",
        [*celery, "beat", "-l", "WARNING", "--pidfile=", "-s", options.data / "beat-schedule"],
        env=background,
        folder=ROOT,
    )
    return web


def _ready(
    web: Child, children: Children, interrupts: Interrupts, options: argparse.Namespace
) -> bool:
    """Wait until the portal answers for its database and broker; False when told to stop meanwhile."""
    address = f"http://{_reachable(options.host)}:{options.port}/readyz"
    began = time.monotonic()
    answer = "no answer"
    while time.monotonic() - began < READY_SECONDS:
        _refuse_dead_children(children)
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                if response.status == 200 and web.running:
                    return True
        except urllib.error.HTTPError as error:
            answer = f"{error.code} {error.read(300).decode(errors='replace')}"
        except OSError as error:
            answer = str(error)
        if interrupts.asked.wait(0.1):
            return False
    raise StackFailed(f"The portal was not ready after {READY_SECONDS} s; /readyz says: {answer}")


def _refuse_dead_children(children: Children) -> None:
    if ended := children.ended():
        raise StackFailed(
            f"{ended.name} ended with {ended.process.returncode}; its messages stand above. Stopping the rest.",
        )


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", ""} else host  # noqa: S104  compared, not bound


def _welcome(options: argparse.Namespace) -> None:
    say(
        f"Ready: http://localhost:{options.port}/   mail: http://localhost:{options.port}/mail/   Ctrl-C stops."
    )
    logins = options.data / "demo-logins.txt"
    for line in logins.read_text().splitlines() if logins.exists() else ():
        say(line, who="login")
