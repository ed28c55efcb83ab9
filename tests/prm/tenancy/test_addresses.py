"""One rule tells whose pages an address shows: an own host reads the path, any other host is one tenant's domain."""

import json
import logging

import pytest
from django.test import Client

from prm.tenancy.links import tenant_path, tenant_url
from prm.tenancy.models import Tenant
from tests.builders.people import PASSWORD
from tests.conftest import World

DOMAIN = "partners.acme.example"
LOGIN = "/accounts/login/"


@pytest.fixture
def domain(world: World) -> str:
    """Give the first tenant a host name of its own."""
    Tenant.objects.filter(id=world.acme.id).update(domain=DOMAIN)
    return DOMAIN


def shown(client: Client, host: str, path: str, **headers: str) -> tuple[int, str]:
    """Return the status and whose name the page carries."""
    response = client.get(path, headers={"Host": host, **headers})
    page = response.content.decode()
    return response.status_code, next(
        (name for name in ("Acme", "Globex", "Partner portal") if f"– {name}</title>" in page), ""
    )


def test_the_path_names_the_tenant_on_an_own_host(world: World, client: Client) -> None:
    assert shown(client, "testserver", "/acme/accounts/login/") == (200, "Acme")
    assert shown(client, "testserver", "/globex/accounts/login/") == (200, "Globex")
    assert shown(client, "testserver", "/accounts/login/") == (200, "Partner portal")


def test_the_slash_is_added_and_the_query_kept(world: World, client: Client) -> None:
    response = client.get("/acme?x=1")

    assert (response.status_code, response.headers["Location"]) == (302, "/acme/?x=1")


@pytest.mark.parametrize(
    "path",
    [
        "/nosuch/",
        "/nosuch",
        "/nosuch/accounts/login/",
        "/ACME/accounts/login/",
        "/acme%00/",
        "/acme//accounts/login/",
    ],
)
def test_an_unknown_tenant_is_not_found_in_our_look(
    world: World, client: Client, path: str
) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


@pytest.mark.parametrize(
    ("host", "path", "wanted"),
    [
        pytest.param(DOMAIN, LOGIN, (200, "Acme"), id="its domain"),
        pytest.param(DOMAIN.upper(), LOGIN, (200, "Acme"), id="upper case"),
        pytest.param(f"{DOMAIN}:8443", LOGIN, (200, "Acme"), id="a port"),
        pytest.param(f"{DOMAIN}.", LOGIN, (200, "Acme"), id="a trailing dot"),
        pytest.param(
            DOMAIN, "/globex/accounts/login/", (404, "Acme"), id="another tenant's path on it"
        ),
        pytest.param(DOMAIN, "/acme/accounts/login/", (404, "Acme"), id="its own path on it"),
        pytest.param(f"x.{DOMAIN}", LOGIN, (421, ""), id="a host below it"),
        pytest.param("evil.example", LOGIN, (421, ""), id="a strange host"),
        pytest.param(
            "evil.example", "/acme/accounts/login/", (421, ""), id="a strange host with a path"
        ),
        pytest.param("testserver@evil.example", LOGIN, (400, ""), id="a host with a person"),
        pytest.param("testserver, evil.example", LOGIN, (400, ""), id="two hosts"),
        pytest.param("", LOGIN, (400, ""), id="no host"),
    ],
)
def test_one_rule_decides(
    domain: str, client: Client, host: str, path: str, wanted: tuple[int, str]
) -> None:
    status, name = shown(client, host, path)

    assert (status, name if wanted[1] else "") == wanted


def test_a_forwarded_host_changes_nothing(domain: str, client: Client) -> None:
    assert shown(client, "testserver", LOGIN, **{"X-Forwarded-Host": DOMAIN}) == (
        200,
        "Partner portal",
    )


def test_a_session_of_one_tenant_is_a_stranger_on_anothers_domain(
    world: World, domain: str, client: Client
) -> None:
    client.post("/globex/accounts/login/", {"login": world.stranger.email, "password": PASSWORD})
    assert client.get("/globex/profile/").status_code == 200

    assert client.get("/profile/", headers={"Host": DOMAIN}).status_code == 404
    assert client.get("/acme/profile/").status_code == 404


def test_signing_in_on_the_domain_stays_there(world: World, domain: str) -> None:
    client = Client(headers={"Host": DOMAIN})

    response = client.post(LOGIN, {"login": world.admin.email, "password": PASSWORD})

    assert response.headers["Location"] == "/start/"
    assert client.get("/start/").headers["Location"] == "/manage/"
    assert client.get("/manage/staff/").status_code == 200


def test_links_carry_the_stored_host_not_the_requests(world: World, domain: str) -> None:
    acme, globex = Tenant.objects.get(slug="acme"), Tenant.objects.get(slug="globex")

    assert tenant_url(acme, "team-list").endswith(f"://{DOMAIN}/team/")
    assert tenant_path(globex, "team-list") == "/globex/team/"


def test_a_request_is_logged_with_ids_and_without_names_or_secrets(
    world: World, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.post("/acme/accounts/login/", {"login": world.admin.email, "password": PASSWORD})
    caplog.clear()

    with caplog.at_level(logging.INFO):
        client.get("/acme/profile/?email=canary@acme.example")
        client.get("/acme/invitations/UZqy_nxB3tQUp74IVoe_UdyBVpo/")

    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    done = [line for line in lines if line["event"] == "request_finished"]
    assert [(line["request"], line["tenant_id"], line["user_id"]) for line in done] == [
        ("GET /acme/profile/", world.acme.id, world.admin.id),
        ("GET /acme/invitations/…/", world.acme.id, world.admin.id),
    ]
    assert all(line["request_id"] for line in done)
    text = json.dumps(lines, default=str)
    assert not any(secret in text for secret in ("canary", "UZqy", world.admin.email, "Ada Admin"))
