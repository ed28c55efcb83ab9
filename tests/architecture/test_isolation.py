"""Every URL gives every kind of person the answer that tests/authz.yml declares, for own and foreign objects."""

import importlib
import pkgutil
import re
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

import tests.builders
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.tenancy.links import tenant_path
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.objects import BUILDERS, Cast
from tests.builders.people import a_member
from tests.conftest import World, make_world

DECLARATIONS = Path(__file__).parent.parent / "authz.yml"
ACTORS = ("rep", "partner_admin", "manager", "finance", "admin")
METHODS = ("GET", "POST")
# The API knows keys, not people: tests/prm/api/test_keys_and_isolation.py walks it with every kind of key.
LIBRARY = re.compile(r"^(account_|mfa_|usersessions_|socialaccount_|api:)")

for module in pkgutil.iter_modules(tests.builders.__path__):
    importlib.import_module(f"tests.builders.{module.name}")


@cache
def declarations() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(DECLARATIONS.read_text()) or {}


def named_patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from named_patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


def own_patterns() -> dict[str, URLPattern]:
    return {
        name: pattern
        for name, pattern in named_patterns(get_resolver("prm.tenant_urls"))
        if not LIBRARY.match(name)
    }


def test_every_url_is_declared_and_every_declaration_has_a_url() -> None:
    assert sorted(own_patterns()) == sorted(declarations())


def test_every_view_of_ours_wears_a_guard() -> None:
    naked = [
        name for name, pattern in own_patterns().items() if not hasattr(pattern.callback, "guard")
    ]

    assert naked == []


@dataclass
class Stage:
    """The cast of one URL's test, its objects made when first asked for."""

    world: World
    people: dict[str, User]
    casts: dict[str, Cast]
    made: dict[tuple[str, str], Any] = field(default_factory=dict)

    def object(self, owner: str, kind: str) -> Any:
        if kind.startswith("="):
            return kind[1:]
        if (owner, kind) not in self.made:
            cast = self.casts[owner]
            with tenant_scope(cast.tenant.id):
                self.made[owner, kind] = BUILDERS[kind](cast)
        return self.made[owner, kind]


@dataclass(frozen=True)
class House:
    """What all tests of this module share: the cast, and the session each of them is signed in with."""

    stage: Stage
    sessions: dict[str, str]
    client: Client


@pytest.fixture(scope="module")
def house(django_db_setup: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[House]:
    """Make the cast and sign everybody in, once; the transaction is undone after the last test."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        stage = _stage(make_world())
        sessions = {name: _signed_in(person) for name, person in stage.people.items()}
        client = Client(raise_request_exception=False)
        for session in sessions.values():
            # A first page writes where they are signed in; undone after each request, every one would.
            client.cookies.clear()
            client.cookies[settings.SESSION_COOKIE_NAME] = session
            client.get(tenant_path(stage.world.acme, "start"))
        client.cookies.clear()
        yield House(stage, sessions, client)
        transaction.set_rollback(True)


@pytest.fixture
def stage(house: House) -> Iterator[Stage]:
    """Give one test the cast, and undo what the test made of it: rows and what is held in memory."""
    with transaction.atomic():
        yield deepcopy(house.stage)
        transaction.set_rollback(True)


def _signed_in(person: User) -> str:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _stage(world: World) -> Stage:
    from tests.builders.partners import a_partner

    def cast(tenant: Tenant, name: str, admin: User) -> Cast:
        with tenant_scope(tenant.id):
            partner = a_partner(name=name)
        inside: dict[str, Any] = {"partner_id": partner.id, "partner_name": partner.name}
        slug = name.lower().replace(" ", "-")
        return Cast(
            tenant=tenant,
            partner=partner,
            rep=a_member(tenant, Role.PARTNER_REP, f"rep@{slug}.example", **inside),
            partner_admin=a_member(tenant, Role.PARTNER_ADMIN, f"boss@{slug}.example", **inside),
            manager=world.manager if tenant == world.acme else admin,
            finance=world.finance if tenant == world.acme else admin,
            second_finance=world.second_finance if tenant == world.acme else admin,
            admin=admin,
        )

    casts = {
        "own": cast(world.acme, "Own Partner", world.admin),
        "rival": cast(world.acme, "Rival Partner", world.admin),
        "foreign": cast(world.globex, "Foreign Partner", world.stranger),
    }
    people = {
        "rep": casts["own"].rep,
        "partner_admin": casts["own"].partner_admin,
        "manager": world.manager,
        "finance": world.finance,
        "admin": world.admin,
        # Sees what it sent itself: sharing among reps is the partner's choice, and none was made.
        "colleague": a_member(
            world.acme,
            Role.PARTNER_REP,
            "colleague@own-partner.example",
            partner_id=casts["own"].partner.id,
            partner_name=casts["own"].partner.name,
        ),
        "rival_rep": casts["rival"].rep,
        "rival_admin": casts["rival"].partner_admin,
        "stranger": world.stranger,
        "foreign_rep": casts["foreign"].rep,
    }
    return Stage(world, people, casts)


def request(
    house: House, person: str | None, method: str, name: str, kwargs: dict[str, Any]
) -> Any:
    """Send one request as one person and undo whatever it did."""
    client = house.client
    client.cookies.clear()
    if person:
        client.cookies[settings.SESSION_COOKIE_NAME] = house.sessions[person]
    path = tenant_path(house.stage.world.acme, name, **kwargs)
    with transaction.atomic():
        response = client.get(path) if method == "GET" else client.post(path, {})
        if getattr(response, "streaming", False):
            # To its end: the client then closes it without the connection.
            b"".join(response.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    return response


def sent_to_sign_in(response: Any) -> bool:
    return response.status_code == 302 and "/accounts/login/" in response.headers["Location"]


def let_in(response: Any, method: str) -> bool:
    """Whether the person got past the guard: a page, a redirect, or for an empty form its errors."""
    fine = {200, 204, 301, 302, 303, 304} | ({400, 409, 422, 286} if method == "POST" else {286})
    return response.status_code in fine and not sent_to_sign_in(response)


def ids_missing(kwargs: dict[str, str], stage: Stage) -> dict[str, Any]:
    made = {key: stage.object("own", kind) for key, kind in kwargs.items()}
    return {
        key: value
        if kwargs[key].startswith("=")
        else uuid.UUID("0190a0a0-0000-7000-8000-000000000001")
        if isinstance(value, uuid.UUID)
        else 987_654_321
        if isinstance(value, int)
        else "nothing-here"
        for key, value in made.items()
    }


def body(response: Any) -> str:
    """The page without what differs between any two requests."""
    text = response.content.decode(errors="replace")
    text = re.sub(
        r"""(csrfmiddlewaretoken|name="next)" value="[^"]*"|hx-headers='[^']*'""", "", text
    )
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}|\b\d{1,9}\b", "#", text)
    return re.sub(r'nonce="[^"]*"|next=[^"&]*|href="/[^"]*"|action="[^"]*"', "", text)


@dataclass
class Asking:
    """All questions about one URL, and the answers that were not as declared."""

    name: str
    house: House
    stage: Stage
    wrong: list[str] = field(default_factory=list)

    @property
    def block(self) -> dict[str, Any]:
        return declarations()[self.name]

    @property
    def kinds(self) -> dict[str, str]:
        return dict(self.block.get("kwargs", {}))

    def ids(self, owner: str) -> dict[str, Any]:
        return {key: self.stage.object(owner, kind) for key, kind in self.kinds.items()}

    def expect(
        self, person: str | None, method: str, owner: str, ids: dict[str, Any], wanted: str
    ) -> Any:
        response = request(self.house, person, method, self.name, ids)
        status = response.status_code
        right = {
            "in": let_in(response, method),
            "sign in": sent_to_sign_in(response),
            "refused": status == 403,
            "hidden": status == 404,
            "method": status == 405,
        }[wanted]
        if not right:
            self.wrong.append(f"{person} {method} on {owner}: wanted {wanted}, got {status}")
        return response

    def open_to_all(self, method: str) -> None:
        """Pages for everybody, or for everybody who is signed in."""
        wanted = "in" if method in self.block else "method"
        self.expect(
            None, method, "own", self.ids("own"), wanted if self.block.get("public") else "sign in"
        )
        self.expect("rep", method, "own", self.ids("own"), wanted)

    def own_objects(self, method: str, allowed: list[str]) -> None:
        """Who may, who may not, who must not even know."""
        own = self.ids("own")
        self.expect(None, method, "own", own, "sign in")
        self.expect("stranger", method, "own", own, "hidden")
        self.expect("foreign_rep", method, "own", own, "hidden")
        hidden = self.block.get("hidden", [])
        for actor in ACTORS:
            refusal = "hidden" if actor in hidden else "refused"
            self.expect(actor, method, "own", own, "in" if actor in allowed else refusal)

    def a_colleagues_objects(self, method: str, allowed: list[str]) -> None:
        """What another rep of the same partner gets of a rep's own object: said for each, never guessed."""
        if "rep" not in allowed:
            return
        answer = self.block.get("colleague")
        if answer not in {"hidden", "in"}:
            self.wrong.append("say what a colleague gets: hidden, or in")
            return
        own, missing = self.ids("own"), ids_missing(self.kinds, self.stage)
        there = self.expect("colleague", method, "another rep's", own, answer)
        nowhere = self.expect("colleague", method, "nothing", missing, "hidden")
        if answer == "hidden" and body(there) != body(nowhere):
            self.wrong.append(f"colleague {method}: another rep's object and none look different")

    def other_objects(self, method: str, allowed: list[str]) -> None:
        """Another tenant's object and none at all look the same; a rival's is out of sight."""
        foreign, missing = self.ids("foreign"), ids_missing(self.kinds, self.stage)
        for actor in allowed:
            there = self.expect(actor, method, "another tenant's", foreign, "hidden")
            nowhere = self.expect(actor, method, "nothing", missing, "hidden")
            if body(there) != body(nowhere):
                self.wrong.append(f"{actor} {method}: a foreign object and none look different")
        if not self.block.get("shared"):
            for actor, rival in (("rep", "rival_rep"), ("partner_admin", "rival_admin")):
                if actor in allowed:
                    self.expect(rival, method, "a rival's", self.ids("own"), "hidden")


@pytest.mark.parametrize("name", sorted(declarations()))
def test_answers_as_declared(name: str, house: House, stage: Stage) -> None:
    asking = Asking(name, house, stage)
    for method in METHODS:
        allowed = asking.block.get(method)
        if asking.block.get("public") or asking.block.get("signed_in"):
            asking.open_to_all(method)
        elif allowed is None:
            asking.expect("admin", method, "own", asking.ids("own"), "method")
        else:
            asking.own_objects(method, allowed)
            if any(not kind.startswith("=") for kind in asking.kinds.values()):
                asking.other_objects(method, allowed)
                if not asking.block.get("shared"):
                    asking.a_colleagues_objects(method, allowed)

    assert asking.wrong == []
