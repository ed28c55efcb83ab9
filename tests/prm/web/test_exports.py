"""Exported files open in spreadsheets as they are: nothing runs, dates are dates, amounts are exact."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils import timezone

from prm.money import Money
from prm.web import exports
from prm.web.exports import csv_lines, write_csv, write_xlsx

HEADER = ["Company", "Amount", "Currency", "Won on", "Changed", "Rate"]
ROW = [
    "=HYPERLINK(1)",
    Money(-123_456, "EUR"),
    "EUR",
    date(2026, 11, 19),
    datetime(2026, 11, 19, 8, 12, tzinfo=UTC),
    Decimal("0.125"),
]


def test_csv_is_for_machines_and_people() -> None:
    with timezone.override("Europe/Amsterdam"):
        text = "".join(csv_lines(HEADER, [ROW]))

    assert text.startswith("\ufeffCompany,")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1] == [
        "'=HYPERLINK(1)",
        "-1234.56",
        "EUR",
        "2026-11-19",
        "2026-11-19T09:12:00+01:00",
        "0.125",
    ]


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n=",
        "  =",
        "|",
        "%",
        "\uff1d",
        "\uff0b",
        "\uff0d",
        "\uff20",
        "\ufeff=",
        "\u200b=",
        "\u00a0\uff1d",
    ],
)
def test_no_text_can_start_a_formula(start: str) -> None:
    cell = next(
        csv.reader(io.StringIO("".join(csv_lines(["a"], [[start + "1+1"]])).split("\n", 1)[1]))
    )[0]

    assert cell.startswith("'")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; \u200b@x;+1", "a; \u200b'@x;'+1"),
        ("so\n=1", "so\n'=1"),
        ("a;b = c", "a;b = c"),
    ],
)
def test_no_text_can_start_a_formula_where_semicolons_part_cells(text: str, safe: str) -> None:
    written = "".join(csv_lines(["a"], [[text]])).split("\n", 1)[1]

    assert next(csv.reader(io.StringIO(written))) == [safe]


def test_line_breaks_and_quotes_survive() -> None:
    text = "".join(csv_lines(["a", "b"], [['He said "no"', "one\ntwo"]]))

    assert list(csv.reader(io.StringIO(text)))[1] == ['He said "no"', "one\ntwo"]


def test_a_csv_file_counts_its_rows(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "a.csv", ["n"], ([n] for n in range(3))) == 3
    assert (tmp_path / "a.csv").read_bytes() == b"\xef\xbb\xbfn\r\n0\r\n1\r\n2\r\n"


def test_a_workbook_holds_numbers_dates_and_plain_text(tmp_path: Path) -> None:
    target = tmp_path / "a.xlsx"

    with timezone.override("Europe/Amsterdam"):
        assert (
            write_xlsx(
                target,
                HEADER,
                [ROW, ["https://x.example", Money(5, "KWD"), None, None, None, "007"]],
            )
            == 2
        )

    sheet = openpyxl.load_workbook(target).active
    first, second = list(sheet.iter_rows(min_row=2))
    assert (first[0].value, first[0].data_type) == ("=HYPERLINK(1)", "s")
    assert (first[1].value, first[1].number_format) == (-1234.56, "#,##0.00")
    assert first[3].value == datetime(2026, 11, 19)  # noqa: DTZ001  a sheet has no zones
    assert first[4].value == datetime(2026, 11, 19, 9, 12)  # noqa: DTZ001
    assert (second[0].value, second[0].hyperlink) == ("https://x.example", None)
    assert (second[1].value, second[1].number_format) == (0.005, "#,##0.000")
    assert second[5].value == "007"


def test_the_same_rows_give_the_same_workbook(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", HEADER, [ROW])
    write_xlsx(tmp_path / "b.xlsx", HEADER, [ROW])

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_one_sheet_cannot_hold_goes_on_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)

    assert write_xlsx(tmp_path / "a.xlsx", ["n"], ([n] for n in range(5)), sheet="Journal") == 5

    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert {
        sheet.title: [row[0].value for row in sheet.iter_rows()] for sheet in book.worksheets
    } == {"Journal": ["n", 0, 1], "Journal 2": ["n", 2, 3], "Journal 3": ["n", 4]}
