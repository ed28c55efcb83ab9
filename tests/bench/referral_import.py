"""W14: the import of a spreadsheet of referrals, checked and committed, against COPY and set-based validation in SQL.

Both read the same file with one bad row in two hundred, say the same lines and codes of them, and write the same rows.
The floor knows this one file's columns; the product asks a mapping, keeps what is wrong for its page, and can be killed.
"""

import csv
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection

from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from referrals.imports.checking import check_rows
from referrals.imports.committing import (
    _CHANGES,
    _CUSTOMERS,
    _REFERRALS,
    _REVENUE,
    _STAGED,
    commit_rows,
)
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.reading import CHUNK
from referrals.imports.rules import Mapping
from referrals.imports.services import set_mapping, start_import
from referrals.imports.undoing import undo_import
from referrals.imports.work import DirectWork
from referrals.pipeline.models import Referral, Stage
from tests.bench.arena import Arena
from tests.bench.measuring import Meter, compare
from tests.bench.population import NOW, Vendor
from tests.bench.results import Report, Row

SIZES = (10_000, 100_000)
HEADINGS = (
    "Id",
    "Date",
    "Closed",
    "Company",
    "Website",
    "Contact",
    "Email",
    "Partner",
    "Stage",
    "Amount",
)
COLUMNS = dict(
    zip(
        (
            "external_id",
            "registered_at",
            "closed_at",
            "company",
            "website",
            "contact_name",
            "contact_email",
            "partner",
            "stage",
            "deal",
        ),
        HEADINGS,
        strict=True,
    )
)
STAGES = ("submitted", "accepted", "won", "lost")
TABLES = (
    "referrals_revenue_event",
    "referrals_customer",
    "referrals_stage_change",
    "referrals_referral",
)
_RAW = """
create temporary table raw (line int generated always as identity (start 2), key text, opened text, closed text,
  company text, website text, contact text, email text, partner text, stage text, amount text) on commit drop
"""
_JUDGED = r"""
create temporary table judged on commit drop as
select raw.*, p.id as partner_id, s.id as stage_id,
  case when raw.opened !~ '^\d{4}-\d\d-\d\d$' then 'bad_date' when raw.company = '' then 'no_company'
       when raw.amount <> '' and raw.amount !~ '^\d+(\.\d{1,2})?$' then 'bad_amount' end as code
  from raw
  left join partners_partner p on p.name_norm = lower(raw.partner)
  left join referrals_stage s on s.program_id = %(program)s and s.kind = raw.stage
"""
_FILL = r"""
insert into import_rows (line, external_id, number, partner_id, submitted_by_name, company, company_norm, website,
  domain, country, contact_name, contact_title, contact_email, email_norm, contact_phone, context, custom, product,
  stage_id, stage_kind, registered_at, stage_at, deal_minor, reason, link_id, channel)
select line, key, 'F-' || line, partner_id, '', company, lower(company), website, website, '', contact, '', email,
  lower(email), '', '', '{}', '', stage_id, stage, opened::timestamp at time zone %(zone)s,
  closed::timestamp at time zone %(zone)s,
  case when amount <> '' then (amount::numeric * 100)::bigint end, '', null, ''
  from judged where code is null
"""


def run(arena: Arena, meter: Meter, report: Report, vendors: list[Vendor], *, rounds: int) -> None:
    """Measure imports into the smallest tenant, their memory, and their undo.

    The larger only where everything is measured at a million: a round takes as long as ten of the smaller.
    """
    full = vendors[-1].size >= 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES if full else SIZES[:1]:
            file = Path(folder) / f"{size}.csv"
            _of_size(arena, meter, report, vendors[0], file, size, min(rounds, 3))
            _undo(arena, meter, report, vendors[0], file, size)


def _of_size(
    arena: Arena, meter: Meter, report: Report, vendor: Vendor, file: Path, size: int, rounds: int
) -> None:
    bad = _write(file, vendor, size)
    wrong: list[list[tuple[int, str]]] = []
    told: list[int] = []

    def product() -> None:
        told.clear()
        wrong.append(_product(vendor, file, told))

    found = compare(
        meter,
        floor=lambda: wrong.append(_floor(vendor, file)),
        product=product,
        check=lambda: _check(vendor, wrong, size, bad),
        reset=lambda: _reset(arena, vendor),
        rounds=rounds,
    )
    # Somebody who waits sees it move: after every chunk, of the check and of the commit.
    assert len(told) == 2 * -(-size // CHUNK), told
    report.ratio("W14", f"import of {size:,} referrals", found, goal=1.6)
    growth = max(cost.growth_mib for cost in found.product)
    report.add(Row("W14", f"memory growth at {size:,}", growth, "MiB", 40), steady=True)


def _undo(
    arena: Arena, meter: Meter, report: Report, vendor: Vendor, file: Path, size: int
) -> None:
    """Take an import away, and with it exactly what it brought; beside it the bare deletes."""
    arena.tidy(*TABLES)
    before = _contents(arena, vendor)
    _floor(vendor, file)
    arena.tidy(*TABLES)
    with meter.measured() as floor:
        _take_away(vendor)
    assert _contents(arena, vendor) == before
    _product(vendor, file, [])
    arena.tidy(*TABLES)
    with tenant_scope(vendor.tenant_id):
        newest = Import.objects.filter(state=ImportState.COMMITTED).latest("committed_at", "id")
    with meter.measured() as cost, tenant_scope(vendor.tenant_id):
        undo_import(import_id=newest.id, actor=SYSTEM, at=NOW)
    assert _contents(arena, vendor) == before, "the undo left something, or took too much"
    arena.tidy(*TABLES)
    row = Row("W14", f"undo of {size:,} referrals to the bare deletes", cost.wall_s / floor.wall_s)
    row.floor_s, row.product_s, row.cpu_ratio = floor.wall_s, cost.wall_s, cost.cpu_s / floor.cpu_s
    row.others_cores = cost.others_cores
    row.note = "one round; every row of four tables compared before and after"
    report.add(row)
    growth = Row("W14", f"memory growth of the undo at {size:,}", cost.growth_mib, "MiB", 40)
    report.add(growth, steady=True)


def _take_away(vendor: Vendor) -> None:
    with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"delete from {table} where import_id is not null")


def _contents(arena: Arena, vendor: Vendor) -> list[tuple[Any, ...]]:
    """Return how many rows each table has, and a sum that any change of any row changes."""
    query = (
        "select count(*), sum(hashtextextended(t::text, 0)::numeric) from {} t where tenant_id = %s"
    )
    return [
        row
        for table in TABLES
        for row in arena.admin.execute(query.format(table), [vendor.tenant_id]).fetchall()
    ]


def _write(file: Path, vendor: Vendor, size: int) -> int:
    with tenant_scope(vendor.tenant_id):
        from partners.directory.models import Partner

        names = list(Partner.objects.order_by("name").values_list("name", flat=True)[:200])
    bad = 0
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADINGS)
        for number in range(size):
            day = (NOW - timedelta(days=number % 700 + 30)).date().isoformat()
            later = (NOW - timedelta(days=number % 28 + 1)).date().isoformat()
            row = [
                f"X-{number}",
                day,
                later,
                f"Company {number}",
                "",
                "P Doe",
            ]
            row += [f"p@c{number}.example", names[number % len(names)], STAGES[number % 4]]
            row.append(f"{number % 9000 + 100}.50" if number % 4 == 2 else "")
            if number % 200 == 101:
                bad += 1
                place, value = ((1, "31/31/20"), (3, ""))[number // 200 % 2]
                row[place] = value
            writer.writerow(row)
    return bad


class _Watched(DirectWork):
    """Work whose progress is noted."""

    told: list[int]

    def advance(self, done: int, total: int | None = None) -> None:
        """Note it."""
        self.told.append(done)


def _product(vendor: Vendor, file: Path, told: list[int]) -> list[tuple[int, str]]:
    work = _Watched(vendor.tenant_id)
    work.told = told
    with tenant_scope(vendor.tenant_id):
        source = start_import(
            program_id=vendor.program_id, upload=file, file_name="bench.csv", actor=SYSTEM, at=NOW
        )
        set_mapping(import_id=source.id, mapping=Mapping(columns=COLUMNS), actor=SYSTEM, at=NOW)
    check_rows(work, source.id, NOW)
    commit_rows(work, source.id, SYSTEM, NOW)
    with tenant_scope(vendor.tenant_id):
        said = ImportProblem.objects.filter(source_id=source.id, severity="error")
        return list(said.order_by("line").values_list("line", "code"))


def _floor(vendor: Vendor, file: Path) -> list[tuple[int, str]]:
    with tenant_scope(vendor.tenant_id), connection.cursor() as cursor:
        first = Stage.objects.get(program_id=vendor.program_id, kind="submitted").id
        values: dict[str, Any] = {
            "program": vendor.program_id,
            "currency": "EUR",
            "import": uuid4(),
            "actor": None,
            "first": first,
            "zone": "Europe/Amsterdam",
            "queued": None,
            "due": None,
        }
        cursor.execute(_RAW)
        columns = "key, opened, closed, company, website, contact, email, partner, stage, amount"
        with (
            cursor.copy(f"copy raw ({columns}) from stdin (format csv, header, null '~')") as copy,
            file.open("rb") as source,
        ):
            while block := source.read(65_536):
                copy.write(block)
        cursor.execute("analyze raw")
        cursor.execute(_JUDGED, values)
        cursor.execute(_STAGED)
        cursor.execute(_FILL, values)
        cursor.execute("analyze import_rows")
        for statement in (_REFERRALS, _CHANGES, _CUSTOMERS, _REVENUE):
            cursor.execute(statement, values)
        cursor.execute("select line, code from judged where code is not null order by line")
        return list(cursor.fetchall())


def _check(vendor: Vendor, wrong: list[list[tuple[int, str]]], size: int, bad: int) -> None:
    assert len(wrong[-1]) == bad, f"{len(wrong[-1])} bad rows instead of {bad}: {wrong[-1][:3]}"
    assert wrong[-1] == wrong[0], "floor and product say other lines or codes"
    with tenant_scope(vendor.tenant_id):
        written = Referral.objects.exclude(import_id=None).count()
    assert written == size - bad, f"{written} of {size - bad} rows were written"


def _reset(arena: Arena, vendor: Vendor) -> None:
    for table in TABLES:
        arena.run(
            f"delete from {table} where tenant_id = %(tenant)s and import_id is not null",
            tenant=vendor.tenant_id,
        )
    arena.tidy(*TABLES)
