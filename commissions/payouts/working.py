"""Long work on a run, started once while it is under way: its bank files, its statements."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from commissions.payouts.models import PayoutRun
from prm.events.services import Actor
from prm.jobs.models import Job
from prm.jobs.selectors import LIVE
from prm.jobs.services import start_job

FILES, STATEMENTS = "payouts.files", "payouts.statements"


def work_under_way(run_id: UUID, kind: str) -> Job | None:
    """Return the job of a kind that waits for a worker or runs for a run; None when none does."""
    live = Job.objects.filter(kind=kind, state__in=LIVE, params__run_id=str(run_id))
    return live.order_by("created_at", "id").first()


@transaction.atomic
def start_work(*, run_id: UUID, kind: str, actor: Actor, at: datetime, **params: str) -> Job:
    """Queue long work on a run; while it waits or runs, a repeat returns the same job, whoever asks.

    What failed, was stopped or is done may be started again. Emits job.started.
    """
    # Two people who press the button at once meet here.
    PayoutRun.objects.select_for_update(no_key=True).get(id=run_id)
    return work_under_way(run_id, kind) or start_job(
        kind=kind,
        params={"run_id": str(run_id), **params},
        actor=actor,
        at=at,
        back_path=f"manage/payouts/{run_id}/",
    )
