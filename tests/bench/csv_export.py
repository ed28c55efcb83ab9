"""W11: the export of every referral of a tenant as CSV, through the product's job, against COPY of the same SELECT.

The same SELECT writes the same cells: ISO moments, amounts in major units, names, and no text that runs as a formula.
Beside it stands what those cells cost: COPY of the bare columns, whose file nobody should open in a spreadsheet.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.db import connection

from prm.events.services import Actor
from prm.jobs.files import private_path
from prm.jobs.models import Job
from prm.jobs.services import run as run_job
from prm.jobs.services import start_job
from prm.tenancy.scope import tenant_scope
from prm.web.copying import copy_statement
from referrals.pipeline.exporting import copied
from referrals.pipeline.listings import export_header
from referrals.pipeline.models import Referral
from referrals.pipeline.wanted import Wanted
from tests.bench.arena import Arena
from tests.bench.measuring import Comparison, Meter, compare, median
from tests.bench.population import NOW, Vendor
from tests.bench.results import Report, Row

_BARE = """
select r.number, p.name, r.company, r.website, r.country, r.contact_name, r.contact_title, r.contact_email, r.contact_phone, g.name, s.kind,
       coalesce(u.name, r.submitted_by_name), r.registered_at, r.stage_entered_at, r.deal_minor, r.currency, r.protected_until
  from referrals_referral r
  join partners_partner p on p.tenant_id = r.tenant_id and p.id = r.partner_id
  join partners_program g on g.tenant_id = r.tenant_id and g.id = r.program_id
  join referrals_stage s on s.tenant_id = r.tenant_id and s.id = r.stage_id
  left join prm_user u on u.id = r.submitted_by_id
 order by r.registered_at desc, r.id desc
"""


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure the export at the main size, and its memory at the largest."""
    main = next((vendor for vendor in vendors if vendor.size == 100_000), vendors[-1])
    files: list[Path] = []

    def against(floor: Callable[[Vendor], Path], rounds: int) -> Comparison:
        return compare(
            meter,
            floor=lambda: files.append(floor(main)),
            product=lambda: files.append(_export(main)),
            check=lambda: _check(files, main),
            reset=lambda: arena.tidy("referrals_referral"),
            rounds=rounds,
        )

    found, bare = against(_copy, rounds), against(_copy_bare, 3)
    assert _same_lines(_copy(main), _export(main)), "the floor writes other cells than the product"
    report.ratio("W11", f"CSV of {main.size:,} referrals", found, goal=1.3)
    row = Row(
        "W11", "the same to bare columns, unguarded", bare.wall_ratio, cpu_ratio=bare.cpu_ratio
    )
    row.floor_s, row.product_s = median(bare.floor, "wall_s"), median(bare.product, "wall_s")
    row.others_cores = bare.others_cores
    report.add(row)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(Row("W11", f"memory growth at {main.size:,}", growth, "MiB", 30), steady=True)
    if vendors[-1].size > main.size:
        with meter.measured() as cost:
            files.append(_export(vendors[-1]))
        _check(files, vendors[-1])
        row = Row(
            "W11",
            f"memory growth at {vendors[-1].size:,}",
            cost.growth_mib,
            "MiB",
            30,
            product_s=cost.wall_s,
        )
        report.add(row, steady=True)


def _copy(vendor: Vendor) -> Path:
    with tenant_scope(vendor.tenant_id):
        rows, columns = copied(Referral.objects.all(), header=export_header(staff=True), staff=True)
        return _written(*copy_statement(rows, columns))


def _copy_bare(vendor: Vendor) -> Path:
    with tenant_scope(vendor.tenant_id):
        return _written(f"copy ({_BARE}) to stdout with (format csv, header)", None)


def _written(statement: str, values: Any) -> Path:
    with connection.cursor() as cursor, NamedTemporaryFile("wb", delete=False) as file:
        # As the product joins; the planner alone would take one or the other from run to run.
        cursor.execute("set local enable_nestloop = off; set local timezone = 'UTC'")
        with cursor.copy(statement, values) as copy:
            for part in copy:
                file.write(part)
        return Path(file.name)


def _same_lines(floor: Path, product: Path) -> bool:
    """Tell whether the files are the same but for the headings; takes both away."""
    with floor.open("rb") as cells, product.open("rb") as whole:
        whole.readline()
        same = all(ours == theirs for ours, theirs in zip(cells, whole, strict=True))
    floor.unlink()
    product.unlink()
    return same


def _export(vendor: Vendor) -> Path:
    with tenant_scope(vendor.tenant_id):
        job_id: UUID = start_job(
            kind="referral.export",
            params={"wanted": Wanted().__dict__, "format": "csv", "staff": True},
            actor=Actor(user_id=vendor.manager.id),
            at=NOW,
        ).id
    assert run_job(vendor.tenant_id, job_id)
    with tenant_scope(vendor.tenant_id):
        return private_path(Job.objects.get(id=job_id).file)


def _check(files: list[Path], vendor: Vendor) -> None:
    """The file has one line per referral, and perhaps a heading; then it goes."""
    file = files.pop()
    with file.open("rb") as lines:
        count = sum(1 for _ in lines)
    file.unlink()
    assert count in {vendor.size, vendor.size + 1}, count
