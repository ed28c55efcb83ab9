"""Bookings too large for one transaction."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.accruals.services import CHUNK, accrue_chunk, release_due
from commissions.accruals.sources import QUALIFIED, REVENUE, WON, Pending
from prm.accounts.capabilities import Capability
from prm.events.services import SYSTEM
from prm.jobs.runners import Progress, runner

KINDS = (QUALIFIED, WON, REVENUE)


@runner(
    "commission.accrue",
    label=_("Book commissions"),
    capability=Capability.SEE_MONEY,
    unit=_("commissions"),
)
def book_commissions(progress: Progress) -> None:
    """Book what an import or a backdated plan earns, chunk by chunk; a killed run goes on at its checkpoint."""
    at = datetime.fromisoformat(progress.params["at"])
    pending = Pending(
        program_id=UUID(progress.params["program_id"]) if "program_id" in progress.params else None,
        import_id=UUID(progress.params["import_id"]) if "import_id" in progress.params else None,
        before=datetime.fromisoformat(progress.params["before"])
        if "before" in progress.params
        else None,
    )
    start = progress.checkpoint.get("kind", 0)
    after = UUID(progress.checkpoint["after"]) if progress.checkpoint.get("after") else None
    booked = progress.checkpoint.get("booked", 0)
    for number in range(start, len(KINDS)):
        while True:
            if progress.should_stop():
                return
            with progress.scope():
                count, after = accrue_chunk(
                    kind=KINDS[number], pending=pending, after=after, actor=SYSTEM, at=at
                )
                booked += count
                place = {
                    "kind": number if after else number + 1,
                    "after": str(after) if after else "",
                    "booked": booked,
                }
                progress.save_checkpoint(place)
            progress.advance(booked)
            if after is None:
                break
    # Old history is past its hold already; the next payout run need not wait for the clock.
    while True:
        now = timezone.now()
        with progress.scope():
            found = release_due(until=now, at=now)
        if found < CHUNK:
            break
    progress.finish({"booked": booked})
