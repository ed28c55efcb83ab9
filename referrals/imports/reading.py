"""An import's file as drafts: what its rows are read against, and which of them are there already."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import translation

from prm.jobs.files import private_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.spreadsheets import headings_of, rows_of
from referrals.imports.models import Import
from referrals.imports.rules import (
    Draft,
    Mapping,
    People,
    Problem,
    RowReader,
    Setting,
    StageTarget,
    folded,
    mapping_from,
)
from referrals.pipeline.models import StageKind
from referrals.pipeline.services import ensure_stages

CHUNK = 5_000
SAMPLE = 20_000
# Without its second condition no index serves a list of thousands: the one on ids knows no empty ones.
_REFERRALS = """
select external_id, import_id from referrals_referral
 where program_id = %(program)s and external_id = any(%(ids)s) and external_id <> ''
"""
_SALES = """
select external_id from referrals_revenue_event
 where external_id = any(%(sales)s) and import_id is distinct from %(import)s
"""


def setting_of(source: Import, mapping: Mapping, now: datetime) -> Setting:
    """Return what the import's rows are read against; inside the tenant's scope.

    now: the moment of the import, the same for every chunk. Makes the program's stages when it has none.
    """
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    return Setting(
        mapping=mapping,
        stages=stage_targets(source.program_id),
        people=people_of(mapping.people) if mapping.people else {},
        currency=source.program.currency,
        zone=ZoneInfo(tenant.time_zone),
        now=now,
        tag=f"import-{source.id.hex[-8:]}",
    )


def stage_targets(program_id: UUID) -> dict[str, StageTarget]:
    """Return the program's stages by id, kind, and name in two languages; the first of a kind stands for it."""
    found: dict[str, StageTarget] = {}
    stages = ensure_stages(program_id=program_id)
    for stage in stages:
        target = StageTarget(stage.id, stage.kind)
        found.setdefault(stage.kind, target)
        found[str(stage.id)] = target
    for language in (translation.get_language() or "en", "en"):
        with translation.override(language):
            for stage in stages:
                found.setdefault(folded(str(stage.label)), StageTarget(stage.id, stage.kind))
                found.setdefault(
                    folded(str(StageKind(stage.kind).label)), StageTarget(stage.id, stage.kind)
                )
    return found


def people_of(people: People) -> dict[str, str]:
    """Return the partner's name of every person of the second file, by folded name; first lines count."""
    path = private_path(people.file)
    headings = headings_of(path)
    person, partner = headings.index(people.person), headings.index(people.partner)
    found: dict[str, str] = {}
    for _, row in rows_of(path):
        if row[person].strip() and row[partner].strip():
            found.setdefault(folded(row[person]), " ".join(row[partner].split()))
    return found


def reader_of(source: Import, setting: Setting) -> RowReader:
    """Return what reads the rows of the import's file."""
    return RowReader(headings_of(private_path(source.file)), setting)


def drafts_of(
    source: Import,
    setting: Setting,
    *,
    after: int = 0,
    size: int | None = None,
    reader: RowReader | None = None,
) -> Iterator[tuple[int, list[Draft], list[Problem]]]:
    """Yield chunks: the last line read, the drafts, the problems. after: the line that was done last."""
    reader = reader or reader_of(source, setting)
    rows = rows_of(private_path(source.file), after=after)
    while chunk := list(islice(rows, size or CHUNK)):
        drafts, problems = [], []
        for line, row in chunk:
            draft, said = reader.read(line, row)
            problems += said
            if draft is not None:
                drafts.append(draft)
        yield chunk[-1][0], drafts, problems


def taken_ids(source: Import, drafts: Sequence[Draft]) -> tuple[dict[str, UUID | None], set[str]]:
    """Return which ids are referrals of the program, with their import, and whose sale is booked elsewhere."""
    given: dict[str, Any] = {
        "program": source.program_id,
        "import": source.id,
        "ids": [draft.external_id for draft in drafts],
        "sales": [f"import:{draft.external_id}" for draft in drafts],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REFERRALS, given)
        referrals = dict(cursor.fetchall())
        cursor.execute(_SALES, given)
        sales = {row[0].removeprefix("import:") for row in cursor.fetchall()}
    return referrals, sales - referrals.keys()


def mapping_of(source: Import) -> Mapping:
    """Return the import's mapping."""
    return mapping_from(source.mapping)


def column_values(path: Path, headings: Sequence[str], *, limit: int = SAMPLE) -> list[list[str]]:
    """Return the values of every column in the first rows; one list per heading."""
    columns: list[list[str]] = [[] for _ in headings]
    for _, row in islice(rows_of(path), limit):
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    return columns


def first_rows(path: Path, count: int = 5) -> list[list[str]]:
    """Return the first rows of a plain file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[1:] for row in islice(csv.reader(file), 1, count + 1)]
