"""The ground of journeys: a portal in the browser, with a real worker and beat, on a database of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.browser import Visitor, chromium, serving, visitor
from tests.builders.people import PASSWORD
from tests.conftest import World, make_world
from tests.worker import broker_of_its_own, real_worker


@dataclass
class Ground:
    """Where a journey takes place and who has a browser open there."""

    world: World
    origin: str
    people: dict[str, Visitor]
    stack: ExitStack
    browser: Browser

    def person(self, email: str, *, phone: bool = False) -> Visitor:
        """Return the signed-in browser of a person."""
        if email not in self.people:
            opened = visitor(self.browser, self.origin, phone=phone)
            self.people[email] = self.stack.enter_context(opened)
            self.people[email].log_in(email, PASSWORD, at="/acme/accounts/login/")
        return self.people[email]


@pytest.fixture
def ground(real_database: str, tmp_path: Path) -> Iterator[Ground]:
    """Open the portal with the cast of two tenants."""
    with opened_ground(real_database, tmp_path) as ground:
        yield ground


@contextmanager
def opened_ground(database: str, folder: Path, *, app: str = "prm") -> Iterator[Ground]:
    """Open the portal on a database. app: what the worker runs."""
    world = make_world()
    with ExitStack() as stack:
        prefix = stack.enter_context(broker_of_its_own())
        same_files = {"DATA_DIR": str(settings.DATA_DIR)}
        stack.enter_context(real_worker(database, folder, prefix, app=app, environment=same_files))
        origin = stack.enter_context(serving())
        browser = stack.enter_context(chromium())
        yield Ground(world, origin, {}, stack, browser)
