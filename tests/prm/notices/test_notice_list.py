"""The notification centre: own notices only, newest first, marked read one by one or all at once."""

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.notices.models import Notice
from prm.notices.selectors import unread_count
from prm.tenancy.scope import tenant_scope
from tests.builders.notices import tell
from tests.builders.partners import a_partner
from tests.builders.people import a_member
from tests.conftest import World


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def told(world: World, at: datetime) -> World:
    with tenant_scope(world.acme.id):
        for number in range(3):
            tell(world.manager, at, key=f"change:{number}")
        tell(world.finance, at, key="change:finance")
    return world


def test_shows_own_notices_in_words_escaped(told: World) -> None:
    response = signed_in(told.manager).get("/acme/updates/")

    assert response.status_code == 200
    assert [line.unread for line in response.context["lines"]] == [True, True, True]
    assert "Kestrel &amp; Co &lt;b&gt; moved" in response.text


def test_htmx_gets_the_list_alone(told: World) -> None:
    response = signed_in(told.manager).get("/acme/updates/", headers={"HX-Request": "true"})

    assert "<html" not in response.text
    assert "Kestrel" in response.text


def test_opening_one_marks_it_read_and_leads_to_its_page(told: World) -> None:
    with tenant_scope(told.acme.id):
        notice = Notice.objects.filter(user=told.manager).latest("id")

    response = signed_in(told.manager).get(f"/acme/updates/{notice.id}/")

    assert response.headers["Location"] == "/acme/referrals/7/"
    with tenant_scope(told.acme.id):
        assert unread_count(told.manager.id) == 2


def test_a_path_never_leads_off_the_portal(told: World) -> None:
    with tenant_scope(told.acme.id):
        Notice.objects.filter(user=told.manager).update(path="//evil.example/")
        notice = Notice.objects.filter(user=told.manager).latest("id")

    response = signed_in(told.manager).get(f"/acme/updates/{notice.id}/")

    assert response.headers["Location"] == "/acme/evil.example/"


def test_all_are_marked_read_at_once_and_only_ones_own(told: World) -> None:
    signed_in(told.manager).post("/acme/updates/read/")

    with tenant_scope(told.acme.id):
        assert [unread_count(told.manager.id), unread_count(told.finance.id)] == [0, 1]


def test_anothers_notice_is_not_marked(told: World) -> None:
    with tenant_scope(told.acme.id):
        notice = Notice.objects.get(user=told.finance)

    signed_in(told.manager).post("/acme/updates/read/", {"notice": notice.id})

    with tenant_scope(told.acme.id):
        assert unread_count(told.finance.id) == 1


@pytest.mark.parametrize("given", ["abc", "-1", "99999999999999999999", "1 or 1=1"])
def test_a_notice_that_is_no_number_is_not_found(told: World, given: str) -> None:
    assert signed_in(told.manager).post("/acme/updates/read/", {"notice": given}).status_code == 404


def test_a_person_of_two_partners_sees_each_apart(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        first, second = a_partner("First"), a_partner("Second")
        rep = a_member(
            world.acme, Role.PARTNER_REP, "rep@x.example", partner_id=first.id, partner_name="First"
        )
        a_member(
            world.acme,
            Role.PARTNER_REP,
            "rep@x.example",
            partner_id=second.id,
            partner_name="Second",
        )
        tell(rep, at, key="of first", partner_id=first.id)
        tell(rep, at, key="of second", partner_id=second.id)
        tell(rep, at, key="of both")

    response = signed_in(rep).get("/acme/updates/")

    assert len(response.context["lines"]) == 2


def test_the_page_costs_the_same_for_many(world: World, at: datetime) -> None:
    client = signed_in(world.manager)
    costs = []
    for number in range(26):
        with tenant_scope(world.acme.id):
            tell(world.manager, at, key=f"change:{number}")
        if number in {1, 24}:
            client.get("/acme/updates/")  # the first visit of a session writes the session
            with CaptureQueriesContext(connection) as seen:
                client.get("/acme/updates/")
            costs.append(
                (len(seen), sum("prm_notice " in query["sql"].replace('"', "") for query in seen))
            )

    assert costs[0] == costs[1]
    assert costs[1][1] == 3  # the unread for bell and tab, the list


def test_pages_by_key(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        for number in range(30):
            tell(world.manager, at, key=f"change:{number}")
    client = signed_in(world.manager)

    first = client.get("/acme/updates/")
    second = client.get("/acme/updates/" + first.context["page"].next_query)

    shown = [line.id for line in first.context["lines"]] + [
        line.id for line in second.context["lines"]
    ]
    assert [len(first.context["lines"]), len(second.context["lines"])] == [25, 5]
    assert shown == sorted(shown, reverse=True)
