"""Close a month and write its reports, in the worker: the books are proved first, which takes its time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.closing.chart import HEADINGS, words_now
from commissions.closing.liability import amounts_of, as_of_from, liability
from commissions.closing.reports import (
    Proof,
    csv_proof,
    file_proof,
    report_csv,
    report_rows,
    write_json,
)
from commissions.closing.rules import REPORTS, Frozen
from commissions.closing.services import (
    NotClosable,
    ReportChanged,
    close_month,
    hold_against_first,
    prove_reports,
)
from commissions.closing.wording import check_words
from commissions.ledger.models import ClosedPeriod
from commissions.verification import faults
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import JobFailed, Progress, runner
from prm.tenancy.models import Tenant
from prm.web.exports import write_csv, write_xlsx

ENDINGS = ("csv", "xlsx", "json")
_EVERY = 5_000


@runner(
    "books.close",
    label=_("Close a month"),
    capability=Capability.KEEP_BOOKS,
    stoppable=False,
    onward=_("See the month"),
)
def close(progress: Progress) -> None:
    """Prove the books, close params["period"], and keep the proofs of its reports."""
    period, now = int(progress.params["period"]), timezone.now()
    with progress.scope():
        fault = next(faults(), None)
    if fault is not None:
        raise JobFailed(
            gettext("The books are not right, so nothing was closed: %(fault)s") % {"fault": fault}
        )
    try:
        with progress.scope():
            month = close_month(period=period, actor=Actor(progress.started_by_id), at=now)
            progress.advance(1, 2)
        with progress.scope():
            proofs = prove_reports(period=period, at=now)
    except NotClosable as refused:
        raise JobFailed(
            gettext("Nothing was closed. %(reasons)s")
            % {"reasons": " ".join(check_words(check) for check in refused.found)}
        ) from refused
    except ReportChanged as changed:
        raise JobFailed(str(changed)) from changed
    progress.advance(2, 2)
    progress.finish({"transfers": month.transfer_count, "journal": proofs["journal"].row_count})


@runner(
    "books.report",
    label=_("Report of a month"),
    capability=Capability.SEE_MONEY,
    unit=_("rows"),
    onward=_("See the month"),
)
def report(progress: Progress) -> None:
    """Write one report of a month as params["format"]; a closed month's is held against the first time."""
    period, kind = int(progress.params["period"]), progress.params["report"]
    ending = progress.params["format"]
    if kind not in REPORTS or ending not in ENDINGS:
        raise JobFailed(gettext("There is no such report."))
    with progress.scope():
        month = ClosedPeriod.objects.filter(period=period).first()
        tenant = Tenant.objects.get(id=progress.tenant_id)
        words = (
            Frozen.from_json(month.frozen)
            if month
            else words_now(translation.get_language() or tenant.language)
        )
    with progress.temporary_file(f".{ending}") as path, progress.scope():
        if ending == "csv":
            count = _write_lines(path, report_csv(kind, period, words, told=progress.advance))
        else:
            rows = _counted(report_rows(kind, period, words), progress)
            count = _write(path, ending, words.headings[kind], rows, f"{kind} {period}")
        if month is not None:
            in_csv = ending == "csv"
            _hold(
                month, kind, file_proof(path, count) if in_csv else csv_proof(kind, period, words)
            )
        state = "" if month else "-open"
        name = f"{tenant.slug}-{kind}-{period // 100}-{period % 100:02d}{state}.{ending}"
        progress.finish({"rows": count}, path, name)


def _write_lines(path: Path, lines: Iterator[bytes]) -> int:
    count = -1
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def _hold(month: ClosedPeriod, kind: str, proof: Proof) -> None:
    try:
        hold_against_first(month, kind, proof, at=timezone.now())
    except ReportChanged as changed:
        raise JobFailed(str(changed)) from changed


def _counted(rows: Iterator[list[Any]], progress: Progress) -> Iterator[list[Any]]:
    for number, row in enumerate(rows, start=1):
        yield row
        if not number % _EVERY:
            progress.advance(number)


def _write(
    path: Path, ending: str, header: list[str], rows: Iterator[list[Any]], sheet: str
) -> int:
    if ending == "xlsx":
        return write_xlsx(path, header, rows, sheet=sheet)
    return write_json(path, header, rows) if ending == "json" else write_csv(path, header, rows)


@runner(
    "books.liability",
    label=_("Owed to partners"),
    capability=Capability.SEE_MONEY,
    stoppable=False,
    unit=_("rows"),
    onward=_("See what is owed"),
)
def liability_file(progress: Progress) -> None:
    """Write what is owed to each partner at the end of params["on"], as known at the end of params["known"]."""
    ending = progress.params["format"]
    header = [str(word) for word in HEADINGS["liability"]]
    with progress.temporary_file(f".{ending}") as path:
        with progress.scope():
            tenant = Tenant.objects.get(id=progress.tenant_id)
            answer = liability(as_of_from(progress.params))
        rows = ([row.name, *amounts_of(row.balance)] for row in answer.rows)
        count = _write(path, ending, header, rows, f"liability {progress.params['on']}")
        progress.finish(
            {"rows": count}, path, f"{tenant.slug}-liability-{progress.params['on']}.{ending}"
        )
