"""Uploaded spreadsheets: limits before parsing, then one plain form (UTF-8 CSV, commas) that everything else reads."""

import codecs
import csv
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 100
MAX_ENTRIES = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
MAX_CELL = 20_000
# Of one record, its commas counted: csv makes a list of it before anybody can count the cells.
MAX_RECORD = 500_000
# What a sheet of a workbook holds, empty lines counted.
MAX_LINES = 1_048_576
# Parts of a workbook that are read whole before its first row is: names of sheets, not what is in them.
MAX_LIST = 1024 * 1024
CHILD_MEMORY = 512 * 1024 * 1024
CHILD_SECONDS = 60
DELIMITERS = ",;\t|"
# The plain form is recognised by its name.
PLAIN_ENDING = ".rows.csv"
_LISTS = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
_CHILD = Path(__file__).with_name("sheet_child.py")
_OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1")


class FileRefused(ValueError):
    """The file cannot be taken; the code says why and `words` says it to the person."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def words(self) -> str:
        """The reason, and what to do about it."""
        return {
            "empty": _(
                "The file is empty. Choose a file with a heading line and at least one row."
            ),
            "too_large": _(
                "The file is larger than 10 MB when read. Split it and import the parts one after the other."
            ),
            "too_many_rows": _(
                "The file has more than 100,000 rows. Split it and import the parts one after the other."
            ),
            "too_many_columns": _(
                "The file has more than 100 columns. Remove the columns you do not need."
            ),
            "old_excel": _(
                "This is an old Excel file. Save it as .xlsx or .csv and choose it again."
            ),
            "locked": _(
                "The workbook is protected by a password. Save a copy without one and choose that."
            ),
            "bomb": _(
                "The workbook unpacks to far more than its size. Save it as .csv and choose that."
            ),
            "encoding": _(
                "The file is no text in UTF-8 or Windows-1252. Save it as CSV UTF-8 and choose it again."
            ),
            "ragged": _(
                "A row has more cells than there are headings. Write amounts with a decimal comma in quotes, or "
                "save the file with semicolons between its cells."
            ),
            "cell_too_long": _(
                "A cell of the file holds more than 20,000 characters. Shorten it and choose the file again."
            ),
        }.get(
            self.code, _("The file cannot be read. Save it as .csv or .xlsx and choose it again.")
        )


@dataclass(frozen=True)
class Sheet:
    """What a plain file holds. headings: unique, never empty. row_count: without the heading line."""

    headings: list[str]
    row_count: int


def is_workbook(path: Path) -> bool:
    """Tell by content whether a file is an XLSX workbook."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def inspect(path: Path) -> None:
    """Look at size, kind and, for workbooks, the zip directory; nothing is unpacked. Raises FileRefused."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("empty")
    if size > MAX_BYTES:
        raise FileRefused("too_large")
    with path.open("rb") as file:
        start = file.read(8)
    if start == _OLD_EXCEL:
        raise FileRefused("old_excel")
    if start.startswith(b"PK\x03\x04"):
        _inspect_zip(path)


def _inspect_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused("unreadable") from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise FileRefused("locked")
    if not any(entry.filename == "xl/workbook.xml" for entry in entries):
        raise FileRefused("unreadable")
    unpacked = sum(entry.file_size for entry in entries)
    ratio = max(
        (
            entry.file_size / max(entry.compress_size, 1)
            for entry in entries
            if entry.file_size > 1 << 20
        ),
        default=0,
    )
    lists = max(entry.file_size for entry in entries if entry.filename in _LISTS)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or ratio > MAX_RATIO:
        raise FileRefused("bomb")
    if lists > MAX_LIST:
        raise FileRefused("bomb")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_plain(source: Path, target: Path, *, ragged: bool = True) -> Sheet:
    """Write the file in plain form: a heading line, then line number and cells of every row that is not empty.

    ragged: whether rows of a list may have cells without a heading, which are left out; not where money is read,
    because commas cut an amount in two. Raises FileRefused.
    """
    inspect(source)
    if is_workbook(source):
        with tempfile.TemporaryDirectory() as folder:
            sheet = Path(folder) / "sheet.csv"
            _run_child(source, sheet)
            return _plain_csv(sheet, target, "utf-8", ",", ragged=True)
    encoding = _encoding_of(source)
    delimiter = _delimiter_of(source, encoding)
    return _plain_csv(source, target, encoding, delimiter, ragged=ragged)


def _run_child(source: Path, target: Path) -> None:
    numbers = [MAX_ROWS, MAX_COLUMNS, CHILD_MEMORY, CHILD_SECONDS]
    command = [sys.executable, "-I", str(_CHILD), str(source), str(target), *map(str, numbers)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHILD_SECONDS * 2, check=False)  # noqa: S603  our own script
    except subprocess.TimeoutExpired as error:
        raise FileRefused("too_large") from error
    said = done.stdout.decode("ascii", "replace").strip()
    if said != "ok":
        raise FileRefused(said if done.returncode == 0 and said else "too_large")


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if start.startswith(mark):
                return name
    for name in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(name)()
        with path.open("rb") as file:
            try:
                while chunk := file.read(1 << 20):
                    if "\x00" in decoder.decode(chunk):
                        raise FileRefused("encoding")
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return name
    raise FileRefused("encoding")


def _delimiter_of(path: Path, encoding: str) -> str:
    """Return the sign that cuts the first lines into the same number of cells most often, the most cells winning."""

    def score(delimiter: str) -> tuple[float, int]:
        with path.open(encoding=encoding, newline="") as file:
            try:
                widths = [len(row) for row in islice(records(file, delimiter), 30) if row]
            except UnicodeError as error:
                raise FileRefused("encoding") from error
            except (csv.Error, FileRefused):
                return 0.0, 0
        if not widths:
            return 0.0, 0
        width, times = Counter(widths).most_common(1)[0]
        return (times / len(widths), width) if width > 1 else (0.0, 0)

    best = max(DELIMITERS, key=score)
    return best if score(best)[1] else ","


def _plain_csv(source: Path, target: Path, encoding: str, delimiter: str, *, ragged: bool) -> Sheet:
    with (
        source.open(encoding=encoding, newline="") as file,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out)
        try:
            return _copy(records(file, delimiter), writer, ragged=ragged)
        except UnicodeError as error:
            raise FileRefused("encoding") from error
        except csv.Error as error:
            raise FileRefused(
                "cell_too_long" if "field larger" in str(error) else "unreadable"
            ) from error


def records(file: TextIO, delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of each record; memory stays small whatever the file is, as long as it is open for text.

    Raises FileRefused at the first record that is too long, or behind too many lines; csv.Error and UnicodeError.
    """
    left = MAX_RECORD

    def lines() -> Iterator[str]:
        nonlocal left
        count = 0
        while line := file.readline(left + 1):
            left -= len(line)
            count += 1
            if left < 0:
                wide = line.count(delimiter) >= MAX_COLUMNS
                raise FileRefused("too_many_columns" if wide else "cell_too_long")
            if count > MAX_LINES:
                raise FileRefused("too_many_rows")
            yield line

    for row in csv.reader(lines(), delimiter=delimiter):
        left = MAX_RECORD
        yield row


def _copy(rows: Iterable[list[str]], writer: Any, *, ragged: bool) -> Sheet:
    headings: list[str] = []
    count = 0
    for line, row in enumerate(rows, start=1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > MAX_COLUMNS and any(cell.strip() for cell in row[MAX_COLUMNS:]):
            raise FileRefused("too_many_columns")
        if any(len(cell) > MAX_CELL for cell in row):
            raise FileRefused("cell_too_long")
        # No column of the database holds it, and files with a byte order mark are not looked through before.
        if any("\x00" in cell for cell in row):
            raise FileRefused("encoding")
        if not headings:
            headings = _unique(row[:MAX_COLUMNS])
            writer.writerow(["line", *headings])
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused("too_many_rows")
        if not ragged and any(cell.strip() for cell in row[len(headings) :]):
            raise FileRefused("ragged")
        # Every row gets every cell, so that readers never ask whether one is there.
        writer.writerow([line, *row[: len(headings)], *[""] * (len(headings) - len(row))])
    if not count:
        raise FileRefused("empty")
    return Sheet(headings, count)


def _unique(row: Sequence[str]) -> list[str]:
    """Name empty headings by their place and number repeated ones."""
    found: list[str] = []
    for place, cell in enumerate(row, start=1):
        name = " ".join(cell.split())[:100] or f"column {place}"
        again = 2
        unique = name
        while unique in found:
            unique, again = f"{name} ({again})", again + 1
        found.append(unique)
    return found


def headings_of(path: Path) -> list[str]:
    """Return the headings of a plain file."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))[1:]


def rows_of(path: Path, *, after: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of a plain file's rows, those behind the line `after`."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for row in reader:
            line = int(row[0])
            if line > after:
                yield line, row[1:]
