"""A portal whose clock a test sets, here and in its worker: celery -A tests.clock runs the worker by the same one.

The database keeps real time, so the test's time lies after it: what is queued is due, and what is written is known.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from django.utils import timezone

from prm.celery import app

VARIABLE = "TEST_CLOCK"
# What waits for minutes of the vendor would be minutes of the test.
FASTER = {"release-holds": 2.0}


def _real() -> datetime:
    return datetime.now(tz=UTC)


class Clock:
    """Moments of the test: set by hand, they then pass as real ones do."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, moment: datetime) -> None:
        """Make it this moment now, for every process that goes by the clock."""
        written = self.file.with_suffix(".new")
        written.write_text(repr((moment - _real()).total_seconds()))
        written.replace(self.file)

    def now(self) -> datetime:
        """Return the test's moment."""
        return _real() + timedelta(seconds=float(self.file.read_text()))


@contextmanager
def set_clock(file: Path, moment: datetime) -> Iterator[Clock]:
    """Run this process and the workers it starts by a clock that begins at a moment."""
    clock, before = Clock(file), timezone.now
    clock.set(moment)
    timezone.now = clock.now
    os.environ[VARIABLE] = str(file)
    try:
        yield clock
    finally:
        timezone.now = before
        del os.environ[VARIABLE]


def let_holds_end_by_it(database: str) -> None:
    """Have the task that ends holds look at every tenant: the database knows what is due by real time only."""
    with psycopg.connect(
        os.environ["DATABASE_ADMIN_URL"], dbname=database, autocommit=True
    ) as admin:
        admin.execute(
            "create or replace function commissions_tenants_with_due_releases() returns table (tenant_id bigint)"
            " language sql stable security definer set search_path = pg_catalog"
            " as $$ select id from public.prm_tenant $$"
        )


if VARIABLE in os.environ:
    # A worker that a test started.
    timezone.now = Clock(Path(os.environ[VARIABLE])).now
    app.conf.beat_schedule = {
        name: {**task, "schedule": FASTER.get(name, task["schedule"])}
        for name, task in app.conf.beat_schedule.items()
    }
