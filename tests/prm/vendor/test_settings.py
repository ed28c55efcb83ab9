"""A program admin changes what the vendor says about itself; every change is told with what was before."""

import pytest
from django.test import Client

from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.vendor.services import DomainTaken, edit_settings
from tests.conftest import NOON, World

PAGE = "/acme/manage/settings/"
FORM = {
    "directory_open": "on",
    "name": "Acme",
    "language": "en",
    "time_zone": "Europe/Amsterdam",
    "currency": "EUR",
}


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    """Return the browser of the first tenant's program admin."""
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def told(world: World) -> list[dict[str, object]]:
    with tenant_scope(world.acme.id):
        return [event.changes for event in Event.objects.filter(name="tenant.settings_changed")]


def test_changes_are_kept_and_told_with_what_was_before(world: World, admin: Client) -> None:
    response = admin.post(
        PAGE,
        {
            **FORM,
            "name": "Acme Cloud",
            "legal_name": "Acme Cloud B.V.",
            "require_second_factor": "on",
        },
    )

    assert response.status_code == 303
    assert Tenant.objects.get(id=world.acme.id).name == "Acme Cloud"
    assert told(world) == [
        {
            "name": ["Acme", "Acme Cloud"],
            "legal_name": ["", "Acme Cloud B.V."],
            "require_second_factor": [False, True],
        }
    ]


def test_saving_the_same_tells_nobody(world: World, admin: Client) -> None:
    admin.post(PAGE, FORM)

    assert told(world) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("time_zone", "Mars/Olympus"),
        ("currency", "XYZ"),
        ("language", "xx"),
        ("country", "QQ"),
        ("reply_to", "nobody"),
        ("domain", "https://partners.acme.example"),
        ("domain", "partners.acme.example/x"),
        ("domain", "localhost"),
        ("domain", "testserver"),
        ("domain", "10.0.0.1"),
        ("domain", "a..example"),
        ("domain", "-a.example"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    world: World, admin: Client, field: str, value: str
) -> None:
    response = admin.post(PAGE, {**FORM, field: value})

    assert response.status_code == 422
    assert f'id="id_{field}-err"' in response.content.decode()
    assert told(world) == []


def test_a_host_name_belongs_to_one_tenant(world: World, admin: Client) -> None:
    Tenant.objects.filter(id=world.globex.id).update(domain="partners.example.com")

    response = admin.post(PAGE, {**FORM, "domain": "Partners.Example.com."})

    assert response.status_code == 422
    assert "Another vendor uses this host name" in response.content.decode()
    assert Tenant.objects.get(id=world.acme.id).domain is None


def test_a_host_name_can_be_given_up(world: World, acme: Tenant) -> None:
    for domain in ("partners.acme.example", ""):
        edit_settings(tenant_id=acme.id, settings={"domain": domain}, actor=SYSTEM, at=NOON)

    assert Tenant.objects.get(id=acme.id).domain is None
    Tenant.objects.filter(id=world.globex.id).update(domain="taken.example")
    with pytest.raises(DomainTaken):
        edit_settings(
            tenant_id=acme.id, settings={"domain": "taken.example"}, actor=SYSTEM, at=NOON
        )


def test_no_other_field_of_the_tenant_can_be_set(world: World, admin: Client) -> None:
    admin.post(
        PAGE,
        {**FORM, "slug": "globex", "is_demo": "on", "payout_account": "x", "id": world.globex.id},
    )

    tenant = Tenant.objects.get(id=world.acme.id)
    assert (tenant.slug, tenant.is_demo, tenant.payout_account) == ("acme", False, "")
    assert told(world) == []
