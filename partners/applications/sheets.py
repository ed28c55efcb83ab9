"""Files of rows that the vendor uploads or pastes: done row by row, given back with a result each."""

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from prm.events.services import Actor
from prm.jobs.files import private_path, save_private
from prm.jobs.models import Job
from prm.jobs.runners import JobFailed, Progress
from prm.jobs.services import start_job
from prm.web.exports import csv_lines
from prm.web.spreadsheets import headings_of, make_plain, rows_of

MAX_ROWS = 2_000
CHUNK = 50
RESULTS = {
    "done": gettext_lazy("Done"),
    "there_already": gettext_lazy("There already"),
    "error": gettext_lazy("Not done"),
}


class RowRefused(ValueError):
    """A row cannot be done; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of one row. result: done, there_already, error; words: why, or what was done."""

    line: int
    cells: tuple[str, ...]
    result: str
    words: str = ""


@dataclass(frozen=True)
class Sheet:
    """What a file holds and how a row is done.

    do: takes the cells by column and returns "done" or "there_already" with words; raises RowRefused.
    """

    columns: Sequence[str]
    required: Sequence[str]
    do: Callable[[dict[str, str]], tuple[str, str]]


@transaction.atomic
def queue_sheet(
    *, kind: str, upload: Path, params: dict[str, str], back_path: str, actor: Actor, at: datetime
) -> Job:
    """Keep an uploaded file and have its rows done by the worker. Raises prm.web.spreadsheets.FileRefused."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "upload.rows.csv"
        make_plain(upload, plain)
        stored = save_private(plain, file_name=plain.name)
    return start_job(
        kind=kind,
        params={**params, "file": stored, "at": at.isoformat()},
        actor=actor,
        at=at,
        back_path=back_path,
    )


def queue_rows(
    *,
    kind: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    params: dict[str, str],
    back_path: str,
    actor: Actor,
    at: datetime,
) -> Job:
    """Have pasted rows done as if they came in a file."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
        file.flush()
        return queue_sheet(
            kind=kind,
            upload=Path(file.name),
            params=params,
            back_path=back_path,
            actor=actor,
            at=at,
        )


def do_sheet(progress: Progress, sheet: Sheet, *, file_name: str) -> None:
    """Do the rows of a job's file in chunks, each row whole or not at all, and give the file back with the results.

    A killed run begins again: what it did is then there already.
    """
    path = private_path(progress.params["file"])
    places = {
        heading.strip().lower().replace(" ", "_"): place
        for place, heading in enumerate(headings_of(path))
    }
    if missing := [name for name in sheet.required if name not in places]:
        raise JobFailed(
            gettext("The file has no column %(names)s. Start from the template.")
            % {"names": ", ".join(missing)}
        )
    count = sum(1 for _ in rows_of(path))
    if count > MAX_ROWS:
        raise JobFailed(gettext("The file has more than 2,000 rows. Split it into parts."))
    found: list[Outcome] = []
    while True:
        with progress.scope():
            rows = _outcomes(path, places, sheet, after=found[-1].line if found else 0)
            chunk = list(islice(rows, CHUNK))
            found += chunk
            progress.advance(len(found), count)
        if len(chunk) < CHUNK or progress.should_stop():
            break
    counts = Counter(one.result for one in found)
    with progress.temporary_file(".csv") as results:
        with results.open("w", encoding="utf-8", newline="") as file:
            header = ["line", *sheet.columns, "result", "reason"]
            lines = ([one.line, *one.cells, str(RESULTS[one.result]), one.words] for one in found)
            file.writelines(csv_lines(header, lines))
        progress.finish({name: counts[name] for name in RESULTS}, results, file_name)


def _outcomes(path: Path, places: dict[str, int], sheet: Sheet, *, after: int) -> Iterator[Outcome]:
    for line, row in rows_of(path, after=after):
        cells = {
            name: row[place].strip() if place < len(row) else ""
            for name, place in places.items()
            if name in sheet.columns
        }
        shown = tuple(cells.get(name, "") for name in sheet.columns)
        try:
            with transaction.atomic():
                result, words = sheet.do(cells)
        except RowRefused as refused:
            yield Outcome(line, shown, "error", str(refused))
        else:
            yield Outcome(line, shown, result, words)
