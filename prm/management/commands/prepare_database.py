"""`manage.py prepare_database`: roles and database where they are missing, then every migration."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from psycopg import sql

from prm import env
from prm.tenancy.roles import roles_sql


class Command(BaseCommand):
    """Prepare a PostgreSQL server for this portal; a repeat changes nothing.

    With DATABASE_ADMIN_URL (a superuser) it makes the roles and the database that DATABASE_URL and
    DATABASE_OWNER_URL name; without it they must be there. It migrates as the owner.
    """

    help = __doc__ or ""

    def handle(self, *_: Any, **options: Any) -> None:
        """Run both steps."""
        if address := env.text("DATABASE_ADMIN_URL", ""):
            self._make_roles_and_database(address)
        call_command("migrate", database="owner", interactive=False, verbosity=options["verbosity"])

    def _make_roles_and_database(self, address: str) -> None:
        app, owner = settings.DATABASES["default"], settings.DATABASES["owner"]
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(roles_sql(owner["PASSWORD"]))
            for role in (app, owner):
                admin.execute(
                    sql.SQL("alter role {} password {}").format(
                        sql.Identifier(role["USER"]), sql.Literal(role["PASSWORD"])
                    ),
                )
            known = admin.execute("select 1 from pg_database where datname = %s", [owner["NAME"]])
            if known.fetchone() is None:
                admin.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(owner["NAME"]), sql.Identifier(owner["USER"])
                    ),
                )
