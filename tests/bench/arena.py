"""A database of its own for one run, made from the migrations and dropped at the end."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo, sql


def prepare_settings(folder: Path) -> None:
    """Make Django run as in production, but for the names of static files, which only `collectstatic` knows."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "prm.settings",
        "DEBUG": "0",
        "LOG_LEVEL": "ERROR",
        "DATA_DIR": str(folder),
        "STATIC_ROOT": str(folder / "static"),
        "PUBLIC_ORIGIN": "http://localhost:8000",
        "ALLOWED_HOSTS": "localhost",
    }
    os.environ.setdefault("SECRET_KEY", "only-for-the-bench")
    os.environ.setdefault("FIELD_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    (folder / "static").mkdir()
    from django.conf import settings

    # Nobody else's worker may hear this run's bell.
    settings.CELERY_BROKER_URL = "memory://"
    settings.CACHES["default"]["KEY_PREFIX"] = f"bench-{os.getpid()}"
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }


class Arena:
    """The run's database: `app` work goes through Django, bulk data through `admin`, which nothing stops."""

    def __init__(self, name: str, admin_url: str) -> None:
        self.name = name
        self.url = conninfo.make_conninfo(admin_url, dbname=name)
        self.admin = psycopg.connect(self.url, autocommit=True)
        # Bulk data is made valid here; triggers and foreign keys would only check that.
        self.admin.execute("set session_replication_role = replica; set work_mem = '64MB'")

    def run(self, statement: str, **values: Any) -> int:
        """Execute one statement past triggers and policies; return the number of rows."""
        return self.admin.execute(statement, values).rowcount

    def ask(self, statement: str, **values: Any) -> Any:
        """Return the first column of the first row."""
        row = self.admin.execute(statement, values).fetchone()
        return row[0] if row else None

    def tidy(self, *tables: str) -> None:
        """Vacuum and analyse tables, as autovacuum would."""
        for table in tables:
            self.admin.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(table)))


@contextmanager
def arena() -> Iterator[Arena]:
    """Make the database, point Django at it, migrate, and drop it at the end."""
    admin_url = os.environ.get("DATABASE_ADMIN_URL")
    if not admin_url:
        sys.exit(
            "DATABASE_ADMIN_URL is not set. Run `make bench`, or read the environment of running stores first."
        )
    name = f"prm_bench_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="prm-bench-") as folder:
        prepare_settings(Path(folder))
        with psycopg.connect(admin_url, autocommit=True) as admin:
            identity = sql.Identifier(name)
            admin.execute(sql.SQL("create database {} owner prm_owner").format(identity))
            try:
                # Both sides alike: what a helper process burns is not in a backend's own account.
                admin.execute(
                    sql.SQL("alter database {} set max_parallel_workers_per_gather = 0").format(
                        identity
                    )
                )
                _migrate(name)
                yield Arena(name, admin_url)
            finally:
                _let_go()
                admin.execute(sql.SQL("drop database if exists {} with (force)").format(identity))


def _migrate(name: str) -> None:
    import django
    from django.conf import settings

    for alias in ("default", "owner"):
        settings.DATABASES[alias]["NAME"] = name
    django.setup()
    from django.core.management import call_command

    from prm.migrating import migrating_quickly

    with migrating_quickly():
        call_command("migrate", database="owner", verbosity=0)


def _let_go() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
