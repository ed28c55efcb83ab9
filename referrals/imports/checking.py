"""Read an import's whole file without writing a referral: what would go in, and what is wrong with which row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from partners.directory.models import Partner
from referrals.imports.drafts import keeping
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.reading import (
    drafts_of,
    mapping_of,
    reader_of,
    setting_of,
    taken_ids,
)
from referrals.imports.reports import Tally
from referrals.imports.rules import Draft, Problem
from referrals.imports.work import Work

_INSERT = """
insert into referrals_import_problem (source_id, line, "column", code, value, severity)
select %s, * from unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
"""


class NotCheckable(ValueError):
    """The import is in a state, or misses a mapping, in which it cannot be checked."""


def check_rows(work: Work, import_id: UUID, at: datetime) -> dict[str, Any]:
    """Read every row, keep what is wrong with it, and leave the figures in the import's check_report.

    at: the moment that stands for the import's date. A repeat begins anew and gives the same report. The rows that
    would go in are left for the commit, which then need not read the file again.
    """
    with work.scope():
        source = Import.objects.select_related("program").get(id=import_id)
        ImportProblem.objects.filter(source_id=source.id).delete()
        setting = setting_of(source, mapping_of(source), at)
        partners = {
            norm: (name, import_id)
            for norm, name, import_id in Partner.objects.values_list(
                "name_norm", "name", "import_id"
            )
        }
    tally = Tally(setting.currency, setting.zone)
    tally.rows = source.row_count
    reader, seen = reader_of(source, setting), set[str]()
    with keeping(source, setting) as keeper:
        for line, drafts, problems in drafts_of(source, setting, reader=reader):
            with work.scope():
                good = _new_ones(source, drafts, problems, seen)
                _keep(source.id, problems)
                work.advance(line, None)
            keeper.add(good)
            for problem in problems:
                tally.say(problem)
            for draft in good:
                name, made_by = partners.setdefault(draft.partner_norm, (draft.partner, source.id))
                tally.add_draft(
                    draft, name, new=made_by == source.id, waits=setting.mapping.waiting == "queue"
                )
            if work.should_stop():
                break
        else:
            # The day of the import is the commit's.
            if not reader.used_now:
                keeper.finish()
    with work.scope():
        report = tally.report()
        Import.objects.filter(id=import_id).update(check_report=report, state=ImportState.CHECKED)
    return report


def _new_ones(
    source: Import, drafts: Sequence[Draft], problems: list[Problem], seen: set[str]
) -> list[Draft]:
    """Return the drafts whose id is new to the file and to the program, and say of the others that it is not."""
    there, booked = taken_ids(source, drafts)
    column = source.mapping["columns"].get("external_id", "")
    good, out = [], []
    for draft in drafts:
        key = draft.external_id
        if key in seen:
            out.append(Problem(draft.line, column, "repeated_id", key, "error"))
        elif key in booked:
            out.append(Problem(draft.line, column, "sale_booked", key, "error"))
        elif key in there and there[key] != source.id:
            out.append(Problem(draft.line, column, "there_already", key, "skipped"))
        else:
            seen.add(key)
            good.append(draft)
    # What a row would have got instead is of no interest when it stays out.
    lines = {said.line for said in out}
    problems[:] = [said for said in problems if said.line not in lines] + out
    return good


def _keep(import_id: UUID, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    ordered = sorted(problems, key=lambda said: said.line)
    columns = [
        [getattr(said, name) for said in ordered]
        for name in ("line", "column", "code", "value", "severity")
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [import_id, *columns])
