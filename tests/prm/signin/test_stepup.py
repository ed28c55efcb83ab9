"""Bank details open to somebody who proved within five minutes who they are, by the second factor if they have one."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from commissions.payouts.details import newest_account
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.tenancy.links import tenant_path
from prm.tenancy.scope import tenant_scope
from tests.builders.partners import a_partner
from tests.builders.payouts import IBAN_GERMANY, IBAN_IRELAND, bank_details
from tests.builders.people import PASSWORD, a_member
from tests.conftest import World

App = Callable[[User], Callable[..., str]]


@pytest.fixture
def boss(world: World) -> User:
    """The admin of a partner."""
    with tenant_scope(world.acme.id):
        partner = a_partner()
    return a_member(
        world.acme,
        Role.PARTNER_ADMIN,
        "boss@partner.example",
        partner_id=partner.id,
        partner_name=partner.name,
    )


@pytest.fixture
def page(world: World) -> str:
    """The address of the payout details' form."""
    return tenant_path(world.acme, "commissions:payout-details-change")


def sign_in(client: Client, user: User) -> None:
    client.post("/acme/accounts/login/", {"login": user.email, "password": PASSWORD})


def minutes_pass(client: Client, minutes: float) -> None:
    """Move every proof of the session back in time."""
    session = client.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [
        {**row, "at": row["at"] - minutes * 60} for row in records
    ]
    session.save()


def test_right_after_signing_in_nobody_is_asked_again(
    boss: User, client: Client, page: str
) -> None:
    sign_in(client, boss)

    assert client.get(page).status_code == 200


def test_after_five_minutes_the_password_is_asked_for(
    boss: User, client: Client, page: str
) -> None:
    sign_in(client, boss)
    minutes_pass(client, 5)

    asked = client.get(page)

    assert (
        asked.headers["Location"]
        == f"/acme/accounts/reauthenticate/?next={page.replace('/', '%2F')}"
    )
    assert client.post(page, {"iban": "NL91ABNA0417164300"}).status_code == 302
    assert "NL91" not in str(dict(client.session))
    back = client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD, "next": page})
    assert back.headers["Location"] == page
    assert client.get(page).status_code == 200


def test_a_wrong_password_opens_nothing(boss: User, client: Client, page: str) -> None:
    sign_in(client, boss)
    minutes_pass(client, 5)

    client.post("/acme/accounts/reauthenticate/", {"password": "wrong phrase", "next": page})

    assert client.get(page).status_code == 302


def test_a_password_is_not_enough_for_who_has_a_second_factor(
    boss: User, client: Client, page: str, with_app: App
) -> None:
    code = with_app(boss)
    sign_in(client, boss)
    client.post("/acme/accounts/2fa/authenticate/", {"code": code()})
    assert client.get(page).status_code == 200
    minutes_pass(client, 5)

    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})

    assert (
        client.get(page).headers["Location"].startswith("/acme/accounts/2fa/reauthenticate/?next=")
    )


def test_details_are_seen_and_changed_only_with_a_fresh_second_factor(
    world: World, boss: User, client: Client, page: str, with_app: App
) -> None:
    partner_id = boss.memberships.get().partner_id
    assert partner_id is not None
    with tenant_scope(world.acme.id):
        bank_details(partner_id, at=timezone.now())
        iban = newest_account(partner_id)
        assert iban is not None
    shown = tenant_path(world.acme, "commissions:payout-details")
    code = with_app(boss)
    sign_in(client, boss)
    client.post("/acme/accounts/2fa/authenticate/", {"code": code()})
    seen = client.get(shown).text
    minutes_pass(client, 5)
    client.post("/acme/accounts/reauthenticate/", {"password": PASSWORD})

    asked = [
        client.get(shown),
        client.post(page, {"method": "sepa", "holder": "Thief", "iban": IBAN_GERMANY}),
    ]

    assert iban.masked in seen
    assert IBAN_IRELAND not in seen.replace(" ", "")
    for answer in asked:
        assert iban.masked not in answer.text
        assert answer.headers["Location"].startswith("/acme/accounts/2fa/reauthenticate/?next=")
    with tenant_scope(world.acme.id):
        assert newest_account(partner_id) == iban
