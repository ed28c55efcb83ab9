"""The page of an invitation: looking uses nothing up, signing up or signing in joins, nobody else can."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client
from django.utils import timezone

from prm.accounts.capabilities import Role
from prm.accounts.invitations import (
    revoke_invitation,
    token_of,
)
from prm.accounts.models import Invitation, Membership, User
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.accounts import an_invitation
from tests.builders.partners import a_partner
from tests.builders.people import PASSWORD, a_member, a_person
from tests.conftest import World, make_world
from tests.prm.signin.conftest import signed_in

PAGE = "/acme/invitation/"
Link = Callable[..., str]


@pytest.fixture
def link(world: World) -> Link:
    """Return what invites an address to the staff, or a partner, and returns the link of the mail."""

    def make(email: str = "nora@new.example", *, partner: str = "", **fields: object) -> str:
        with tenant_scope(world.acme.id):
            if partner:
                there = a_partner(name=partner)
                fields |= {"partner_id": there.id, "partner_name": there.name}
            invitation = an_invitation(email=email, **{"at": timezone.now(), **fields})
        return f"/acme/invitations/{token_of(invitation)}/"

    return make


def waiting(world: World) -> bool:
    with tenant_scope(world.acme.id):
        return Invitation.objects.get().accepted_at is None


def test_a_mail_scanner_uses_nothing_up(world: World, client: Client, link: Link) -> None:
    address = link()
    for _ in range(3):
        scanner = Client()
        assert scanner.get(address, follow=True).status_code == 200
        scanner.head(address)

    assert waiting(world)
    assert not User.objects.filter(email="nora@new.example").exists()


def test_the_secret_is_in_no_address_after_the_first(client: Client, link: Link) -> None:
    address = link()

    response = client.get(address)

    assert (response.status_code, response.headers["Location"]) == (302, PAGE)
    assert address.split("/")[3] not in client.get(PAGE).content.decode()
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_a_new_person_signs_up_and_is_in(world: World, client: Client, link: Link) -> None:
    client.get(link(partner="Cobalt"))
    page = client.get(PAGE)
    assert b"nora@new.example" in page.content

    response = client.post(PAGE, {"name": "  Nora   New ", "password": "a quiet long phrase"})

    nora = User.objects.get(email="nora@new.example")
    assert (response.status_code, signed_in(client), nora.name) == (302, True, "Nora New")
    assert EmailAddress.objects.get(user=nora).verified
    assert Membership.objects.get(user=nora).partner_name == "Cobalt"
    assert client.get("/acme/start/").headers["Location"] == "/acme/"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "Nora", "password": "short"}, "too short"),
        ({"name": "Nora", "password": "password123456"}, "too common"),
        ({"name": "", "password": "a quiet long phrase"}, "Fill in"),
        ({"name": "Nora", "password": "nora@new.example"}, "too similar"),
    ],
)
def test_a_weak_sign_up_says_what_to_do(
    world: World, client: Client, link: Link, form: dict[str, str], words: str
) -> None:
    client.get(link())

    response = client.post(PAGE, form)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert waiting(world)


def test_a_person_with_a_login_signs_in_first(world: World, client: Client, link: Link) -> None:
    a_person("nora@new.example")
    client.get(link())
    page = client.get(PAGE).content.decode()
    assert "password" not in page
    assert f"/acme/accounts/login/?next={PAGE}" in page

    refused = client.post(PAGE, {"name": "Eve", "password": "a quiet long phrase"})
    assert refused.status_code == 302
    assert waiting(world)
    client.post(
        "/acme/accounts/login/", {"login": "nora@new.example", "password": PASSWORD, "next": PAGE}
    )
    response = client.post(PAGE)

    assert response.headers["Location"] == "/acme/start/"
    assert Membership.objects.get(user__email="nora@new.example").roles == ["finance"]


def test_somebody_else_cannot_take_it(world: World, client: Client, link: Link) -> None:
    client.force_login(
        world.stranger, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    client.get(link())

    assert b"for another address" in client.get(PAGE).content
    assert client.post(PAGE).status_code == 403
    assert waiting(world)
    assert not Membership.objects.filter(user=world.stranger, tenant=world.acme).exists()


def test_a_person_of_one_partner_joins_another(world: World, client: Client, link: Link) -> None:
    with tenant_scope(world.acme.id):
        first = a_partner(name="Brightwater")
    nora = a_member(
        world.acme,
        Role.PARTNER_REP,
        "nora@new.example",
        partner_id=first.id,
        partner_name="Brightwater",
    )
    client.force_login(nora, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(link(partner="Cobalt"))

    client.post(PAGE)

    assert sorted(Membership.objects.filter(user=nora).values_list("partner_name", flat=True)) == [
        "Brightwater",
        "Cobalt",
    ]
    assert b"Cobalt" in client.get("/acme/profile/").content


@pytest.mark.parametrize("case", ["used", "expired", "revoked", "unknown"])
def test_a_dead_link_says_why_and_makes_nothing(
    world: World, client: Client, link: Link, case: str
) -> None:
    address = link(at=timezone.now() - timedelta(days=8)) if case == "expired" else link()
    if case == "unknown":
        address = "/acme/invitations/nothing-like-it/"
    if case == "used":
        client.get(address)
        client.post(PAGE, {"name": "Nora", "password": "a quiet long phrase"})
        client = Client()
    if case == "revoked":
        with tenant_scope(world.acme.id):
            revoke_invitation(
                invitation_id=Invitation.objects.get().id, actor=SYSTEM, at=timezone.now()
            )

    client.get(address)
    page = client.get(PAGE)
    posted = client.post(PAGE, {"name": "Eve", "password": "a quiet long phrase"})

    assert (page.status_code, posted.status_code) == (410, 410)
    words = {
        "used": "accepted already",
        "expired": "older than seven days",
        "revoked": "taken back",
        "unknown": "not complete",
    }
    assert words[case] in page.content.decode()
    assert not User.objects.filter(name="Eve").exists()


def test_a_link_of_another_tenant_opens_nothing(client: Client, link: Link) -> None:
    client.get(link().replace("/acme/", "/globex/"))

    assert client.get("/globex/invitation/").status_code == 410


@pytest.mark.race
@pytest.mark.parametrize("same", [True, False], ids=["one link", "two links to one address"])
def test_two_browsers_that_join_at_once_make_one_login(real_database: str, same: bool) -> None:
    world = make_world()
    links = []
    with tenant_scope(world.acme.id):
        for name in ("Brightwater", "Cobalt"):
            there = a_partner(name=name)
            links.append(
                an_invitation(
                    email="nora@new.example",
                    partner_id=there.id,
                    partner_name=name,
                    at=timezone.now(),
                )
            )
    tokens = [token_of(links[0]), token_of(links[0 if same else 1])]
    browsers = [Client(), Client()]
    for browser, token in zip(browsers, tokens, strict=True):
        browser.get(f"/acme/invitations/{token}/")
    together = Barrier(2)

    def press(browser: Client) -> Any:
        try:
            together.wait(10)
            return browser.post(PAGE, {"name": "Nora", "password": "a quiet long phrase"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(press, browsers))

    inside = [signed_in(browser) for browser in browsers]
    assert sorted(inside) == [False, True]
    late = answers[inside.index(False)]
    # The place is taken already; or another place waits, behind the login that exists now.
    assert (late.status_code, "login" in late.headers.get("Location", "")) in (
        [(410, False), (302, True)] if same else [(302, True)]
    )
    assert Membership.objects.filter(user__email="nora@new.example").count() == 1
