"""`make crash`: payout runs whose workers die, or lose their stores, two hundred times at any moment.

With --celery the workers are Celery's, killed ten times while they hold a message that the broker delivers again.

Runs the test of crashes on stores of its own, with their real durability, lets it take them down under the worker, and
says how many died of what, and where the run stood.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from prm.stack.stores import SERVERS

START_SECONDS = 60.0
# Managers go on after the block that started them.
_managers: list["subprocess.Popen[bytes]"] = []
# The test by its option, and how many die.
TESTS = {
    "": ("tests/commissions/payouts/test_crash.py", "200"),
    "--celery": ("tests/commissions/payouts/test_crash_redelivery.py", "10"),
}


def start_manager(data: Path) -> int:
    """Start PostgreSQL and Valkey on a directory and return their manager's process id once they answer."""
    (data / "env").unlink(missing_ok=True)
    environment = {key: value for key, value in os.environ.items() if key not in SERVERS}
    command = [sys.executable, "-m", "prm.stack", "stores", "--data", str(data)]
    command += ["--max-connections", "60"]
    with (data / "stores.log").open("a") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    _managers.append(process)
    end = time.monotonic() + START_SECONDS
    while "Stores only" not in (data / "stores.log").read_text().rpartition("--- begun")[2]:
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError((data / "stores.log").read_text()[-2000:])
        time.sleep(0.1)
    (data / "manager.pid").write_text(str(process.pid))
    return process.pid


def kill_stores(data: Path) -> None:
    """Take the stores down as a power cut does and begin anew on the same data.

    PostgreSQL is killed outright; its manager sees that, ends Valkey and itself, and lets the data go.
    """
    postmaster = int((data / "pg" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
    _wait_until_free(data / "stack.lock")
    with (data / "stores.log").open("a") as log:
        log.write("--- begun\n")
    start_manager(data)


def _wait_until_free(lock: Path) -> None:
    end = time.monotonic() + START_SECONDS
    with lock.open("a") as held:
        while time.monotonic() < end:
            with suppress(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(held, fcntl.LOCK_UN)
                return
            time.sleep(0.1)
    raise AssertionError("the manager did not end")


def _tell_deaths(file: Path, seconds: float) -> None:
    deaths = file.read_text().splitlines() if file.exists() else []
    for line, count in sorted(Counter(deaths).items()):
        death, state, doing = line.split()
        print(f"{count:4} {death:10} run {state:10} {doing}")  # noqa: T201  the command's answer
    writing = sum(line.endswith("writing") for line in deaths)
    print(f"{len(deaths)} deaths, {writing} inside a writing transaction, {seconds:.0f} s")  # noqa: T201


def main() -> int:
    """Run the test with its deaths; CRASHES says how many."""
    data = Path(tempfile.mkdtemp(prefix="prm-crash-"))
    (data / "stores.log").write_text("--- begun\n")
    start_manager(data)
    try:
        lines = (data / "env").read_text().splitlines()
        stores = {
            name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)
        }
        rest = [word for word in sys.argv[1:] if word not in TESTS]
        file, deaths = TESTS["--celery" if "--celery" in sys.argv else ""]
        test = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-q", *rest, file]
        crashes = os.environ.get("CRASHES", deaths)
        begun = time.monotonic()
        done = subprocess.run(
            test,
            env={**os.environ, **stores, "CRASHES": crashes, "CRASH_DATA": str(data)},
            check=False,
        )
        _tell_deaths(data / "deaths", time.monotonic() - begun)
        return done.returncode
    finally:
        with suppress(ProcessLookupError):
            os.kill(int((data / "manager.pid").read_text()), signal.SIGINT)
        time.sleep(5)
        shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
