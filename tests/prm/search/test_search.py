"""The search finds what a person may see, by names' beginnings and by numbers, and nothing of anybody else's."""

from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client

from commissions.statements.services import issue_statement
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.commissions import a_won_deal
from tests.builders.payouts import payable
from tests.builders.people import a_member
from tests.builders.referrals import a_partner, a_referral
from tests.conftest import World

Found = dict[str, list[str]]


def search(user: User, words: str) -> Found:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.get("/acme/search/", {"q": words})
    assert response.status_code == 200
    return {group.key: [hit.title for hit in group.hits] for group in response.context["groups"]}


def rep_of(world: World, partner_id: UUID, name: str, role: Role = Role.PARTNER_REP) -> User:
    address = f"{name.lower().replace(' ', '.')}@partner.example"
    return a_member(
        world.acme, role, address, name=name, partner_id=partner_id, partner_name="Brightwater"
    )


def test_staff_find_referrals_partners_and_people_by_how_they_begin(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Kestrel Advisory")
        rep_of(world, partner.id, "Kesia Kestrel")
        a_referral(at, partner=partner, company="Kestrel Ltd.")
        a_referral(at, partner=partner, company="Old Kestrel")
        number = a_referral(at, partner=partner, company="Other").number

    assert search(world.manager, "kestr") == {
        "referrals": ["Kestrel Ltd."],
        "partners": ["Kestrel Advisory"],
        "people": ["Kesia Kestrel"],
    }
    assert search(world.manager, number.lower()) == {"referrals": ["Other"]}
    assert search(world.manager, "k") == {}


def test_another_tenants_things_are_not_found(world: World, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        a_referral(at, partner=a_partner("Kestrel Advisory"), company="Kestrel Ltd.")

    assert search(world.admin, "kestrel") == {}
    assert search(world.admin, "Gus Globex") == {}


def test_partner_people_find_only_their_own(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        own, rival = a_partner("Brightwater"), a_partner("Kestrel Advisory")
        rep = rep_of(world, own.id, "Ria Rep")
        boss = rep_of(world, own.id, "Bo Boss", Role.PARTNER_ADMIN)
        rep_of(world, rival.id, "Kesia Kestrel")
        a_referral(at, partner=own, company="Kestrel North", by=rep)
        a_referral(at, partner=own, company="Kestrel South", by=boss)
        a_referral(at, partner=rival, company="Kestrel West")

    assert search(rep, "kestrel") == {"referrals": ["Kestrel North"]}
    assert search(boss, "kestrel") == {"referrals": ["Kestrel North", "Kestrel South"]}
    assert search(boss, "ria") == {"people": ["Ria Rep"]}
    assert search(rep, "bo boss") == {}


def test_people_of_the_vendor_are_found_by_those_who_manage_them(world: World) -> None:
    assert search(world.admin, "mara") == {"people": ["Mara Manager"]}
    assert search(world.manager, "fay") == {}


def test_finance_finds_customers_and_statements(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        rep = rep_of(world, partner.id, "Ria Rep")
        boss = rep_of(world, partner.id, "Bo Boss", Role.PARTNER_ADMIN)
        payable(partner.id, 100, at=at)
        number = issue_statement(
            partner_id=partner.id, currency="EUR", until_on=at.date(), actor=SYSTEM, at=at
        ).number
        a_won_deal(at, company="Sparrow")

    assert search(world.finance, "sparrow") == {"referrals": ["Sparrow"], "customers": ["Sparrow"]}
    assert search(world.manager, "sparrow") == {"referrals": ["Sparrow"]}
    assert search(world.finance, number.lower()) == {"statements": [number]}
    assert search(boss, number) == {"statements": [number]}
    assert search(rep, number) == {}
    assert search(world.manager, number) == {}


@pytest.mark.parametrize(
    "words",
    [
        "'; --",
        "%",
        "%%",
        "__",
        "\\",
        "\x00ab",
        "a\x00b",
        "🦜🦜",
        "a" * 300,
        "ab " * 4_000,
        "x.example",
    ],
    ids=[
        "quote",
        "one",
        "percent",
        "underscore",
        "back",
        "nul",
        "nul in",
        "bird",
        "long",
        "10k",
        "domain",
    ],
)
def test_whatever_is_typed_is_only_looked_for(world: World, words: str) -> None:
    assert search(world.admin, words) == {}


def test_eleven_of_a_kind_show_ten_and_the_way_to_the_rest(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        for number in range(11):
            a_referral(at, partner=partner, company=f"Kestrel {number:02}")
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")

    response = client.get("/acme/search/?q=kestrel", headers={"HX-Request": "true"})

    assert response.content.decode().count("<li>") == 10
    assert "/acme/manage/referrals/?q=kestrel" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_many_people_show_ten_and_then_all(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        for number in range(12):
            rep_of(world, partner.id, f"Ria Marino {number:02}")
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")

    some = client.get("/acme/search/?q=marino")
    (group,) = some.context["groups"]
    everyone = client.get(group.more_url)

    assert (group.key, len(group.hits)) == ("people", 10)
    assert group.more_url == "/acme/search/?q=marino&only=people"
    (group,) = everyone.context["groups"]
    assert (len(group.hits), group.more_url) == (12, "")


def test_a_person_is_found_by_first_name_surname_and_address(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        rep_of(world, a_partner("Brightwater").id, "Élodie de Marino")

    for words in ("élod", "ÉLODIE DE", "de mar", "élodie.de.m"):
        assert search(world.manager, words) == {"people": ["Élodie de Marino"]}, words
    assert search(world.manager, "odie") == {}


def test_customers_are_found_behind_many_referrals_of_the_name(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
        for number in range(12):
            a_referral(at, partner=partner, company=f"Sparrow {number:02}")
        a_won_deal(at, company="Sparrow Works")

    assert search(world.finance, "sparrow")["customers"] == ["Sparrow Works"]


def test_a_partner_finds_its_referral_by_its_whole_number(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        boss = rep_of(world, a_partner("Brightwater").id, "Bo Boss", Role.PARTNER_ADMIN)
        number = a_referral(at, partner=a_partner("Brightwater"), company="Kestrel").number

    assert search(boss, number.lower()) == {"referrals": ["Kestrel"]}
    assert search(boss, number[:-1]) == {}
