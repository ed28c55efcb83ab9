"""Files of any origin become one plain form; traps are refused before they cost anything."""

import csv
import zipfile
from pathlib import Path

import openpyxl
import pytest

from prm.web import spreadsheets
from prm.web.spreadsheets import FileRefused, Sheet, headings_of, make_plain, rows_of
from tests.processor import processor_seconds

ROWS = [["Firma", "Ort"], ["Müller & Söhne", "Köln"], ["Kestrel", "Łódź"]]


def plain(
    tmp_path: Path, content: bytes, name: str = "in.csv"
) -> tuple[Sheet, list[tuple[int, list[str]]]]:
    source, target = tmp_path / name, tmp_path / "out.rows.csv"
    source.write_bytes(content)
    sheet = make_plain(source, target)
    assert headings_of(target) == sheet.headings
    return sheet, list(rows_of(target))


def refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        plain(tmp_path, content)
    assert refused.value.words
    return refused.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    text = "\n".join(",".join(row) for row in ROWS)
    sheet, rows = plain(tmp_path, text.encode(encoding))
    assert sheet == Sheet(["Firma", "Ort"], 2)
    assert rows == [(2, ["Müller & Söhne", "Köln"]), (3, ["Kestrel", "Łódź"])]


def test_windows_text_is_read(tmp_path: Path) -> None:
    _, rows = plain(tmp_path, "Firma;Preis\nMüller;5 €\n".encode("cp1252"))
    assert rows == [(2, ["Müller", "5 €"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = f'a{delimiter}b\n"x,1; y"{delimiter}2\n"z"{delimiter}3\n'
    _, rows = plain(tmp_path, text.encode())
    assert rows == [(2, ["x,1; y", "2"]), (3, ["z", "3"])]


def test_headings_are_told_apart_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    sheet, rows = plain(tmp_path, b"a,,a\n1,2,3\n\n4\n5,6,7,8\n")
    assert sheet.headings == ["a", "column 2", "a (2)"]
    assert rows == [(2, ["1", "2", "3"]), (4, ["4", "", ""]), (5, ["5", "6", "7"])]


def test_a_workbook_reads_like_the_text_it_shows(tmp_path: Path) -> None:
    from datetime import date, datetime

    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ["name", "day", "moment", "amount", "whole", "yes"],
        ["Kestrel", date(2024, 1, 31), datetime(2024, 1, 31, 9, 5), 0.1, 1054.0, True],  # noqa: DTZ001
    ):
        page.append(row)
    book.save(tmp_path / "in.xlsx")
    sheet = make_plain(tmp_path / "in.xlsx", tmp_path / "out.rows.csv")
    assert sheet.row_count == 1
    assert list(rows_of(tmp_path / "out.rows.csv")) == [
        (2, ["Kestrel", "2024-01-31", "2024-01-31 09:05:00", "0.1", "1054", "yes"]),
    ]


def test_what_is_no_table_is_refused_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(tmp_path, b"") == "empty"
    assert refusal(tmp_path, b"only,headings\n") == "empty"
    assert refusal(tmp_path, b"a,b\n\x00,1\n") == "encoding"
    assert refusal(tmp_path, b"\xef\xbb\xbfa,b\n\x00,1\n") == "encoding"
    assert refusal(tmp_path, "a,b\n\x00,1\n".encode("utf-16")) == "encoding"
    assert refusal(tmp_path, b"\xff\xfe\x00") == "encoding"
    assert refusal(tmp_path, bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 100) == "old_excel"
    assert refusal(tmp_path, b"PK\x03\x04 not a zip") == "unreadable"
    assert refusal(tmp_path, b"a\n" + b"x" * 20_001 + b"\n") == "cell_too_long"
    assert refusal(tmp_path, (",".join("x" * 101) + "\n1\n").encode()) == "too_many_columns"
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 3)
    assert refusal(tmp_path, b"a\n1\n2\n3\n4\n") == "too_many_rows"
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 10)
    assert refusal(tmp_path, b"a\n12345678901\n") == "too_large"


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\x00" * 60_000_000)
    began = processor_seconds()
    with pytest.raises(FileRefused, match="bomb"):
        make_plain(bomb, tmp_path / "out.rows.csv")
    assert processor_seconds() - began < 2


def test_a_single_cell_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "far.xlsx")
    began = processor_seconds()
    with pytest.raises(FileRefused):
        make_plain(tmp_path / "far.xlsx", tmp_path / "out.rows.csv")
    assert processor_seconds() - began < 10


def test_the_plain_form_holds_every_cell_of_every_row(tmp_path: Path) -> None:
    plain(tmp_path, b"a,b,c\n1\n1,2\n")
    with (tmp_path / "out.rows.csv").open() as file:
        assert {len(row) for row in csv.reader(file)} == {4}
