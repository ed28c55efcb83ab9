"""A worker knows every task that beat or a request sends: a task it does not know is dropped with its message."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings

ASK = """
import django
django.setup()
from prm.celery import app
app.loader.import_default_modules()
print("\\n".join(app.tasks))
"""


def known_to_a_worker() -> set[str]:
    """Return the names of the tasks that a fresh process registers as a worker does."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=60
    )
    return set(asked.stdout.split())


def test_a_worker_knows_every_module_of_tasks_and_all_that_beat_sends() -> None:
    known = known_to_a_worker()
    root = Path(settings.BASE_DIR)
    modules = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for package in ("prm", "partners", "referrals", "commissions")
        for file in (root / package).rglob("tasks.py")
        if "@shared_task" in file.read_text()
    }
    sent = {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}

    assert modules
    assert modules - {name.rpartition(".")[0] for name in known} == set()
    assert sent - known == set()
