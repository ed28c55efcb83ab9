"""The vetting queue on screen: found, filtered, decided one by one and several at once; one decision wins."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.applications.decide import decline
from partners.applications.models import Application
from partners.directory.models import Partner
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.builders.applications import an_admission, an_application
from tests.builders.partners import a_partner, a_program
from tests.conftest import World
from tests.partners.directory.test_partner_pages import signed_in

QUEUE = "/acme/manage/applications/"


@pytest.fixture
def cast(world: World) -> dict[str, Any]:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        program, other = a_program(), a_program("Agencies")
        an_admission(program)
        an_admission(other)
        alder = an_application(
            program, "Alder Ltd", at=now - timedelta(days=9), source="newsletter", clients="few"
        )
        birch = an_application(
            program, "Birch Ltd", at=now - timedelta(days=2), campaign="spring", source="ad"
        )
        cedar = an_application(other, "Cedar Ltd", at=now - timedelta(days=1))
        a_partner("Birch Ltd")
    with tenant_scope(world.globex.id):
        secret = a_program()
        an_admission(secret)
        an_application(secret, "Secret Ltd")
    return {"program": program, "other": other, "alder": alder, "birch": birch, "cedar": cedar}


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.manager)


def names(client: Client, query: str = "") -> list[str]:
    response = client.get(QUEUE + query)
    assert response.status_code == 200
    return [row.application.company for row in response.context["queue"].rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ["Alder Ltd", "Birch Ltd", "Cedar Ltd"], id="oldest first"),
        pytest.param("?sort=-sent", ["Cedar Ltd", "Birch Ltd", "Alder Ltd"], id="newest first"),
        pytest.param("?sort=score", ["Alder Ltd", "Birch Ltd", "Cedar Ltd"], id="by score"),
        pytest.param("?source=newsletter", ["Alder Ltd"], id="a source"),
        pytest.param("?campaign=spring", ["Birch Ltd"], id="a campaign"),
        pytest.param("?q=cedar", ["Cedar Ltd"], id="part of a name"),
        pytest.param("?q=noor@birch.example", ["Birch Ltd"], id="an address"),
        pytest.param("?q=www.alder.example", ["Alder Ltd"], id="a domain"),
        pytest.param("?q=secret", [], id="another tenant's"),
        pytest.param("?state=approved", [], id="a state"),
        pytest.param(
            "?state=draft&program=x&source=%00&sort=nonsense",
            ["Alder Ltd", "Birch Ltd", "Cedar Ltd"],
            id="nonsense",
        ),
    ],
)
def test_the_queue_is_found_by(
    client: Client, cast: dict[str, Any], query: str, found: list[str]
) -> None:
    assert names(client, query) == found


def test_the_queue_narrows_to_a_program(client: Client, cast: dict[str, Any]) -> None:
    assert names(client, f"?program={cast['other'].id}") == ["Cedar Ltd"]


def test_a_row_tells_lateness_and_likeness(client: Client, cast: dict[str, Any]) -> None:
    rows = {row.application.company: row for row in client.get(QUEUE).context["queue"].rows}
    assert [rows[name].is_late for name in ("Alder Ltd", "Birch Ltd")] == [True, False]
    assert [rows[name].likeness.count for name in ("Alder Ltd", "Birch Ltd")] == [0, 1]
    assert "3 of 3 shown" in client.get(QUEUE).content.decode()


def test_the_page_of_one_shows_answers_score_and_story(
    client: Client, cast: dict[str, Any]
) -> None:
    page = client.get(f"{QUEUE}{cast['alder'].id}/").content.decode()
    for words in ("How many clients do you advise?", "newsletter", "A person decides", "Sent"):
        assert words in page
    assert client.get(f"{QUEUE}{cast['birch'].id}/").content.decode().count("Same name") == 1


def test_approving_leads_to_the_next_one(
    world: World, client: Client, cast: dict[str, Any]
) -> None:
    answer = client.post(f"{QUEUE}{cast['alder'].id}/approve/", {"then": "next"})
    assert (answer.status_code, answer["Location"]) == (303, f"{QUEUE}{cast['birch'].id}/")
    with tenant_scope(world.acme.id):
        cast["alder"].refresh_from_db()
        assert cast["alder"].state == "approved"
        assert cast["alder"].decided_by_id == world.manager.id


def test_a_company_that_may_be_a_partner_is_asked_about(
    world: World, client: Client, cast: dict[str, Any]
) -> None:
    url = f"{QUEUE}{cast['birch'].id}/approve/"
    asked = client.post(url)
    assert asked.status_code == 422
    assert asked.content.decode().count('name="into"') == 2
    with tenant_scope(world.acme.id):
        partner = Partner.objects.get(name="Birch Ltd")
    assert client.post(url, {"into": str(partner.id)}).status_code == 303
    with tenant_scope(world.acme.id):
        cast["birch"].refresh_from_db()
        assert cast["birch"].partner_id == partner.id


def test_a_name_that_is_taken_is_told(client: Client, cast: dict[str, Any]) -> None:
    answer = client.post(f"{QUEUE}{cast['birch'].id}/approve/", {"into": "new"})
    assert answer.status_code == 422
    assert "A partner is called Birch Ltd already" in answer.content.decode()


def test_a_decline_without_reason_is_refused(client: Client, cast: dict[str, Any]) -> None:
    url = f"{QUEUE}{cast['alder'].id}/decline/"
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "Too small"}).status_code == 303
    assert names(client, "?state=declined") == ["Alder Ltd"]
    page = client.get(f"{QUEUE}{cast['alder'].id}/").content.decode()
    assert "Too small" in page
    assert "/approve/" not in page


def test_asking_and_opening_again(client: Client, cast: dict[str, Any]) -> None:
    base = f"{QUEUE}{cast['alder'].id}/"
    assert client.post(f"{base}ask/", {"question": ""}).status_code == 422
    assert client.post(f"{base}ask/", {"question": "Where?"}).status_code == 303
    assert names(client, "?state=info_asked") == ["Alder Ltd"]
    assert client.post(f"{base}decline/", {"reason": "No"}).status_code == 303
    assert client.post(f"{base}reopen/", {"reason": "Mistake"}).status_code == 303
    assert "Alder Ltd" in names(client)


@pytest.mark.parametrize("what", ["approve", "ask", "decline"])
def test_who_comes_second_is_told(
    world: World, client: Client, cast: dict[str, Any], at: datetime, what: str
) -> None:
    with tenant_scope(world.acme.id):
        decline(application_id=cast["alder"].id, reason="No", actor=SYSTEM, at=at)
    answer = client.post(
        f"{QUEUE}{cast['alder'].id}/{what}/", {"reason": "R", "question": "Q", "seen": "1"}
    )
    assert answer.status_code == 409
    assert "was first" in answer.content.decode()


def test_a_stale_page_is_told(client: Client, cast: dict[str, Any]) -> None:
    answer = client.post(f"{QUEUE}{cast['alder'].id}/approve/", {"seen": "1"})
    assert answer.status_code == 409
    assert "in the meantime" in answer.content.decode()


def test_several_are_approved_and_each_is_told(
    world: World, client: Client, cast: dict[str, Any]
) -> None:
    pick = [str(cast[name].id) for name in ("alder", "birch", "cedar")]
    asked = client.post(f"{QUEUE}decide/", {"do": "approve", "pick": pick})
    assert asked.status_code == 200
    told = client.post(f"{QUEUE}decide/", {"do": "approve", "sure": "1", "pick": pick})
    assert "2 of 3 applications are decided." in told.content.decode()
    assert names(client) == ["Birch Ltd"]


def test_several_are_declined_with_one_reason(
    world: World, client: Client, cast: dict[str, Any]
) -> None:
    pick = [str(cast[name].id) for name in ("alder", "cedar")]
    given = {"do": "decline", "sure": "1", "pick": pick}
    assert client.post(f"{QUEUE}decide/", given).status_code == 422
    assert client.post(f"{QUEUE}decide/", {**given, "reason": "Not now"}).status_code == 200
    with tenant_scope(world.acme.id):
        reasons = Application.objects.filter(state="declined").values_list("reason", flat=True)
        assert list(reasons) == ["Not now", "Not now"]


def test_nothing_chosen_changes_nothing(client: Client, cast: dict[str, Any]) -> None:
    for given in ({}, {"do": "approve"}, {"do": "x", "pick": "y"}):
        assert client.post(f"{QUEUE}decide/", given).status_code == 303
    assert len(names(client)) == 3


def test_the_queue_costs_the_same_however_long_it_is(
    world: World, client: Client, cast: dict[str, Any]
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(QUEUE)
        return len(caught)

    client.get(QUEUE)
    few = statements()
    with tenant_scope(world.acme.id):
        for number in range(8):
            an_application(cast["program"], f"Elm{number} Ltd")
    assert statements() == few
    assert few <= 20
