"""Files made to hurt are refused soon, and an import's commit and undo keep out of each other's way."""

import io
import threading
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connections

from prm.events.models import Event
from prm.jobs.models import Job
from prm.tenancy.scope import tenant_scope
from prm.web.spreadsheets import FileRefused, make_plain
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.models import Import, ImportState
from referrals.imports.rules import Mapping
from referrals.imports.services import NotNow, queue_commit, queue_undo, set_mapping
from referrals.imports.undoing import undo_import
from referrals.imports.work import DirectWork
from referrals.pipeline.models import Referral
from tests.builders.revenue import SYSTEM, an_import
from tests.conftest import World, make_world
from tests.processor import processor_seconds

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(sheet: str, strings: str = "", sheets: int = 1) -> bytes:
    """Write the parts of a workbook by hand, as no honest program would."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/sharedStrings.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}" xmlns:r="{OFFICE}"><sheets>'
        + '<sheet name="S" sheetId="1" r:id="r1"/>' * sheets
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{NAMESPACE}"><sheetData>{sheet}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{NAMESPACE}">{strings}</sst>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def row(*texts: str) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
    return f"<row>{cells}</row>"


MANY_STRINGS = "<si><t>aaaaaaaaaaaaaaaaaaaa</t></si>" * 900_000
WIDE = "<row>" + "<c/>" * 200_000 + "</row>"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        pytest.param(workbook(row("a") + row("1"), MANY_STRINGS), {"bomb"}, id="shared strings"),
        pytest.param(
            workbook(row("a") + WIDE + row("1")), {"too_many_columns", "ok"}, id="empty columns"
        ),
        pytest.param(
            workbook('<!DOCTYPE x [<!ENTITY e "boom">]>' + row("&e;")),
            {"unreadable"},
            id="entities",
        ),
        pytest.param(workbook("<row>" + "<is>" * 50_000), {"unreadable"}, id="deep nesting"),
        pytest.param(b"a,b\n" + b"," * 1_000_000, {"empty", "too_many_columns"}, id="commas"),
        pytest.param(workbook(row("a"), sheets=30_000), {"bomb"}, id="thousands of sheets"),
        pytest.param(b"a," * 1_000_000, {"too_many_columns"}, id="a heading without end"),
        pytest.param(b'"' + b'\n","' * 500_000, {"cell_too_long"}, id="a record of many lines"),
        pytest.param(b"\n" * 1_100_000, {"too_many_rows"}, id="empty lines"),
        pytest.param(b"a,b\n" + b"x" * 9_000_000, {"cell_too_long"}, id="one giant line"),
        pytest.param(b'a,b\n"' + b"x\n" * 4_000_000, {"cell_too_long"}, id="one open quote"),
        pytest.param(b"a,b\n1,\x812\n", {"encoding"}, id="no text in any encoding"),
        pytest.param("a,b\n1,2\n".encode("utf-16-le"), {"encoding"}, id="UTF-16 without a mark"),
        pytest.param("a,b\n1,2\n".encode("utf-16")[:-1], {"encoding"}, id="half a character"),
    ],
)
def test_a_file_made_to_hurt_costs_little(tmp_path: Path, content: bytes, codes: set[str]) -> None:
    source = tmp_path / "in"
    source.write_bytes(content)
    began = processor_seconds()

    try:
        make_plain(source, tmp_path / "out.rows.csv")
        code = "ok"
    except FileRefused as refused:
        code = refused.code

    assert code in codes
    assert processor_seconds() - began < 20


MAPPING = Mapping(
    columns={"external_id": "Id", "partner": "Partner", "company": "Company"}, no_date="import_date"
)
ROWS = "Id,Partner,Company\n" + "".join(f"{key},Brightwater,Kestrel {key}\n" for key in range(40))


def a_checked_import(world: World, at: datetime) -> Import:
    with tenant_scope(world.acme.id):
        source = an_import(ROWS, at)
        set_mapping(import_id=source.id, mapping=MAPPING, actor=SYSTEM, at=at)
    check_rows(DirectWork(world.acme.id), source.id, at)
    return source


def test_nobody_undoes_what_is_still_being_written(world: World, at: datetime) -> None:
    source = a_checked_import(world, at)
    with tenant_scope(world.acme.id):
        commit = queue_commit(import_id=source.id, actor=SYSTEM, at=at)

        assert queue_undo(import_id=source.id, actor=SYSTEM, at=at).id == commit.id
        assert list(Job.objects.values_list("kind", flat=True)) == ["import.commit"]
        assert Import.objects.get(id=source.id).state == ImportState.COMMITTING


def test_an_undone_import_is_not_undone_again(world: World, at: datetime) -> None:
    source = a_checked_import(world, at)
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
    with tenant_scope(world.acme.id):
        undo_import(import_id=source.id, actor=SYSTEM, at=at)

        with pytest.raises(NotNow):
            queue_undo(import_id=source.id, actor=SYSTEM, at=at)
        assert not Job.objects.exists()


@pytest.mark.race
def test_two_undos_at_once_take_the_rows_away_once(real_database: str, at: datetime) -> None:
    world = make_world()
    source = a_checked_import(world, at)
    commit_rows(DirectWork(world.acme.id), source.id, SYSTEM, at)
    start, removed = threading.Barrier(3), []

    def undo() -> None:
        try:
            start.wait()
            with tenant_scope(world.acme.id):
                removed.append(undo_import(import_id=source.id, actor=SYSTEM, at=at)["referrals"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=undo) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert removed == [40, 40, 40]
    with tenant_scope(world.acme.id):
        assert not Referral.objects.exists()
        assert Event.objects.filter(name="import.undone").count() == 1
