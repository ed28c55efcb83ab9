"""`python -m prm.stack.healthy [web|worker|beat]`: exit 0 when the process in this container works."""

import os
import sys
import time
import urllib.request
from pathlib import Path

BEAT_SECONDS = 600  # it saves its schedule every three minutes


def web() -> bool:
    """Whether the portal answers for its database and broker."""
    address = f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}/readyz"
    with urllib.request.urlopen(address, timeout=4) as response:
        return bool(response.status == 200)


def worker() -> bool:
    """Whether a worker of this host answers the broker."""
    from prm.celery import app  # noqa: PLC0415  only this check needs Celery

    mine = [f"celery@{os.uname().nodename}"]
    return bool(app.control.ping(destination=mine, timeout=3))


def beat() -> bool:
    """Whether beat has written its schedule lately."""
    schedule = Path(os.environ.get("BEAT_SCHEDULE") or "/tmp/beat-schedule")  # noqa: S108  a tmpfs of the container
    return any(
        time.time() - file.stat().st_mtime < BEAT_SECONDS
        for file in schedule.parent.glob(schedule.name + "*")
    )


def main() -> int:
    """Run the check named on the command line; every failure is the same answer."""
    checks = {"web": web, "worker": worker, "beat": beat}
    try:
        return 0 if checks[sys.argv[1] if len(sys.argv) > 1 else "web"]() else 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
