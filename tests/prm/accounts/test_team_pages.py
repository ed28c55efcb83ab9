"""The pages of a partner's team and of the vendor's staff: who is there, inviting, changing, removing."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation, Membership, User
from prm.events.models import Event
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.people import a_member
from tests.conftest import World

TEAM, STAFF = "/acme/team/", "/acme/manage/staff/"


@pytest.fixture
def partner(world: World) -> dict[str, Any]:
    """A partner as a_member takes it."""
    with tenant_scope(world.acme.id):
        row = a_partner("Brightwater")
    return {"partner_id": row.id, "partner_name": row.name}


@pytest.fixture
def boss(world: World, partner: dict[str, Any], client: Client) -> Client:
    """Return the browser of the partner's admin."""
    user = a_member(
        world.acme, Role.PARTNER_ADMIN, "boss@partner.example", name="Bo Boss", **partner
    )
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def rep(world: World, partner: dict[str, Any]) -> Membership:
    """A rep of the partner."""
    user = a_member(world.acme, Role.PARTNER_REP, "rep@partner.example", name="Rae Rep", **partner)
    return Membership.objects.get(user=user)


@pytest.fixture
def admin(world: World) -> Client:
    """Return the browser of the vendor's program admin."""
    browser = Client()
    browser.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def invitations(world: World) -> list[Invitation]:
    with tenant_scope(world.acme.id):
        return list(Invitation.objects.order_by("sent_at"))


def told(world: World, name: str) -> int:
    with tenant_scope(world.acme.id):
        return Event.objects.filter(name=name).count()


def test_a_team_shows_its_people_and_no_others(world: World, boss: Client, rep: Membership) -> None:
    page = boss.get(TEAM).content.decode()

    assert "Bo Boss (you)" in page
    assert "Rae Rep" in page
    assert "Sees own referrals" in page
    assert "Mara Manager" not in page


def test_a_team_costs_the_same_for_many(
    world: World,
    boss: Client,
    partner: dict[str, Any],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        a_member(world.acme, Role.PARTNER_REP, f"rep{number}@partner.example", **partner)
    boss.get(TEAM)

    with django_assert_max_num_queries(14):
        boss.get(TEAM)


def test_a_partner_admin_invites_to_their_own_partner_only(
    world: World, boss: Client, partner: dict[str, Any]
) -> None:
    form = {
        "email": "nora@new.example",
        "name": "Nora",
        "role": "partner_rep",
        "partner_id": "0190a0a0-0000-7000-8000-000000000001",
        "roles": "program_admin",
    }

    response = boss.post(f"{TEAM}invite/", form)

    [invitation] = invitations(world)
    assert response.status_code == 303
    assert (invitation.partner_id, invitation.roles, invitation.email) == (
        partner["partner_id"],
        ["partner_rep"],
        "nora@new.example",
    )
    assert "nora@new.example" in boss.get(TEAM).content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "nobody", "role": "partner_rep"}, "name@company.com"),
        ({"email": "nora@new.example", "role": "finance"}, "finance"),
        ({"email": "", "role": "partner_rep"}, "Enter an email address"),
        ({"email": "rep@partner.example", "role": "partner_admin"}, "on the team already"),
    ],
)
def test_a_wrong_invitation_says_what_to_do(
    world: World, boss: Client, rep: Membership, form: dict[str, str], words: str
) -> None:
    response = boss.post(f"{TEAM}invite/", form)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert invitations(world) == []


def test_an_invitation_is_sent_again_and_taken_back(world: World, boss: Client) -> None:
    boss.post(f"{TEAM}invite/", {"email": "nora@new.example", "role": "partner_rep"})
    [first] = invitations(world)

    boss.post(f"{TEAM}invitations/{first.id}/resend/")
    [again] = invitations(world)
    boss.post(f"{TEAM}invitations/{first.id}/revoke/")

    assert again.token_hash != first.token_hash
    assert invitations(world)[0].revoked_at is not None
    assert (told(world, "invitation.sent"), told(world, "invitation.revoked")) == (2, 1)


def test_a_rep_is_allowed_to_see_earnings(boss: Client, rep: Membership) -> None:
    browser = Client()
    browser.force_login(rep.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/acme/earnings/").status_code == 403

    boss.post(f"{TEAM}{rep.id}/", {"role": "partner_rep", "sees_earnings": "on", "title": "Sales"})

    assert browser.get("/acme/earnings/").status_code == 200


def test_a_removed_person_is_out_at_once(world: World, boss: Client, rep: Membership) -> None:
    browser = Client()
    browser.force_login(rep.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Remove Rae Rep?" in boss.get(f"{TEAM}{rep.id}/remove/").content.decode()

    response = boss.post(f"{TEAM}{rep.id}/remove/")

    assert response.status_code == 303
    assert browser.get("/acme/profile/").status_code == 404
    assert told(world, "membership.ended") == 1


@pytest.mark.parametrize("way", ["", "remove/"])
def test_the_last_admin_is_kept_and_told_why(
    world: World, boss: Client, rep: Membership, way: str
) -> None:
    own = Membership.objects.get(user__email="boss@partner.example")

    response = boss.post(f"{TEAM}{own.id}/{way}", {"role": "partner_rep"})

    assert response.status_code == 422
    assert "at least one partner admin" in response.content.decode()
    own.refresh_from_db()
    assert (own.ended_at, own.roles) == (None, ["partner_admin"])


def test_staff_get_several_roles(world: World, admin: Client) -> None:
    place = Membership.objects.get(user=world.manager)

    response = admin.post(
        f"{STAFF}{place.id}/", {"roles": ["finance", "channel_manager"], "title": "Partner lead"}
    )

    place.refresh_from_db()
    assert (response.status_code, place.roles, place.title) == (
        303,
        ["channel_manager", "finance"],
        "Partner lead",
    )


def test_a_staff_invitation_offers_staff_roles(world: World, admin: Client) -> None:
    admin.post(f"{STAFF}invite/", {"email": "new@acme.example", "roles_offered": ["finance"]})
    refused = admin.post(
        f"{STAFF}invite/", {"email": "other@acme.example", "roles_offered": ["partner_rep"]}
    )

    assert [row.roles for row in invitations(world)] == [["finance"]]
    assert refused.status_code == 422


def test_a_partners_people_cannot_be_changed_as_staff(admin: Client, rep: Membership) -> None:
    assert admin.get(f"{STAFF}{rep.id}/").status_code == 404
    assert admin.post(f"{STAFF}{rep.id}/remove/").status_code == 404


def test_a_profile_is_saved_and_used(world: World, admin: Client) -> None:
    response = admin.post(
        "/acme/profile/",
        {
            "name": " Ada  Lovelace ",
            "language": "it",
            "time_zone": "Europe/Rome",
            "theme": "dark",
            "email": "eve@evil.example",
            "is_active": "",
        },
    )

    ada = User.objects.get(id=world.admin.id)
    assert response.status_code == 303
    assert (ada.name, ada.language, ada.time_zone, ada.theme, ada.email) == (
        "Ada Lovelace",
        "it",
        "Europe/Rome",
        "dark",
        "admin@acme.example",
    )
    assert '<html lang="it" data-theme="dark"' in admin.get("/acme/profile/").content.decode()


def test_a_profile_without_a_name_is_not_saved(world: World, admin: Client) -> None:
    response = admin.post(
        "/acme/profile/", {"name": "  ", "language": "xx", "time_zone": "Mars", "theme": "pink"}
    )

    assert response.status_code == 422
    assert User.objects.get(id=world.admin.id).name == "Ada Admin"
