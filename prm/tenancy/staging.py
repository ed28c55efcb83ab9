"""Rows on their way into tables: copied into a temporary table that is analysed, so that a batch is planned as one.

COPY into a policy-protected table is refused, arrays of parameters cost ten times as much to send, and a statement
over guessed row counts was planned a hundred times slower.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def staged(name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> Iterator[None]:
    """Hold rows in a temporary table for the block; it is gone afterwards, also when the transaction fails.

    name, columns (name -> type): constants of the code, never input.
    """
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table {name} ({declared}) on commit drop")
        with cursor.copy(f"copy {name} ({', '.join(columns)}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"analyze {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"drop table {name}")
