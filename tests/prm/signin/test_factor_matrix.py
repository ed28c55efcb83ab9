"""No way around the second factor (THREATS.md, S22): half-done sign-ins and staff without one, on every address."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import get_resolver

from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.models import Event
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World
from tests.prm.signin.conftest import code_in_the_mail, recovery_codes_of, signed_in

App = Callable[[User], Callable[..., str]]
Enter = Callable[[Client, User], None]
LOGIN, FACTOR = "/acme/accounts/login/", "/acme/accounts/2fa/authenticate/"
SETUP = "/acme/accounts/2fa/"
METHODS = ("get", "head", "post")
# Where somebody may be who must set a factor up first: their own places, languages, the vendor's colours.
OPEN = ("/acme/brand.css", "/acme/logo.png", "/acme/memberships/", "/acme/language/")


def addresses() -> Iterator[str]:
    """Yield one address for every name of tests/authz.yml that is not open to everybody."""
    rules = yaml.safe_load((Path(__file__).parents[2] / "authz.yml").read_text())
    for name, rule in rules.items():
        if not rule.get("public"):
            yield _path(name)


def _path(name: str) -> str:
    *spaces, last = name.split(":")
    resolver, prefix = get_resolver("prm.tenant_urls"), ""
    for space in spaces:
        start, resolver = resolver.namespace_dict[space]
        prefix += start
    forms, _pattern, _defaults, converters = resolver.reverse_dict.getlist(last)[0]
    template, names = forms[0]
    values = {
        key: {"IntConverter": 1, "UUIDConverter": UUID(int=7)}.get(
            type(converters.get(key)).__name__, "x"
        )
        for key in names
    }
    return f"/acme/{prefix}{template % values}"


def with_password(client: Client, user: User) -> None:
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})


def with_mailed_code(client: Client, user: User) -> None:
    client.post("/acme/accounts/login/code/", {"email": user.email})
    client.post("/acme/accounts/login/code/confirm/", {"code": code_in_the_mail()})


def with_reset(client: Client, user: User) -> None:
    client.post("/acme/accounts/password/reset/", {"email": user.email})
    client.post("/acme/accounts/password/reset/confirm/", {"code": code_in_the_mail()})
    new = "another good phrase"
    client.post("/acme/accounts/password/reset/complete/", {"password1": new, "password2": new})
    client.post(LOGIN, {"login": user.email, "password": new})


def with_used_recovery_code(client: Client, user: User) -> None:
    code = recovery_codes_of(user)[0]
    other = Client()
    with_password(other, user)
    other.post(FACTOR, {"code": code})
    assert signed_in(other)
    with_password(client, user)
    client.post(FACTOR, {"code": code})


def with_another_login(client: Client, user: User) -> None:
    """The session of a person without a factor does not carry somebody else's password over it."""
    client.post(LOGIN, {"login": "finance@acme.example", "password": PASSWORD})
    client.post("/acme/accounts/logout/")
    with_password(client, user)


def refused(world: World, client: Client, paths: Iterator[str] | list[str], to: str) -> list[str]:
    """Return what was let through: any answer but a redirect to `to`, on every method."""
    with tenant_scope(world.acme.id):
        before = Event.objects.count()
    let_through = []
    for path in paths:
        for method in METHODS:
            response = getattr(client, method)(path)
            target = response.headers.get("Location", "")
            # A form that only takes posts answers a get with 405 before it looks at anybody.
            if response.status_code == 405 or (
                response.status_code == 302 and target.startswith(to)
            ):
                continue
            let_through.append(f"{method} {path}: {response.status_code} {target}")
    with tenant_scope(world.acme.id):
        assert Event.objects.count() == before
    return let_through


@pytest.mark.parametrize(
    ("enter", "factor"),
    [
        (with_password, "app"),
        (with_password, "passkey"),
        (with_mailed_code, "app"),
        (with_mailed_code, "passkey"),
        (with_reset, "app"),
        (with_reset, "passkey"),
        (with_used_recovery_code, "app"),
        (with_another_login, "app"),
        (with_another_login, "passkey"),
    ],
)
def test_half_a_sign_in_opens_nothing(
    world: World, client: Client, with_app: App, enter: Enter, factor: str
) -> None:
    if factor == "app":
        with_app(world.manager)
    elif enter is with_used_recovery_code:
        pytest.skip(
            "the page of a passkey needs a real one; tests/prm/signin/test_browser.py has it"
        )
    else:
        Authenticator.objects.create(user=world.manager, type="webauthn", data={"name": "Key"})

    enter(client, world.manager)

    assert not signed_in(client)
    few = [
        *("/acme/manage/", "/acme/manage/finance/", "/acme/manage/settings/", "/acme/profile/"),
        f"/acme/jobs/{UUID(int=7)}/file/",
        "/acme/manage/audit/export/",
        "/acme/memberships/choose/",
    ]
    assert refused(world, client, few, LOGIN) == []
    # Nor may the half-signed-in person give themselves a factor, or take the one there is.
    for page in ("totp/activate/", "totp/deactivate/", "webauthn/", "recovery-codes/generate/"):
        assert client.post(f"{SETUP}{page}").status_code in {302, 404, 405}, page
    kind = "totp" if factor == "app" else "webauthn"
    assert Authenticator.objects.filter(user=world.manager, type=kind).exists()
    assert (
        Authenticator.objects.filter(user=world.manager)
        .exclude(type__in=[kind, "recovery_codes"])
        .count()
        == 0
    )


def test_a_password_alone_opens_no_address_at_all(
    world: World, client: Client, with_app: App
) -> None:
    with_app(world.admin)
    with_password(client, world.admin)

    assert refused(world, client, addresses(), LOGIN) == []


@pytest.fixture
def strict(world: World) -> Tenant:
    """The vendor asks its staff for a second factor."""
    Tenant.objects.filter(id=world.acme.id).update(require_second_factor=True)
    return world.acme


def test_staff_who_must_set_a_factor_up_reach_no_address_before(
    world: World, strict: Tenant, client: Client
) -> None:
    with_password(client, world.admin)
    assert signed_in(client)

    guarded = (path for path in addresses() if not path.startswith(OPEN))

    assert refused(world, client, guarded, SETUP) == []


def test_a_session_from_before_the_rule_stops_with_the_rule(world: World, client: Client) -> None:
    with_password(client, world.admin)
    assert client.get("/acme/manage/").status_code == 200

    Tenant.objects.filter(id=world.acme.id).update(require_second_factor=True)

    assert client.get("/acme/manage/").headers["Location"] == SETUP


def test_coming_from_a_place_without_the_rule_does_not_skip_it(
    world: World, strict: Tenant, client: Client
) -> None:
    with tenant_scope(world.globex.id):
        partner = a_partner()
    a_member(
        world.globex, Role.PARTNER_REP, world.manager.email, partner_id=partner.id, partner_name="B"
    )
    client.post("/globex/accounts/login/", {"login": world.manager.email, "password": PASSWORD})
    assert client.get("/globex/").status_code == 200
    place = world.manager.memberships.get(tenant=world.acme)

    client.post("/globex/memberships/choose/", {"membership": place.id})

    assert client.get("/acme/manage/").headers["Location"] == SETUP
    assert client.get("/globex/").status_code == 200


def test_a_removed_factor_shuts_the_door_again(
    world: World, strict: Tenant, client: Client, with_app: App
) -> None:
    code = with_app(world.manager)
    with_password(client, world.manager)
    client.post(FACTOR, {"code": code()})
    assert client.get("/acme/manage/").status_code == 200

    Authenticator.objects.filter(user=world.manager).delete()

    assert client.get("/acme/manage/").headers["Location"] == SETUP


@pytest.mark.parametrize("way", ["app", "recovery code"])
def test_the_factor_opens_the_door(
    world: World, strict: Tenant, client: Client, with_app: App, way: str
) -> None:
    code = with_app(world.manager)
    spare = recovery_codes_of(world.manager)[0]
    with_password(client, world.manager)

    client.post(FACTOR, {"code": code() if way == "app" else spare})

    assert client.get("/acme/manage/").status_code == 200


def test_there_are_addresses_to_try() -> None:
    assert len(list(addresses())) > 80
