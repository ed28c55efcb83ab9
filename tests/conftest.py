"""The world tests live in: real PostgreSQL as the application's role, cloned from a migrated template."""

import fcntl
import gc
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.template import Context, Template
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.migrating import migrating_quickly
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.people import a_tenant, members_at_once
from tests.ordering import shared_out

# Neither a busy box nor another run's draw of examples decides about a change.
hypothesis_settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("steady")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the catalogues once, before any process loads them: a fresh checkout holds only their sources."""
    if not hasattr(session.config, "workerinput"):
        call_command("compile_texts", verbosity=0)


def pytest_collection_finish() -> None:
    """Leave modules and tests out of the collector's walks: nothing of them is garbage before the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _one_context_a_page(django_test_environment: None) -> Iterator[None]:
    """Keep the context of a page for `response.context`, not a copy for each of its hundreds of parts."""
    whole = Template._render  # type: ignore[attr-defined]

    def render(self: Template, context: Context) -> str:
        if context.template is self or not isinstance(context.template, Template):
            whole_page: str = whole(self, context)
            return whole_page
        return self.nodelist.render(context)

    Template._render = render  # type: ignore[attr-defined]
    yield
    Template._render = whole  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long modules first in each process; alike in all of them, as xdist asks."""
    if workers := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = shared_out(items, workers)


Made = TypeVar("Made")
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def _migrations_key() -> str:
    digest = hashlib.sha256()
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for file in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(file.name.encode() + file.read_bytes())
    for file in sorted((Path(settings.BASE_DIR) / "prm" / "tenancy").glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _admin() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True)


def _point_at(name: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _template(admin: psycopg.Connection) -> str:
    """Make the migrated template once per state of the migrations; return its name."""
    name = f"prm_tpl_{_migrations_key()}"
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            return name
        building = sql.Identifier(f"{name}_build")
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(building))
        admin.execute(sql.SQL("create database {} owner prm_owner").format(building))
        _point_at(f"{name}_build")
        with migrating_quickly():
            call_command("migrate", verbosity=0, database="owner")
        connections["owner"].close()
        admin.execute(
            sql.SQL("alter database {} rename to {}").format(building, sql.Identifier(name))
        )
    return name


def _clone(admin: psycopg.Connection, template: str, name: str) -> None:
    admin.execute(
        sql.SQL("create database {} template {} strategy file_copy owner prm_owner").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[str]:
    """Give this process its own database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"prm_test_{worker}_{os.getpid()}"
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with _admin() as admin:
            template = _template(admin)
            _clone(admin, template, name)
        _point_at(name)
        yield template
        _point_at(name)
        # A connection of its own: a test may have taken the server down meanwhile.
        with _admin() as admin:
            _drop(admin, name)


@pytest.fixture(autouse=True)
def _quiet_cache() -> None:
    """Give each test a cache of its own: rate limits and cached rows reach neither the next test nor another run."""
    settings.CACHES["default"]["KEY_PREFIX"] = f"test-{os.urandom(6).hex()}"
    # Threads make theirs from the settings; this thread's is made anew.
    with suppress(AttributeError):
        del caches["default"]


@contextmanager
def _real(template: str) -> Iterator[str]:
    """Work in a clone until the block ends."""
    name = f"prm_real_{os.getpid()}_{os.urandom(3).hex()}"
    before = connections["default"].settings_dict["NAME"]
    with _admin() as admin:
        _clone(admin, template, name)
    _point_at(name)
    try:
        yield name
    finally:
        _point_at(before)
        with _admin() as admin:
            _drop(admin, name)


@pytest.fixture
def real_database(
    request: pytest.FixtureRequest,
    django_db_setup: str,
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[str]:
    """Give one test a database of its own in which commits are real; for races, workers and browsers.

    A module whose tests all begin with the same rows makes them once in a fixture `built`: its database is cloned.
    """
    built: Built[Any] | None = (
        request.getfixturevalue("built") if "built" in request.fixturenames else None
    )
    with (
        django_db_blocker.unblock(),  # type: ignore[attr-defined]
        _real(built.database if built else django_db_setup) as name,
    ):
        yield name


@dataclass(frozen=True)
class Built(Generic[Made]):
    """A database with rows in it, to be cloned, and what its builder returned."""

    database: str
    made: Made


@contextmanager
def built_once(
    template: str, blocker: pytest.FixtureRequest, build: Callable[[], Made]
) -> Iterator[Built[Made]]:
    """Build in a database of its own and leave it alone: nobody may be connected to what is cloned."""
    before = connections["default"].settings_dict["NAME"]
    with blocker.unblock(), _real(template) as name:  # type: ignore[attr-defined]
        made = build()
        _point_at(before)
        yield Built(name, made)


@dataclass(frozen=True)
class World:
    """Two vendors that must never meet, and the vendor's people of the first."""

    acme: Tenant
    globex: Tenant
    manager: User
    finance: User
    second_finance: User
    admin: User
    stranger: User


@dataclass(frozen=True)
class Peopled:
    """A database of this process in which the cast is there already: half of all tests begin with it."""

    connection: BaseDatabaseWrapper
    world: World


@pytest.fixture(scope="session")
def peopled(django_db_setup: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[Peopled]:
    """Make the second database and the cast in it."""
    plain = connections["default"]
    connection = plain.copy()
    name = connection.settings_dict["NAME"] = f"{plain.settings_dict['NAME']}_cast"
    with django_db_blocker.unblock(), _admin() as admin:  # type: ignore[attr-defined]
        _clone(admin, django_db_setup, name)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connections["default"] = connection
        try:
            cast = make_world()
        finally:
            connections["default"] = plain
    yield Peopled(connection, cast)
    connection.close()
    with _admin() as admin:
        _drop(admin, name)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """Let the transaction of a test that asks for the cast begin in the database that has it."""
    if fixturedef.argname == "_django_db_helper" and "world" in request.fixturenames:
        plain = connections["default"]
        connections["default"] = request.getfixturevalue("peopled").connection

        def back() -> None:
            connections["default"] = plain

        fixturedef.addfinalizer(back)


@pytest.fixture
def world(db: None, peopled: Peopled) -> World:
    """Return both tenants and their staff; no scope is open."""
    return deepcopy(peopled.world)


def make_world() -> World:
    """Make the cast in whatever database is current, in few statements: thousands of tests begin with it."""
    acme, globex = a_tenant("acme"), a_tenant("globex")
    manager, finance, second_finance, admin, stranger = members_at_once(
        (acme, Role.CHANNEL_MANAGER, "manager@acme.example", "Mara Manager"),
        (acme, Role.FINANCE, "finance@acme.example", "Fay Finance"),
        (acme, Role.FINANCE, "second@acme.example", "Sanna Second"),
        (acme, Role.PROGRAM_ADMIN, "admin@acme.example", "Ada Admin"),
        (globex, Role.PROGRAM_ADMIN, "admin@globex.example", "Gus Globex"),
    )
    return World(
        acme=acme,
        globex=globex,
        manager=manager,
        finance=finance,
        second_finance=second_finance,
        admin=admin,
        stranger=stranger,
    )


@pytest.fixture
def acme(world: World) -> Iterator[Tenant]:
    """Open the scope of the first tenant for tests that call services."""
    with tenant_scope(world.acme.id):
        yield world.acme


@pytest.fixture
def at() -> datetime:
    """A fixed moment: Wednesday 18 November 2026, 12:00 UTC."""
    return NOON


@pytest.fixture
def deliver(world: World) -> Callable[[], int]:
    """Run the handlers of everything that happened, as the relay does; only outside a scope."""
    from prm.events.relay import relay_tenant

    return lambda: relay_tenant(world.acme.id) + relay_tenant(world.globex.id)
