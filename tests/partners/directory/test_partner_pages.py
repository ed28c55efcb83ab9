"""The vendor finds, adds, edits, pauses and invites partners; finance reads; partner people read their agreement."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation, User
from prm.tenancy.scope import tenant_scope
from tests.builders.agreements import an_agreement
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def cast(world: World) -> dict[str, Any]:
    with tenant_scope(world.acme.id):
        program = a_program()
        an_agreement(
            program,
            "# Terms\n\nPaid **monthly**.\n\n<script>alert(1)</script> [x](javascript:alert(1))",
        )
        kestrel = a_partner(
            "Kestrel & Co", programs=(program,), website="kestrel.example", type="agency"
        )
        a_partner("Brightwater", type="accountant")
    with tenant_scope(world.globex.id):
        a_partner("Secret")
    return {"world": world, "program": program, "kestrel": kestrel}


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/acme/manage/partners/{query}")
    assert response.status_code == 200
    return [row.name for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["Brightwater", "Kestrel & Co"], id="by name"),
        pytest.param("?sort=-name", ["Kestrel & Co", "Brightwater"], id="by name, turned"),
        pytest.param("?q=KESTR", ["Kestrel & Co"], id="part of a name"),
        pytest.param("?q=kestrel.ex", ["Kestrel & Co"], id="a domain"),
        pytest.param("?type=accountant", ["Brightwater"], id="a type"),
        pytest.param("?type=nonsense", ["Brightwater", "Kestrel & Co"], id="an unknown type"),
        pytest.param("?state=paused", [], id="a state"),
        pytest.param("?q=secret", [], id="another tenant's"),
        pytest.param(
            "?manager=abc&program=xyz&state=q&sort=--",
            ["Brightwater", "Kestrel & Co"],
            id="nonsense",
        ),
    ],
)
def test_finds_partners(cast: dict[str, Any], query: str, found: list[str]) -> None:
    assert names(signed_in(cast["world"].manager), query) == found


def test_finds_those_of_a_program(cast: dict[str, Any]) -> None:
    assert names(signed_in(cast["world"].manager), f"?program={cast['program'].id}") == [
        "Kestrel & Co"
    ]


def test_the_list_costs_the_same_for_many(cast: dict[str, Any]) -> None:
    client, costs = signed_in(cast["world"].manager), []
    for wanted in (2, 27):
        with tenant_scope(cast["world"].acme.id):
            for number in range(wanted - Partner.objects.count()):
                a_partner(f"Many {number}")
        client.get("/acme/manage/partners/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/acme/manage/partners/")
        costs.append(len(seen))

    assert costs[0] == costs[1]


def test_adds_enrols_and_invites(cast: dict[str, Any]) -> None:
    response = signed_in(cast["world"].manager).post(
        "/acme/manage/partners/new/",
        {
            "name": "Numera",
            "type": "reseller",
            "country": "IT",
            "website": "numera.example",
            "programs": [str(cast["program"].id)],
            "email": "Anna@Numera.example",
            "person": "Anna",
        },
    )

    assert response.status_code == 303
    with tenant_scope(cast["world"].acme.id):
        partner = Partner.objects.get(name="Numera")
        assert response.headers["Location"] == f"/acme/manage/partners/{partner.id}/"
        assert (partner.country, partner.domain) == ("IT", "numera.example")
        assert Enrollment.objects.get(partner=partner).program_id == cast["program"].id
        invitation = Invitation.objects.get(partner_id=partner.id)
    assert (invitation.email, invitation.name, invitation.roles) == (
        "anna@numera.example",
        "Anna",
        ["partner_admin"],
    )


def test_warns_of_one_that_looks_alike_and_adds_it_when_confirmed(cast: dict[str, Any]) -> None:
    client = signed_in(cast["world"].manager)
    given = {"name": "Kestrel Italia", "type": "agency", "website": "https://kestrel.example"}

    warned = client.post("/acme/manage/partners/new/", given)
    confirmed = client.post("/acme/manage/partners/new/", {**given, "confirmed": "on"})

    assert warned.status_code == 422
    assert "You may have this partner already" in warned.text
    assert 'value="Kestrel Italia"' in warned.text
    assert confirmed.status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"name": "", "type": "agency"}, "Enter the partner&#x27;s name", id="no name"),
        pytest.param(
            {"name": "brightwater", "type": "agency", "confirmed": "on"},
            "Another partner has this name",
            id="taken",
        ),
        pytest.param(
            {"name": "X", "type": "agency", "website": "nonsense"},
            "Enter a web address",
            id="no site",
        ),
    ],
)
def test_says_what_is_wrong_and_keeps_what_was_typed(
    cast: dict[str, Any], given: dict[str, str], said: str
) -> None:
    response = signed_in(cast["world"].manager).post("/acme/manage/partners/new/", given)

    assert response.status_code == 422
    assert said in response.text
    with tenant_scope(cast["world"].acme.id):
        assert Partner.objects.count() == 2


def test_shows_the_whole_relationship(cast: dict[str, Any], at: datetime) -> None:
    world, kestrel = cast["world"], cast["kestrel"]
    with tenant_scope(world.acme.id):
        a_member(
            world.acme,
            Role.PARTNER_ADMIN,
            "boss@kestrel.example",
            name="Bo Ss",
            partner_id=kestrel.id,
            partner_name="Kestrel & Co",
        )

    text = signed_in(world.manager).get(f"/acme/manage/partners/{kestrel.id}/").text

    for shown in (
        "Kestrel &amp; Co",
        "Bo Ss",
        "Partner admin",
        "Referral partners",
        "kestrel.example",
        "Added the partner",
    ):
        assert shown in text
    assert "Edit" not in signed_in(world.finance).get(f"/acme/manage/partners/{kestrel.id}/").text


def test_edits(cast: dict[str, Any]) -> None:
    url = f"/acme/manage/partners/{cast['kestrel'].id}/edit/"
    client = signed_in(cast["world"].manager)

    assert 'value="Kestrel &amp; Co"' in client.get(url).text
    response = client.post(
        url, {"name": "Kestrel Group", "type": "agency", "manager": str(cast["world"].manager.id)}
    )

    assert response.status_code == 303
    with tenant_scope(cast["world"].acme.id):
        partner = Partner.objects.get(id=cast["kestrel"].id)
    assert (partner.name, partner.manager_id, partner.website) == (
        "Kestrel Group",
        cast["world"].manager.id,
        "",
    )


def test_pauses_only_with_a_reason(cast: dict[str, Any]) -> None:
    url = f"/acme/manage/partners/{cast['kestrel'].id}/state/paused/"
    client = signed_in(cast["world"].manager)

    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"cause": "papers", "reason": "No tax form"}).status_code == 303
    assert "No tax form" in client.get(f"/acme/manage/partners/{cast['kestrel'].id}/").text
    assert (
        client.get(f"/acme/manage/partners/{cast['kestrel'].id}/state/nonsense/").status_code == 404
    )


def test_invites_a_person_once(cast: dict[str, Any]) -> None:
    world, kestrel = cast["world"], cast["kestrel"]
    with tenant_scope(world.acme.id):
        a_member(
            world.acme,
            Role.PARTNER_REP,
            "here@kestrel.example",
            partner_id=kestrel.id,
            partner_name=kestrel.name,
        )
    url, client = f"/acme/manage/partners/{kestrel.id}/invite/", signed_in(world.manager)

    assert (
        client.post(url, {"email": "new@kestrel.example", "role": "partner_rep"}).status_code == 303
    )
    refused = client.post(url, {"email": "here@kestrel.example", "role": "partner_rep"})

    assert refused.status_code == 422
    assert "works for the partner already" in refused.text
    assert (
        client.post(url, {"email": "x@kestrel.example", "role": "program_admin"}).status_code == 422
    )
    with tenant_scope(world.acme.id):
        assert list(Invitation.objects.values_list("email", "roles")) == [
            ("new@kestrel.example", ["partner_rep"])
        ]


def test_enrols_and_ends(cast: dict[str, Any]) -> None:
    url, client = (
        f"/acme/manage/partners/{cast['kestrel'].id}/programs/",
        signed_in(cast["world"].manager),
    )

    client.post(url, {"program": str(cast["program"].id), "do": "end"})
    with tenant_scope(cast["world"].acme.id):
        assert Enrollment.objects.get().state == "ended"
    client.post(url, {"program": str(cast["program"].id)})
    client.post(url, {"program": "nonsense"})
    with tenant_scope(cast["world"].acme.id):
        assert Enrollment.objects.get().state == "active"


def test_partner_people_read_their_agreement_and_nothing_runs_in_it(cast: dict[str, Any]) -> None:
    world, kestrel = cast["world"], cast["kestrel"]
    with tenant_scope(world.acme.id):
        rep = a_member(
            world.acme,
            Role.PARTNER_REP,
            "rep@kestrel.example",
            partner_id=kestrel.id,
            partner_name=kestrel.name,
        )

    text = signed_in(rep).get("/acme/agreement/").text

    assert "<strong>monthly</strong>" in text
    assert "<h2>Terms</h2>" in text
    assert "alert(1)" not in text
    assert "Version 1" in text


def test_a_partner_in_no_program_is_told_so(world: World) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Alone")
        rep = a_member(
            world.acme,
            Role.PARTNER_REP,
            "rep@alone.example",
            partner_id=partner.id,
            partner_name="Alone",
        )
        assert not Program.objects.exists()

    assert "You are in no program yet" in signed_in(rep).get("/acme/agreement/").text
