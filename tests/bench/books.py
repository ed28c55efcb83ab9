"""W11, W12 and W18 on the books: a month's journal as CSV and workbook, closing a month, proving the ledger, what is owed.

The journal's floor is COPY of the same cells (the accounts' words are the same for all rows, so the floor writes
the kinds). The workbook's floor is the writer itself, fed from a server-side cursor.
"""

import csv
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import xlsxwriter
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from commissions.closing.liability import AsOf, liability
from commissions.closing.selectors import months
from commissions.closing.services import close_month, prove_reports
from commissions.verification import faults
from prm.events.services import Actor
from prm.jobs.files import private_path
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.jobs.services import start_job
from prm.tenancy.scope import tenant_scope
from tests.bench.arena import Arena
from tests.bench.measuring import Cost, Meter, compare
from tests.bench.partner_list import Browser, sign_in
from tests.bench.population import BOOKS, NOW, Vendor, accrue_all, forget_books, release_all
from tests.bench.results import Report, Row

PERIOD = 202611
AFTER_IT = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)
_JOURNAL = """
select t.id, t.booked_on, to_jsonb(t.recorded_at at time zone 'UTC') #>> '{}', t.journal, t.kind, s.kind, s.kind, coalesce(p.name, ''),
       case when s.side = 0 then (t.amount_minor * 0.01)::numeric(24, 2) end, case when s.side = 1 then (t.amount_minor * 0.01)::numeric(24, 2) end,
       t.currency, t.reverses_id
  from commissions_transfer t
  join commissions_account d on d.tenant_id = t.tenant_id and d.id = t.debit_account_id
  join commissions_account c on c.tenant_id = t.tenant_id and c.id = t.credit_account_id
  left join partners_partner p on p.tenant_id = t.tenant_id and p.id = t.partner_id
  cross join lateral (values (0, d.kind), (1, c.kind)) s (side, kind)
 where t.period = 202611 order by t.id, s.side
"""
_FORGET = (
    "delete from commissions_period_report where tenant_id = %(tenant)s",
    "delete from commissions_period where tenant_id = %(tenant)s",
    "delete from prm_event where tenant_id = %(tenant)s and name = 'books.month_closed'",
)


def csv_file(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W11: a month's journal at the main size."""
    main = next((vendor for vendor in vendors if vendor.size == 100_000), vendors[-1])
    with _booked(arena, main):
        _csv_against_floor(arena, meter, report, main, rounds=min(rounds, 3))


def workbook(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W12: the same as a workbook; of a million, only when that is asked for."""
    small = next((vendor for vendor in vendors if vendor.size == 10_000), vendors[-1])
    with _booked(arena, small):
        _workbook_against_floor(arena, meter, report, small, rounds=min(rounds, 3))


def growth(
    arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int
) -> None:
    """W18: how what is done with the books grows from ten thousand commissions to the largest number."""
    costs: dict[str, dict[int, Cost]] = {}
    for vendor in [vendor for vendor in vendors if vendor.size >= 10_000] or vendors[-1:]:
        with _booked(arena, vendor):
            _steps(arena, meter, report, vendor, costs)
    _growth(report, costs)


@contextmanager
def _booked(arena: Arena, vendor: Vendor) -> Iterator[None]:
    """Have every commission of a vendor earned and released in one month, nothing waiting, until the block ends."""
    forget_books(arena, vendor.tenant_id)
    accrue_all(arena, vendor)
    release_all(arena, vendor)
    arena.tidy(*BOOKS)
    yield
    forget_books(arena, vendor.tenant_id)


# ---------------------------------------------------------------- files


def _csv_against_floor(
    arena: Arena, meter: Meter, report: Report, vendor: Vendor, *, rounds: int
) -> None:
    files: list[Path] = []
    count = _transfers(arena, vendor)
    found = compare(
        meter,
        floor=lambda: files.append(_copied(vendor)),
        product=lambda: files.append(_file(vendor, "csv")),
        check=lambda: _has_lines(files.pop(), count * 2),
        reset=lambda: None,
        rounds=rounds,
    )
    report.ratio("W11", f"journal of {count:,} transfers as CSV", found, goal=1.3)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(
        Row("W11", f"memory growth of a journal at {vendor.size:,}", growth, "MiB", 30), steady=True
    )
    first = _first_byte(vendor)
    report.add(Row("W11", f"first byte of the file at {vendor.size:,}", first, "s", 0.5))


def _workbook_against_floor(
    arena: Arena, meter: Meter, report: Report, vendor: Vendor, *, rounds: int
) -> None:
    files: list[Path] = []
    count = _transfers(arena, vendor)
    found = compare(
        meter,
        floor=lambda: files.append(_written(vendor)),
        product=lambda: files.append(_file(vendor, "xlsx")),
        check=lambda: _has_rows(files.pop(), count * 2),
        reset=lambda: None,
        rounds=rounds,
    )
    report.ratio("W12", f"journal of {count:,} transfers as a workbook", found, goal=1.3)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(
        Row("W12", f"memory growth of a workbook at {vendor.size:,}", growth, "MiB", 40),
        steady=True,
    )


def _transfers(arena: Arena, vendor: Vendor) -> int:
    counting = "select count(*) from commissions_transfer where tenant_id = %(tenant)s"
    return int(arena.ask(counting, tenant=vendor.tenant_id))


def _copied(vendor: Vendor) -> Path:
    with (
        tenant_scope(vendor.tenant_id),
        connection.cursor() as cursor,
        NamedTemporaryFile("wb", delete=False) as file,
    ):
        cursor.execute("set local enable_nestloop = off")
        with cursor.copy(f"copy ({_JOURNAL}) to stdout with (format csv, header)") as copy:
            for part in copy:
                file.write(part)
        return Path(file.name)


def _written(vendor: Vendor) -> Path:
    with NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        pass
    with (
        tenant_scope(vendor.tenant_id),
        xlsxwriter.Workbook(file.name, {"constant_memory": True}) as book,
        closing(connection.connection.cursor("journal")) as cursor,
    ):
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        cursor.itersize = 5_000
        cursor.execute(_JOURNAL)
        for number, row in enumerate(cursor, start=1):
            for column, value in enumerate(row):
                if column == 1:
                    page.write_datetime(number, column, value, day)
                elif isinstance(value, str):
                    page.write_string(number, column, value)
                elif value is not None:
                    page.write_number(number, column, value)
    return Path(file.name)


def _file(vendor: Vendor, ending: str) -> Path:
    return private_path(_job(vendor, ending).file)


def _job(vendor: Vendor, ending: str) -> Job:
    params = {"period": PERIOD, "report": "journal", "format": ending}
    with tenant_scope(vendor.tenant_id):
        actor = Actor(user_id=vendor.finance.id)
        job_id = start_job(kind="books.report", params=params, actor=actor, at=NOW).id
    assert run_job(vendor.tenant_id, job_id)
    with tenant_scope(vendor.tenant_id):
        job = Job.objects.get(id=job_id)
    assert job.file, job.error
    return job


def _has_lines(file: Path, count: int) -> None:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        found = sum(1 for _ in csv.reader(lines)) - 1
    file.unlink()
    assert found == count, (found, count)


def _has_rows(file: Path, count: int) -> None:
    """Count the rows of all sheets in the packed file itself."""
    with zipfile.ZipFile(file) as packed:
        sheets = [name for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
        rows = sum(packed.read(name).count(b"<row ") for name in sheets)
    file.unlink()
    # The product's sheets begin with their headings, the floor's does not.
    assert rows in {count, count + len(sheets)}, (rows, count)


def _first_byte(vendor: Vendor) -> float:
    """Ask for a finished file through the WSGI application; return the seconds to its first bytes."""
    job = _job(vendor, "csv")
    browser = Browser(WSGIHandler(), sign_in(vendor.finance))
    browser.get(f"/{vendor.slug}/manage/jobs/")
    began = time.perf_counter()
    status, body = browser.get(f"/{vendor.slug}/jobs/{job.id}/file/", parts=1)
    wall = time.perf_counter() - began
    assert status == "200 OK", status
    assert body.startswith(b"\xef\xbb\xbf"), body[:40]
    private_path(job.file).unlink()
    return wall


# ---------------------------------------------------------------- growth


def _steps(
    arena: Arena,
    meter: Meter,
    report: Report,
    vendor: Vendor,
    costs: dict[str, dict[int, Cost]],
) -> None:
    """Prove, read and close the books of one vendor."""
    actor = Actor(user_id=vendor.finance.id)
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("proving the ledger", lambda: _none(list(faults()))),
        ("what is owed, today", lambda: liability(AsOf(NOW.date()))),
        ("what was owed, a month ago, as earned", lambda: liability(_as_earned())),
        ("months of the books", lambda: months(now=AFTER_IT)),
        ("closing a month", lambda: close_month(period=PERIOD, actor=actor, at=AFTER_IT)),
        ("reports of a closed month", lambda: prove_reports(period=PERIOD, at=AFTER_IT)),
        ("months of the books, closed", lambda: months(now=AFTER_IT)),
    ]
    for what, work in steps:
        with meter.measured() as cost, tenant_scope(vendor.tenant_id):
            work()
        costs.setdefault(what, {})[vendor.size] = cost
        report.add(
            Row(
                "W18",
                f"{what}, at {vendor.size:,}",
                cost.wall_s,
                "s",
                others_cores=cost.others_cores,
                note=f"{cost.cpu_s:.2f} s of CPU",
            )
        )
        growth = Row(
            "W18", f"memory growth of {what}, at {vendor.size:,}", cost.growth_mib, "MiB", 50
        )
        if cost.growth_mib > 10:
            report.add(growth, steady=True)
    for statement in _FORGET:
        arena.run(statement, tenant=vendor.tenant_id)


def _none(found: list[Any]) -> None:
    assert not found, found


def _as_earned() -> AsOf:
    return AsOf(NOW.date().replace(month=10), by_earned=True)


def _growth(report: Report, costs: dict[str, dict[int, Cost]]) -> None:
    """Tell how the time grows with ten times the rows; by CPU, which neighbours change less than the clock."""
    for what, by_size in costs.items():
        small, large = min(by_size), max(by_size)
        if small == large:
            continue
        tens = large / small / 10
        share = by_size[large].cpu_s / by_size[small].cpu_s / tens
        row = Row("W18", f"{what}: {large:,} to {small:,}, per ten times", share, goal=12)
        row.note = "by CPU"
        report.add(row, steady=True)
