"""Two deeds that meet at a chosen point, on connections of their own: no clocks, one waits for the other's locks."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import get_ident
from typing import Any
from unittest.mock import patch

from django.db import connection

from prm.tenancy.scope import tenant_scope

Deed = Callable[[], Any]


def waits_or_is_done(other: "Future[Any]") -> None:
    """Return once the other thread is through, or waits for a lock of ours."""
    until = time.monotonic() + 60
    # Asked without a pause the database would have no time for the other.
    while not wait([other], timeout=0.01).done and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "select exists (select from pg_locks where not granted and pid <> pg_backend_pid()"
                " and pg_backend_pid() = any(pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0]:
                return


def closing_after(work: Deed) -> Any:
    """Do the work on a connection that ends with it."""
    try:
        return work()
    finally:
        connection.close()


def in_the_middle_of(
    first: Deed, place: object, name: str, second: Deed, *, tenant_id: int
) -> list[Any]:
    """Do `first`; when it is about to call `name` of `place`, let `second` go as far as it can; then go on.

    Return what came of both, exceptions too. Raises when the place was never reached.
    """
    asked, here = getattr(place, name), get_ident()
    begun: list[Future[Any]] = []

    def apart() -> Any:
        with tenant_scope(tenant_id):
            return second()

    with ThreadPoolExecutor(1) as pool:

        def reached(*args: Any, **named: Any) -> Any:
            if not begun and get_ident() == here:
                begun.append(pool.submit(closing_after, apart))
                waits_or_is_done(begun[0])
            return asked(*args, **named)

        with patch.object(place, name, reached):
            found = _outcome(lambda: _inside(tenant_id, first))
        return [found, _outcome(lambda: begun[0].result(timeout=60))]


def _inside(tenant_id: int, deed: Deed) -> Any:
    with tenant_scope(tenant_id):
        return deed()


def _outcome(deed: Deed) -> Any:
    try:
        return deed()
    except Exception as error:  # noqa: BLE001  the test looks at it
        return error
