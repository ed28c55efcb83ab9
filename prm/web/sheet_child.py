"""Turn the first sheet of a workbook into CSV, in a process of its own with capped memory and time.

    python -I sheet_child.py SOURCE TARGET MAX_ROWS MAX_COLUMNS MEMORY_BYTES CPU_SECONDS

Prints one line: "ok", or the code of what is wrong. Run by prm.web.spreadsheets; imports nothing of the portal.
"""

import csv
import resource
import sys
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any


def main(source: str, target: str, max_rows: int, max_columns: int) -> str:
    """Write the sheet and return "ok" or what is wrong with it."""
    import openpyxl  # noqa: PLC0415  imported under the memory cap

    # An open file, because openpyxl judges paths by their ending.
    with (
        Path(source).open("rb") as file,
        Path(target).open("w", encoding="utf-8", newline="") as out,
    ):
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What the file says of its own size may be a lie or a trap; only the caps below count.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=max_rows + 2, max_col=max_columns + 1, values_only=True)
        return _write(csv.writer(out), rows, max_rows, max_columns)


def _write(writer: Any, rows: Iterable[tuple[Any, ...]], max_rows: int, max_columns: int) -> str:
    for number, row in enumerate(rows, start=1):
        if len(row) > max_columns and row[max_columns] is not None:
            return "too_many_columns"
        texts = [_text(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        if texts and number > max_rows + 1:
            return "too_many_rows"
        writer.writerow(texts)
    return "ok"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if value.time() == time(0)
            else value.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


if __name__ == "__main__":
    memory, seconds = int(sys.argv[5]), int(sys.argv[6])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        said = main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    except MemoryError:
        said = "too_large"
    except Exception:  # noqa: BLE001  whatever a broken file does to the reader, the answer is the same
        said = "unreadable"
    sys.stdout.write(said)
