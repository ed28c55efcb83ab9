"""Long work: book a bank's answer."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.results.selectors import open_rows
from commissions.results.services import CHUNK, applied_count, apply_chunk, finish_results
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner


@runner(
    "payouts.results",
    label=_("Book a bank's answer"),
    capability=Capability.SETTLE_PAYOUTS,
    unit=_("rows"),
    onward=_("See the bank's answer"),
)
def book_results(progress: Progress) -> None:
    """Book chunk by chunk; what a killed worker left is open still and booked by the next one."""
    file_id, actor = UUID(progress.params["file_id"]), Actor(progress.started_by_id)
    with progress.scope():
        done = applied_count([file_id])
        total = done + open_rows(file_id).count()
    while True:
        if progress.should_stop():
            return
        with progress.scope():
            count = apply_chunk(file_id=file_id, actor=actor, at=timezone.now(), limit=CHUNK)
            done += count
            progress.advance(done, total)
        if not count:
            break
    with progress.scope():
        finish_results(file_id=file_id, actor=actor, at=timezone.now())
    progress.finish({"booked": done})
