"""`python -m prm.stack`: start the stores, or the whole portal."""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from prm.stack.children import Children
from prm.stack.console import StackFailed, be_quiet, say
from prm.stack.demo import run_demo
from prm.stack.identity import die_with_parent
from prm.stack.interrupts import Interrupts
from prm.stack.postgres import NOT_DURABLE
from prm.stack.stores import data_directory, passing_stores, start_stores


def stores_command(options: argparse.Namespace) -> int:
    """Run PostgreSQL and Valkey until told to stop."""
    children = Children(verbose=options.verbose)
    interrupts = Interrupts(children)
    with data_directory(options.data):
        try:
            settings = {"max_connections": str(options.max_connections)}
            settings |= NOT_DURABLE if options.not_durable else {}
            start_stores(children, data=options.data, settings=settings, identity=options.identity)
            say(f"Stores only. In another shell: set -a; . {options.data}/env; set +a")
            while not interrupts.asked.wait(0.5):
                if ended := children.ended():
                    raise StackFailed(
                        f"{ended.name} ended with {ended.process.returncode}; stopping the rest."
                    )
        finally:
            children.stop_all()
    return 0


def run_command(options: argparse.Namespace) -> int:
    """Run one command on passing stores and return its exit code."""
    if not options.verbose:
        be_quiet()
    children = Children(verbose=options.verbose)
    interrupts = Interrupts(children)
    with passing_stores(verbose=options.verbose, in_memory=options.in_memory) as variables:
        # In the terminal's own group: Ctrl-C reaches it directly, other signals are passed on.
        command = subprocess.Popen(
            options.command,
            env=os.environ | variables,
            preexec_fn=die_with_parent(),  # noqa: PLW1509  it only calls prctl
        )
        while command.poll() is None:
            if interrupts.asked.wait(0.1):
                if interrupts.last != signal.SIGINT:
                    command.terminate()
                break
        return command.wait()


def demo_command(options: argparse.Namespace) -> int:
    """Run the whole portal with demo data until told to stop."""
    children = Children(verbose=options.verbose)
    interrupts = Interrupts(children)
    with data_directory(options.data):
        try:
            run_demo(children, interrupts, options)
        finally:
            children.stop_all()
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m prm.stack", description=__doc__)
    commands = parser.add_subparsers(required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, default=Path(os.environ.get("DATA_DIR") or ".data"))
    shared.add_argument(
        "--verbose", action="store_true", help="show the logs of PostgreSQL and Valkey too"
    )
    shared.add_argument(
        "--identity", choices=["namespace", "nobody"], help="force how root runs PostgreSQL"
    )
    stores = commands.add_parser("stores", parents=[shared], help="PostgreSQL and Valkey only")
    stores.add_argument("--max-connections", type=int, default=60)
    stores.add_argument(
        "--not-durable", action="store_true", help="faster; a power cut loses the data"
    )
    stores.set_defaults(run=stores_command)
    run = commands.add_parser("run", help="a command on stores of its own, thrown away after it")
    run.add_argument("--verbose", action="store_true")
    run.add_argument(
        "--in-memory", action="store_true", help="keep the data in memory, where there is plenty"
    )
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(run=run_command, data=Path())
    demo = commands.add_parser("demo", parents=[shared], help="the whole portal with demo data")
    demo.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    demo.add_argument("--port", type=_port, default=os.environ.get("PORT") or "8000")
    demo.set_defaults(run=demo_command)
    options = parser.parse_args()
    options.data = options.data.resolve()
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def main() -> int:
    """Run the command; what the person can mend is one line, not a traceback."""
    options = arguments()
    try:
        return int(options.run(options))
    except StackFailed as failure:
        print(f"error: {failure}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
