"""The export of the audit trail."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.audit.selectors import EXPORT_HEADER, AuditFilter, export_rows
from prm.jobs.runners import JobStopped, Progress, runner
from prm.web.exports import write_csv


@runner(
    "audit.export",
    label=_("Export the audit trail"),
    capability=Capability.SEE_AUDIT,
    unit=_("rows"),
)
def export_audit(progress: Progress) -> None:
    """Write the events that fit to a CSV file, newest first, in chunks that each see the tenant for themselves."""
    given = progress.params
    wanted = AuditFilter(
        given["words"], given["area"], _day(given["since_on"]), _day(given["until_on"])
    )
    with progress.temporary_file(".csv") as file:
        count = write_csv(file, EXPORT_HEADER, _rows(progress, wanted))
        progress.finish({"rows": count}, file, f"audit-{given['on']}.csv")


def _rows(progress: Progress, wanted: AuditFilter) -> Iterator[tuple[Any, ...]]:
    before_id, done = None, 0
    while True:
        with progress.scope():
            rows, before_id = export_rows(wanted, before_id=before_id)
        yield from rows
        done += len(rows)
        if before_id is None:
            return
        progress.advance(done)
        if progress.should_stop():
            raise JobStopped


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
