"""`python -m prm.stack`: start the stores, or the whole portal."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from prm.stack.children import Children
from prm.stack.console import StackFailed, say
from prm.stack.postgres import NOT_DURABLE
from prm.stack.stores import data_directory, start_stores


class Interrupts:
    """Ctrl-C, TERM and a closed terminal ask to stop; a second time kills."""

    def __init__(self, children: Children) -> None:
        self.asked = threading.Event()
        self._children = children
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked.is_set():
            self._children.kill_all()
        self.asked.set()


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
    options = parser.parse_args()
    options.data = options.data.resolve()
    return options


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
