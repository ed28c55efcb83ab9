"""Write clicks down as they come: one call of a guarded function, which waits for no disk."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

_TAKE = "select referrals_click_take(%s, %s, %s, %s, %s, %s)"


class Line:
    """A connection of the process's own for clicks, shared by its threads, which psycopg lets in one by one.

    A followed link so needs neither a connection of the pool nor the question whether that still lives.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: psycopg.Connection[Any] | None = None
        self._leads_to = ""

    def ask(self, query: str, values: Sequence[Any]) -> Any:
        """Return the first value of a statement of its own; a connection that died is replaced once."""
        line = self._connected()
        try:
            return _first(line, query, values)
        except psycopg.OperationalError:
            # Nobody knows whether the statement was done. A click done twice is a double, and not counted.
            if not line.closed:
                raise
        return _first(self._connected(), query, values)

    def close(self) -> None:
        """Let go of the database; the next click connects anew."""
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = None

    def _connected(self) -> "psycopg.Connection[Any]":
        leads_to = str(connection.settings_dict["NAME"])
        line = self._open
        if line is not None and not line.closed and leads_to == self._leads_to:
            return line
        with self._lock:
            if self._open is None or self._open.closed or leads_to != self._leads_to:
                given = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
                self._open = psycopg.connect(**given, autocommit=True)
                self._leads_to = leads_to
            return self._open


def _first(line: "psycopg.Connection[Any]", query: str, values: Sequence[Any]) -> Any:
    row = line.execute(query, values).fetchone()
    return row[0] if row else None


LINE = Line()


def take_click(
    *, tenant_id: int, link_id: UUID, visitor: bytes, channel: str, campaign: str, at: datetime
) -> bool:
    """Write one click, in one call that waits for no disk; False when the link is retired or gone.

    Works inside and outside a scope; inside, it is written with the scope's transaction. visitor:
    visitors.visitor_key. It is counted later: counting.fold_clicks.
    """
    given: list[Any] = [tenant_id, link_id, at, visitor, channel, campaign]
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        return bool(LINE.ask(_TAKE, given))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, given)
        return bool(cursor.fetchone()[0])
