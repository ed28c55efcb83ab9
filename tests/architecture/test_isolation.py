"""Every URL gives every kind of person the answer that tests/authz.yml declares, for own and foreign objects."""

import importlib
import pkgutil
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
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
from tests.conftest import World

DECLARATIONS = Path(__file__).parent.parent / "authz.yml"
ACTORS = ("rep", "partner_admin", "manager", "finance", "admin")
METHODS = ("GET", "POST")
LIBRARY = re.compile(r"^(account_|mfa_|usersessions_|socialaccount_)")

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


@pytest.fixture
def stage(world: World) -> Stage:
    from tests.builders.partners import a_partner

    def cast(tenant: Tenant, name: str, admin: User) -> Cast:
        with tenant_scope(tenant.id):
            partner = a_partner(name=name)
        inside = {"partner_id": partner.id, "partner_name": partner.name}
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
        "rival_rep": casts["rival"].rep,
        "rival_admin": casts["rival"].partner_admin,
        "stranger": world.stranger,
        "foreign_rep": casts["foreign"].rep,
    }
    return Stage(world, people, casts)


def request(
    stage: Stage, person: str | None, method: str, name: str, kwargs: dict[str, Any]
) -> Any:
    """Send one request as one person and undo whatever it did."""
    client = Client(raise_request_exception=False)
    path = tenant_path(stage.world.acme, name, **kwargs)
    with transaction.atomic():
        if person:
            client.force_login(
                stage.people[person], backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        response = client.get(path) if method == "GET" else client.post(path, {})
        if getattr(response, "streaming", False):
            response.close()
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
    text = re.sub(r"""(csrfmiddlewaretoken|name="next)" value="[^"]*"|hx-headers='[^']*'""", "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}|\b\d{1,9}\b", "#", text)
    return re.sub(r'nonce="[^"]*"|next=[^"&]*|href="/[^"]*"|action="[^"]*"', "", text)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(declarations()))
def test_answers_as_declared(name: str, stage: Stage) -> None:
    block = declarations()[name]
    kinds: dict[str, str] = block.get("kwargs", {})
    own = {key: stage.object("own", kind) for key, kind in kinds.items()}
    wrong: list[str] = []

    def expect(
        person: str | None, method: str, owner: str, kwargs: dict[str, Any], wanted: str
    ) -> Any:
        response = request(stage, person, method, name, kwargs)
        status = response.status_code
        right = {
            "in": let_in(response, method),
            "sign in": sent_to_sign_in(response),
            "refused": status == 403,
            "hidden": status == 404,
            "method": status == 405,
        }[wanted]
        if not right:
            wrong.append(f"{person} {method} on {owner}: wanted {wanted}, got {status}")
        return response

    for method in METHODS:
        allowed = block.get(method)
        if block.get("public") or block.get("signed_in"):
            everybody = allowed is not None
            if block.get("public"):
                expect(None, method, "own", own, "in" if everybody else "method")
            else:
                expect(None, method, "own", own, "sign in")
            expect("rep", method, "own", own, "in" if everybody else "method")
            continue
        if allowed is None:
            expect("admin", method, "own", own, "method")
            continue
        expect(None, method, "own", own, "sign in")
        expect("stranger", method, "own", own, "hidden")
        expect("foreign_rep", method, "own", own, "hidden")
        for actor in ACTORS:
            hidden = actor in block.get("hidden", [])
            expect(
                actor,
                method,
                "own",
                own,
                "in" if actor in allowed else "hidden" if hidden else "refused",
            )
        foreign = {key: stage.object("foreign", kind) for key, kind in kinds.items()}
        real_kinds = {key: kind for key, kind in kinds.items() if not kind.startswith("=")}
        if not real_kinds:
            continue
        missing = ids_missing(kinds, stage)
        for actor in allowed:
            there = expect(actor, method, "another tenant's", foreign, "hidden")
            nowhere = expect(actor, method, "nothing", missing, "hidden")
            if body(there) != body(nowhere):
                wrong.append(
                    f"{actor} {method}: another tenant's object and none at all look different"
                )
        if not block.get("shared"):
            for actor, rival in (("rep", "rival_rep"), ("partner_admin", "rival_admin")):
                if actor in allowed:
                    expect(rival, method, "a rival's", own, "hidden")

    assert wrong == []
