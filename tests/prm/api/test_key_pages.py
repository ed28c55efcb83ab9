"""Keys are made, shown once and revoked on a page; the calls are explained on one without scripts from elsewhere."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from prm.api.models import ApiKey
from prm.api.rules import PARTNER_SCOPES
from prm.api.services import KeyMade, make_key
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.api import Caller, a_key
from tests.builders.referrals import people_of
from tests.conftest import World

LIST = "/acme/manage/settings/api-keys/"


@pytest.fixture
def admin(world: World) -> Client:
    client = Client()
    # Signed in by the form: making keys asks for a fresh proof of who one is.
    client.post(
        "/acme/accounts/login/",
        {"login": world.admin.email, "password": "correct horse battery"},
    )
    return client


def asked(**more: object) -> dict[str, object]:
    return {
        "name": "Billing",
        "scopes": ["read:referrals", "write:events"],
        "life": "90",
        "key_id": str(uuid4()),
        **more,
    }


def test_a_key_is_shown_once_and_works(world: World, admin: Client) -> None:
    page = admin.post(f"{LIST}new/", asked())
    secret = page.context["secret"]

    listed = admin.get(LIST)

    assert secret.encode() in page.content
    assert page.headers["Cache-Control"] == "no-store"
    assert secret.encode() not in listed.content
    assert secret[:12].encode() in listed.content
    assert Caller(world.acme, secret).get("/referrals").status_code == 200
    with tenant_scope(world.acme.id):
        key = ApiKey.objects.get()
        event = Event.objects.get(name="api_key.made")
    assert secret not in str(ApiKey.__dict__) + str(vars(key)) + str(event.payload)
    assert (event.actor_id, event.payload["scopes"]) == (
        world.admin.id,
        ["read:referrals", "write:events"],
    )


def test_the_form_sent_twice_makes_one_key(world: World, admin: Client) -> None:
    body = asked()

    admin.post(f"{LIST}new/", body)
    again = admin.post(f"{LIST}new/", body)

    assert again.status_code == 302
    with tenant_scope(world.acme.id):
        assert ApiKey.objects.count() == 1


def test_the_id_of_a_rivals_key_is_taken_as_one_of_ones_own_is(world: World) -> None:
    with tenant_scope(world.acme.id):
        mine, rival = people_of(world.acme), people_of(world.acme, "Solea")
        key, _ = a_key(rival.admin, timezone.now(), partner_id=rival.partner.id)

    with tenant_scope(world.acme.id, mine.partner.id), pytest.raises(KeyMade):
        make_key(
            key_id=key.id,
            name="Shop",
            partner_id=mine.partner.id,
            scopes=PARTNER_SCOPES,
            made_by_id=mine.admin.id,
            expires_at=None,
            actor=SYSTEM,
            at=timezone.now(),
        )


def test_a_revoked_key_opens_nothing_from_then_on(world: World, admin: Client) -> None:
    with tenant_scope(world.acme.id):
        key, secret = a_key(world.admin, timezone.now())
    before = Caller(world.acme, secret).get("/referrals").status_code

    for _ in range(2):
        admin.post(f"{LIST}{key.id}/revoke/")

    assert (before, Caller(world.acme, secret).get("/referrals").status_code) == (200, 401)
    with tenant_scope(world.acme.id):
        assert Event.objects.filter(name="api_key.revoked").count() == 1


def test_making_a_key_asks_who_one_is_again(world: World) -> None:
    client = Client()
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = client.post(f"{LIST}new/", asked())

    assert answer.status_code == 302
    assert "reauthenticate" in answer.headers["Location"]
    with tenant_scope(world.acme.id):
        assert not ApiKey.objects.exists()


def test_a_partners_admin_cannot_give_the_right_to_report_money(world: World) -> None:
    with tenant_scope(world.acme.id):
        team = people_of(world.acme)
    client = Client()
    client.post(
        "/acme/accounts/login/",
        {"login": team.admin.email, "password": "correct horse battery"},
    )

    refused = client.post("/acme/team/api-keys/new/", asked())
    made = client.post("/acme/team/api-keys/new/", asked(scopes=["write:referrals"]))

    assert (refused.status_code, made.status_code) == (422, 200)
    with tenant_scope(world.acme.id):
        assert ApiKey.objects.get().partner_id == team.partner.id


def test_the_page_of_calls_names_every_field_and_loads_nothing_from_elsewhere(
    world: World,
) -> None:
    page = Client().get("/acme/api/docs/")

    text = page.content.decode()
    for word in ("POST /referrals", "amount_minor", "Idempotency-Key", "too-early", "refunds"):
        assert word in text
    assert "cdn" not in text
    assert "<script>" not in text
