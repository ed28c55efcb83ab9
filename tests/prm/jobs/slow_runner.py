"""A job for the worker tests: writes one row a step, slowly, each with its checkpoint."""

import time

from prm.jobs.runners import Progress, runner
from prm.notices.models import Notice

STEPS = 20


@runner("test.slow", label="Slow work", unit="rows")
def slow(progress: Progress) -> None:
    """Write STEPS notices for the starter."""
    for step in range(progress.checkpoint.get("step", 0), STEPS):
        if progress.should_stop():
            return
        with progress.scope():
            Notice.objects.create(
                key=f"row:{step}", user_id=progress.started_by_id or 0, kind="test.row"
            )
            progress.save_checkpoint({"step": step + 1})
            progress.advance(step + 1, STEPS)
            time.sleep(float(progress.params["pause"]))
    progress.finish({"rows": STEPS})
