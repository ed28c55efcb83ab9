"""One person in several tenants and partners works in one place at a time, with the rights of that place."""

import re

import pytest
from django.test import Client

from partners.directory.services import change_partner_state
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.people import PASSWORD, a_member, a_person
from tests.conftest import NOON, World

LOGIN = "/accounts/login/"


@pytest.fixture
def mia(world: World) -> User:
    """Partner admin of Brightwater and rep of Cobalt at Acme, finance at Globex."""
    for name, role in (("Brightwater", Role.PARTNER_ADMIN), ("Cobalt", Role.PARTNER_REP)):
        with tenant_scope(world.acme.id):
            partner = a_partner(name=name)
        a_member(world.acme, role, "mia@many.example", partner_id=partner.id, partner_name=name)
    return a_member(world.globex, Role.FINANCE, "mia@many.example")


def sign_in(client: Client, email: str) -> None:
    client.post(LOGIN, {"login": email, "password": PASSWORD})


def choose(client: Client, name: str, *, path: str = "/memberships/choose/") -> str:
    place = Membership.objects.get(
        user__email="mia@many.example",
        **({"partner_name": name} if name != "Globex" else {"partner_id": None}),
    )
    return str(client.post(path, {"membership": place.id}).headers["Location"])


def test_somebody_without_a_place_is_told_what_to_do(world: World, client: Client) -> None:
    a_person("nobody@example.com")
    sign_in(client, "nobody@example.com")

    page = client.get("/").content.decode()

    assert "You do not belong to an organisation yet" in page
    assert "nobody@example.com" in page


def test_somebody_with_one_place_goes_there(world: World, client: Client) -> None:
    sign_in(client, world.finance.email)

    assert client.get("/").headers["Location"] == "/acme/start/"


def test_somebody_with_several_chooses_and_is_remembered(
    world: World, mia: User, client: Client
) -> None:
    sign_in(client, mia.email)
    page = client.get("/").content.decode()
    assert re.findall(r"<strong>(\w+)</strong>", page) == ["Brightwater", "Cobalt", "Globex"]

    assert choose(client, "Globex") == "/globex/start/"

    assert client.get("/").headers["Location"] == "/globex/start/"
    assert client.get("/globex/start/").headers["Location"] == "/globex/manage/"


def test_the_place_one_is_in_is_not_offered_again(world: World, mia: User, client: Client) -> None:
    sign_in(client, mia.email)
    choose(client, "Brightwater")

    page = client.get("/acme/memberships/").content.decode()

    offered = re.findall(r"Work here<span class=\"vh\">: *(\w+)", page)
    assert offered == ["Cobalt", "Globex"]
    assert page.count("You are here") == 1


def test_rights_are_those_of_the_chosen_place(world: World, mia: User, client: Client) -> None:
    sign_in(client, mia.email)
    choose(client, "Brightwater")
    assert client.get("/acme/team/").status_code == 200

    choose(client, "Cobalt", path="/acme/memberships/choose/")

    assert client.get("/acme/team/").status_code == 403
    assert client.get("/acme/manage/staff/").status_code == 403
    assert client.get("/globex/manage/staff/").status_code == 403
    assert client.get("/globex/team/").status_code == 403


def test_nobody_chooses_a_place_of_another(world: World, mia: User, client: Client) -> None:
    sign_in(client, mia.email)
    theirs = Membership.objects.get(user=world.admin)

    assert client.post("/memberships/choose/", {"membership": theirs.id}).status_code == 404
    assert client.get("/acme/manage/staff/").status_code == 403


@pytest.mark.parametrize("value", ["x", "٣", "-1", "9" * 40, "1 or 1=1"])
def test_nonsense_is_no_place(mia: User, client: Client, value: str) -> None:
    sign_in(client, mia.email)

    assert client.post("/memberships/choose/", {"membership": value}).status_code == 404


def test_a_form_of_the_place_before_is_refused(world: World, mia: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia, backend="allauth.account.auth_backends.AuthenticationBackend")

    def token(path: str) -> str:
        return str(
            re.findall(
                r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode()
            )[0]
        )

    cobalt = Membership.objects.get(user=mia, partner_name="Cobalt")
    old = token("/acme/profile/")
    client.post(
        "/acme/memberships/choose/",
        {"membership": cobalt.id, "csrfmiddlewaretoken": token("/acme/memberships/")},
    )

    response = client.post(
        "/acme/profile/", {"name": "From the old tab", "csrfmiddlewaretoken": old}
    )

    assert response.status_code == 403
    assert "This page is out of date" in response.content.decode()
    assert not User.objects.filter(name="From the old tab").exists()
    assert (
        client.post(
            "/acme/profile/", {"name": "Mia", "csrfmiddlewaretoken": token("/acme/profile/")}
        ).status_code
        == 303
    )


def test_a_person_who_was_removed_is_a_stranger_at_once(world: World, client: Client) -> None:
    sign_in(client, world.finance.email)
    assert client.get("/acme/profile/").status_code == 200

    Membership.objects.filter(user=world.finance).update(ended_at="2026-01-01T00:00Z")

    assert client.get("/acme/profile/").status_code == 404


def test_staff_without_a_second_factor_are_sent_to_set_one_up(world: World, client: Client) -> None:
    Tenant.objects.filter(id=world.acme.id).update(require_second_factor=True)
    sign_in(client, world.finance.email)

    assert client.get("/acme/manage/").headers["Location"] == "/acme/accounts/2fa/"
    assert client.post("/acme/profile/", {"name": "x"}).headers["Location"] == "/acme/accounts/2fa/"
    assert (
        client.get("/acme/accounts/2fa/")
        .content.decode()
        .count("Acme asks its staff for a two-step login")
        >= 1
    )
    assert client.get("/acme/memberships/").status_code == 200


def test_partners_people_are_not_asked_for_one(world: World, mia: User, client: Client) -> None:
    Tenant.objects.filter(id=world.acme.id).update(require_second_factor=True)
    sign_in(client, mia.email)

    assert client.get("/acme/profile/").status_code == 200


def test_a_language_is_kept_before_and_after_signing_in(world: World, client: Client) -> None:
    response = client.post("/acme/language/", {"language": "it", "next": "/acme/accounts/login/"})
    assert response.headers["Location"] == "/acme/accounts/login/"
    assert '<html lang="it"' in client.get("/acme/accounts/login/").content.decode()

    sign_in(client, world.finance.email)
    client.post("/acme/language/", {"language": "en", "next": "//evil.example"})

    assert User.objects.get(id=world.finance.id).language == "en"
    assert '<html lang="en"' in client.get("/acme/profile/").content.decode()


@pytest.mark.parametrize("form", [{"language": "xx"}, {"language": "../it"}, {}])
def test_no_other_language_is_kept(world: World, client: Client, form: dict[str, str]) -> None:
    response = client.post("/acme/language/", form)

    assert (response.headers["Location"], "language" in client.cookies) == ("/acme/start/", False)


def test_people_of_an_ended_partner_lose_sight_at_once_and_read_why(
    world: World, mia: User, client: Client
) -> None:
    sign_in(client, mia.email)
    choose(client, "Brightwater")
    assert client.get("/acme/").status_code == 200
    place = Membership.objects.get(user=mia, partner_name="Cobalt")
    Membership.objects.filter(id=place.id).update(ended_at=place.created_at)
    partner_id = Membership.objects.get(user=mia, partner_name="Brightwater").partner_id
    assert partner_id

    with tenant_scope(world.acme.id):
        change_partner_state(
            partner_id=partner_id, state="ended", reason="Secret", actor=SYSTEM, at=NOON
        )

    for path in ("", "referrals/", "earnings/", "statements/", "jobs/", "notices/"):
        assert client.get(f"/acme/{path}").status_code == 404, path
    page = client.get("/memberships/").content.decode()
    assert "The partnership of Brightwater with Acme has ended" in page
    assert "Secret" not in page
    assert "Cobalt" not in page
    with tenant_scope(world.acme.id):
        change_partner_state(partner_id=partner_id, state="active", actor=SYSTEM, at=NOON)
    assert client.get("/acme/").status_code == 200
    assert "has ended" not in client.get("/memberships/").content.decode()
