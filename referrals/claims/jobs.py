"""The long work of claims: a file of the CRM's accounts."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.accounts.capabilities import Capability
from prm.events.services import Actor, emit
from prm.jobs.files import private_path
from prm.jobs.runners import JobFailed, Progress, runner
from prm.web.exports import write_csv
from prm.web.spreadsheets import headings_of
from referrals.claims.accounts import (
    ColumnsMissing,
    Row,
    chunks_of,
    places_in,
    put_accounts,
    read_rows,
    remove_others,
)
from referrals.claims.duplicates import note_matches_of_waiting

MOST_REASONS = 1_000


@runner(
    "claims.accounts",
    label=gettext_lazy("Import of CRM accounts"),
    capability=Capability.IMPORT_REFERRALS,
    unit=gettext_lazy("rows"),
    onward=gettext_lazy("See the accounts"),
)
def read_accounts(progress: Progress) -> None:
    """Put the file's accounts in place, a chunk a transaction; a killed run goes on behind its last chunk."""
    path, at = private_path(progress.params["file"]), datetime.fromisoformat(progress.params["at"])
    try:
        places = places_in(headings_of(path))
    except ColumnsMissing as lacking:
        raise JobFailed(str(lacking)) from lacking
    done: dict[str, Any] = progress.checkpoint or {"line": 0, "new": 0, "known": 0, "refused": 0}
    refused: list[Row] = []
    for chunk in chunks_of(read_rows(path, places, after=done["line"])):
        bad = [row for row in chunk if row.values is None]
        refused = [*refused, *bad][:MOST_REASONS]
        with progress.scope():
            new, known = put_accounts(chunk, key=progress.job_id, at=at)
            done = {
                "line": chunk[-1].line,
                "new": done["new"] + new,
                "known": done["known"] + known,
                "refused": done["refused"] + len(bad),
            }
            progress.advance(done["new"] + done["known"] + done["refused"])
            progress.save_checkpoint(done)
        if progress.should_stop():
            return
    _finish(progress, path, done, refused, at)


def _finish(
    progress: Progress, path: Any, done: dict[str, Any], refused: list[Row], at: datetime
) -> None:
    gone = 0
    with progress.scope():
        # A file in which nothing could be read removes nothing.
        if progress.params["remove_gone"] and done["new"] + done["known"]:
            gone = remove_others(key=progress.job_id)
        note_matches_of_waiting(at=at)
        emit(
            "crm_accounts.imported",
            subject=f"job:{progress.job_id}",
            actor=Actor(user_id=progress.started_by_id),
            payload={"new": done["new"], "updated": done["known"], "gone": gone},
            at=at,
            queue=False,
        )
    counts = {"new": done["new"], "updated": done["known"], "removed": gone}
    if done["refused"]:
        counts["error"] = done["refused"]
    if not refused:
        progress.finish(counts)
        return
    with progress.temporary_file(".csv") as file:
        header = ["line", *headings_of(path), _("Reason")]
        write_csv(file, header, ([str(row.line), *row.cells, row.reason] for row in refused))
        progress.finish(counts, file, "accounts-not-read.csv")
